// `spec.provider.aws` of a store. In a SecretStore the operator's own identity is not to be had: a tenant would read
// with it what the operator may.

import { failed, ok, type Result } from "../result.ts";
import type { StoreKind } from "./external-secret.ts";
import { parseAccountRef, parseKeyRef, type StoreContext } from "./parse-reference.ts";
import type { SpecError } from "./records.ts";
import { ruleMessages, textRules } from "./rules.ts";
import type { secretStoreSpecSchema } from "./schemas/secret-store-spec.ts";
import type { AwsAuth, AwsRole, AwsStoreSpec } from "./secret-store.ts";
import type { Wire } from "./wire-schema.ts";

type AwsWire = NonNullable<NonNullable<Wire<typeof secretStoreSpecSchema>["provider"]>["aws"]>;
type AuthWire = NonNullable<AwsWire["auth"]>;

export function parseAws(aws: AwsWire, storeKind: StoreKind, path: string): Result<AwsStoreSpec, SpecError> {
  const problems: SpecError[] = [];
  const context = { storeKind, problems };
  const auth = parseAwsAuth(aws.auth ?? {}, `${path}.auth`, context);
  const roles = parseRoles(aws, path, context);
  const endpoint = parseEndpoint(aws.endpoint, `${path}.endpoint`, context);
  const stsEndpoint = parseEndpoint(aws.stsEndpoint, `${path}.stsEndpoint`, context);
  const [problem] = problems;
  if (problem !== undefined) return failed(problem);
  const { service = "SecretsManager", region, prefix = "" } = aws;
  return ok({ kind: "aws", service, region, prefix, endpoint, stsEndpoint, auth, roles });
}

/** Whose identity of AWS it is. */
export function parseAwsAuth({ secretRef, jwt }: AuthWire, path: string, context: StoreContext): AwsAuth {
  if (secretRef !== undefined && jwt !== undefined) {
    const { oneAwsAuth, ownAwsIdentity } = ruleMessages;
    context.problems.push({ path, message: context.storeKind === "SecretStore" ? ownAwsIdentity : oneAwsAuth });
  }
  if (secretRef !== undefined) return parseKeys(secretRef, `${path}.secretRef`, context);
  if (jwt !== undefined) {
    const ref = parseAccountRef(jwt.serviceAccountRef, `${path}.jwt.serviceAccountRef`, context);
    return { kind: "serviceAccount", ref };
  }
  if (context.storeKind === "SecretStore") context.problems.push({ path, message: ruleMessages.ownAwsIdentity });
  return { kind: "operator" };
}

function parseKeys(keys: NonNullable<AuthWire["secretRef"]>, path: string, context: StoreContext): AwsAuth {
  const { accessKeyIDSecretRef, secretAccessKeySecretRef, sessionTokenSecretRef } = keys;
  return {
    kind: "secret",
    accessKeyId: parseKeyRef(accessKeyIDSecretRef, `${path}.accessKeyIDSecretRef`, context),
    secretAccessKey: parseKeyRef(secretAccessKeySecretRef, `${path}.secretAccessKeySecretRef`, context),
    sessionToken: sessionTokenSecretRef && parseKeyRef(sessionTokenSecretRef, `${path}.sessionTokenSecretRef`, context),
  };
}

/** External id and tags are given to the last role alone, as External Secrets Operator does. */
function parseRoles(aws: AwsWire, path: string, { problems }: StoreContext): readonly AwsRole[] {
  const { role, additionalRoles = [], externalID: externalId, sessionTags = [], transitiveTagKeys = [] } = aws;
  const plain = { externalId: undefined, sessionTags: [], transitiveTagKeys: [] };
  const first = additionalRoles.map((arn) => ({ arn, ...plain }));
  if (role !== undefined) return [...first, { arn: role, externalId, sessionTags, transitiveTagKeys }];
  const isSet = [externalId, aws.sessionTags, aws.transitiveTagKeys].some((setting) => setting !== undefined);
  if (isSet) problems.push({ path, message: ruleMessages.roleSettings });
  return first;
}

function parseEndpoint(url: string | undefined, path: string, { problems }: StoreContext): string | undefined {
  // The pattern of the schema leaves ports above 65535.
  if (url !== undefined && !URL.canParse(url)) problems.push({ path, message: textRules.serverUrl.message });
  return url?.replace(/\/$/, "");
}
