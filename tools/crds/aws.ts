// Schema of spec.provider.aws. Names are those of External Secrets Operator; `endpoint` and `stsEndpoint` are ours.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { exactlyOne } from "./cel.ts";
import { atomicList, type CelRule, mapList, ruled, ruledText, someText, text } from "./fields.ts";
import { secretKeyRef, serviceAccountRef, type StoreScope } from "./references.ts";

/** IAM, AssumeRole: an ARN has at most 2,048 characters, a session at most 50 tags. */
const MAX_ARN = 2_048;
const MAX_TAGS = 50;
const MAX_TAG_KEY = 128;
const MAX_TAG_VALUE = 256;
/** Roles before `role`; a longer chain would be a mistake. */
const MAX_ADDITIONAL_ROLES = 8;

export function staticKeys(scope: StoreScope) {
  return z
    .object({
      accessKeyIDSecretRef: secretKeyRef(scope, "Where the access key id is kept."),
      secretAccessKeySecretRef: secretKeyRef(scope, "Where the secret access key is kept."),
      sessionTokenSecretRef: secretKeyRef(scope, "Where the session token of temporary keys is kept.").optional(),
    })
    .describe("Logs in with keys that Secrets hold.");
}

export function webIdentity(scope: StoreScope) {
  const account = serviceAccountRef(
    scope,
    "sts.amazonaws.com",
    "The ServiceAccount whose token assumes the role of its annotation eks.amazonaws.com/role-arn.",
  );
  return z
    .object({ serviceAccountRef: account })
    .describe("Logs in with a token of a ServiceAccount, minted by TokenRequest.");
}

function awsAuth(scope: StoreScope) {
  const auth = z
    .object({ secretRef: staticKeys(scope).optional(), jwt: webIdentity(scope).optional() })
    .describe(
      scope === "Cluster"
        ? "How to log in; as the operator itself if left out."
        : "How to log in: exactly one of secretRef and jwt.",
    );
  return ruled(auth, [
    scope === "Cluster"
      ? { rule: "!has(self.secretRef) || !has(self.jwt)", message: ruleMessages.oneAwsAuth }
      : { rule: exactlyOne(["secretRef", "jwt"]), message: ruleMessages.ownAwsIdentity },
  ]);
}

const ownIdentity: CelRule = { rule: "has(self.auth)", message: ruleMessages.ownAwsIdentity };

/** Roles, and what is given when they are assumed. */
function roles() {
  const roleArn = (description: string) => ruledText(MAX_ARN, "roleArn", description);
  const tag = z
    .object({ key: someText(MAX_TAG_KEY, "Key of the tag."), value: text(MAX_TAG_VALUE, "Value of the tag.") })
    .describe("One session tag.");
  const additional = atomicList(
    roleArn("One role."),
    MAX_ADDITIONAL_ROLES,
    "Roles to assume one after the other, before role.",
  );
  const tags = mapList(tag, { key: "key", maxItems: MAX_TAGS }, "Tags of the session in which role is assumed.");
  const transitive = atomicList(
    someText(MAX_TAG_KEY, "One key."),
    MAX_TAGS,
    "Keys of session tags that roles assumed further on keep.",
  );
  return {
    role: roleArn("Role to assume once logged in.").optional(),
    additionalRoles: additional.optional(),
    externalID: ruledText(1_224, "externalId", "External id to give when role is assumed.").optional(),
    sessionTags: tags.optional(),
    transitiveTagKeys: transitive.optional(),
  };
}

export function awsProvider(scope: StoreScope) {
  const service = z
    .enum(["SecretsManager", "ParameterStore"])
    .describe("Which service holds the values; SecretsManager if left out.");
  const provider = z
    .object({
      service: service.optional(),
      region: ruledText(64, "awsRegion", "Region of the service, such as eu-west-1."),
      prefix: ruledText(256, "awsName", "Put before every key, and before the path of a find.").optional(),
      endpoint: ruledText(512, "serverUrl", "Address of the service; that of the region if left out.").optional(),
      stsEndpoint: ruledText(512, "serverUrl", "Address of STS; that of the region if left out.").optional(),
      auth: awsAuth(scope).optional(),
      ...roles(),
    })
    .describe("AWS Secrets Manager, or Systems Manager Parameter Store.");
  const roleSettings: CelRule = {
    rule: "has(self.role) || !(has(self.externalID) || has(self.sessionTags) || has(self.transitiveTagKeys))",
    message: ruleMessages.roleSettings,
  };
  return ruled(provider, scope === "Cluster" ? [roleSettings] : [ownIdentity, roleSettings]);
}
