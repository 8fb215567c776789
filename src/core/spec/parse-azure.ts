// `spec.provider.azurekv` of a store. In a SecretStore the operator's own identity is not to be had: a tenant would read
// with it what the operator may.

import { failed, ok, type Result } from "../result.ts";
import type { AzureAuth, AzureCloud, AzureStoreSpec } from "./azure-store.ts";
import type { StoreKind } from "./external-secret.ts";
import { parseAccountRef, parseKeyRef, type StoreContext } from "./parse-reference.ts";
import type { SpecError } from "./records.ts";
import { ruleMessages, textRules } from "./rules.ts";
import type { secretStoreSpecSchema } from "./schemas/secret-store-spec.ts";
import type { ObjectKeyRef } from "./secret-store.ts";
import type { Wire } from "./wire-schema.ts";

type AzureWire = NonNullable<NonNullable<Wire<typeof secretStoreSpecSchema>["provider"]>["azurekv"]>;
type SecretRefWire = NonNullable<AzureWire["authSecretRef"]>;
type KeyRefWire = NonNullable<SecretRefWire["clientId"]>;

export function parseAzure(azure: AzureWire, storeKind: StoreKind, path: string): Result<AzureStoreSpec, SpecError> {
  const problems: SpecError[] = [];
  const context = { storeKind, problems };
  const vaultUrl = parseOrigin(azure.vaultUrl, `${path}.vaultUrl`, context);
  const cloud = parseCloud(azure, path, context);
  const auth = parseAuth(azure, path, context);
  const [problem] = problems;
  if (problem !== undefined) return failed(problem);
  if (auth === undefined || cloud === undefined) return failed({ path, message: ruleMessages.azurePrincipal });
  return ok({ kind: "azurekv", vaultUrl, cloud, tenantId: azure.tenantId, auth });
}

/** Undefined only if a problem was noted. */
function parseCloud(azure: AzureWire, path: string, context: StoreContext): AzureCloud | undefined {
  const { environmentType = "PublicCloud", customCloudConfig: custom } = azure;
  if ((environmentType === "AzureStackCloud") !== (custom !== undefined)) {
    context.problems.push({ path, message: ruleMessages.azureCloud });
  }
  if (environmentType !== "AzureStackCloud") return { kind: environmentType };
  if (custom === undefined) return undefined;
  const authority = parseOrigin(
    custom.activeDirectoryEndpoint,
    `${path}.customCloudConfig.activeDirectoryEndpoint`,
    context,
  );
  return { kind: "custom", authority, vaultSuffix: custom.keyVaultDNSSuffix };
}

/** Undefined only if a problem was noted. */
function parseAuth(azure: AzureWire, path: string, context: StoreContext): AzureAuth | undefined {
  const { authType = "ServicePrincipal", identityId } = azure;
  if (!hasOwnFieldsOnly(azure)) context.problems.push({ path, message: ruleMessages.azureFields });
  if (authType === "ServicePrincipal") return parsePrincipal(azure, path, context);
  if (azure.serviceAccountRef !== undefined) {
    const ref = parseAccountRef(azure.serviceAccountRef, `${path}.serviceAccountRef`, context);
    const { clientId, tenantId } = secretRefs(azure.authSecretRef ?? {}, path, context);
    return { kind: "serviceAccount", ref, clientId, tenantId };
  }
  if (context.storeKind === "SecretStore") context.problems.push({ path, message: ruleMessages.ownAzureIdentity });
  return { kind: authType === "ManagedIdentity" ? "managedIdentity" : "operator", clientId: identityId };
}

/** No field that another authType has: it would be ignored. */
function hasOwnFieldsOnly({ authType, authSecretRef, serviceAccountRef, identityId }: AzureWire): boolean {
  const isPrincipal = authType === undefined || authType === "ServicePrincipal";
  if (isPrincipal) return serviceAccountRef === undefined && identityId === undefined;
  if (serviceAccountRef === undefined) return authSecretRef === undefined;
  const namesProof = authSecretRef?.clientSecret !== undefined || authSecretRef?.clientCertificate !== undefined;
  return authType === "WorkloadIdentity" && identityId === undefined && !namesProof;
}

function parsePrincipal(azure: AzureWire, path: string, context: StoreContext): AzureAuth | undefined {
  const refs = secretRefs(azure.authSecretRef ?? {}, path, context);
  const { clientId, tenantId, clientSecret, clientCertificate } = refs;
  if (azure.tenantId === undefined && tenantId === undefined) {
    context.problems.push({ path, message: ruleMessages.azureTenant });
  }
  const [ref, another] = [clientSecret, clientCertificate].filter((proof) => proof !== undefined);
  if (clientId === undefined || ref === undefined || another !== undefined) {
    context.problems.unshift({ path, message: ruleMessages.azurePrincipal });
    return undefined;
  }
  const kind = ref === clientSecret ? "secret" : "certificate";
  return { kind: "servicePrincipal", clientId, tenantId, proof: { kind, ref } };
}

type SecretRefs = { readonly [Name in keyof SecretRefWire]-?: ObjectKeyRef | undefined };

function secretRefs(wire: SecretRefWire, path: string, context: StoreContext): SecretRefs {
  const refTo = (name: keyof SecretRefWire, ref: KeyRefWire | undefined): ObjectKeyRef | undefined =>
    ref && parseKeyRef(ref, `${path}.authSecretRef.${name}`, context);
  return {
    clientId: refTo("clientId", wire.clientId),
    tenantId: refTo("tenantId", wire.tenantId),
    clientSecret: refTo("clientSecret", wire.clientSecret),
    clientCertificate: refTo("clientCertificate", wire.clientCertificate),
  };
}

function parseOrigin(url: string, path: string, { problems }: StoreContext): string {
  // The pattern of the schema leaves ports above 65535.
  if (!URL.canParse(url)) problems.push({ path, message: textRules.azureOrigin.message });
  return url.replace(/\/$/, "");
}
