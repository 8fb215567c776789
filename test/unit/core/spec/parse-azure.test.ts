// What a store with Azure becomes once parsed, and which objects of the cluster its login depends on.

import { expect, test } from "vitest";
import { credentialRefs, takesTenantCredentials } from "../../../../src/core/spec/credential-refs.ts";
import { parseSecretStore } from "../../../../src/core/spec/parse-secret-store.ts";
import type { SecretStoreSpec } from "../../../../src/core/spec/secret-store.ts";
import { clusterSecretStore, secretStore } from "../../../support/spec-vector.ts";

const vaultUrl = "https://team-a.vault.azure.net";
const tenantId = "3f1b1f0c-6a44-4a6e-9d43-0d6a5c3b7e10";
const key = (name: string, namespace?: string) => ({ name: "azure", key: name, ...(namespace && { namespace }) });
const parsedKey = (name: string) => ({ name: "azure", key: name, namespace: undefined });

function specOf(azurekv: object, kind: "SecretStore" | "ClusterSecretStore" = "SecretStore"): SecretStoreSpec {
  const build = kind === "SecretStore" ? secretStore : clusterSecretStore;
  const record = parseSecretStore(build({}, { provider: { azurekv: { vaultUrl, ...azurekv } } }), kind);
  if (!record.ok || !record.value.spec.ok) throw new Error(`the spec does not parse: ${JSON.stringify(record)}`);
  return record.value.spec.value;
}

test("a service principal of the public cloud is the default", () => {
  const authSecretRef = { clientId: key("id"), clientSecret: key("secret") };
  const spec = specOf({ vaultUrl: `${vaultUrl}/`, tenantId, authSecretRef });
  expect(spec.provider).toEqual({
    kind: "azurekv",
    vaultUrl,
    cloud: { kind: "PublicCloud" },
    tenantId,
    auth: {
      kind: "servicePrincipal",
      clientId: parsedKey("id"),
      tenantId: undefined,
      proof: { kind: "secret", ref: parsedKey("secret") },
    },
  });
  expect(credentialRefs(spec)).toEqual([
    { kind: "Secret", name: "azure", namespace: undefined },
    { kind: "Secret", name: "azure", namespace: undefined },
  ]);
});

test("a certificate, a tenant from a Secret, and a cloud of its own", () => {
  const authSecretRef = { clientId: key("id"), tenantId: key("tenant"), clientCertificate: key("pem") };
  const customCloudConfig = {
    activeDirectoryEndpoint: "https://login.example.com/",
    keyVaultDNSSuffix: "vault.example.com",
  };
  expect(specOf({ authSecretRef, environmentType: "AzureStackCloud", customCloudConfig }).provider).toMatchObject({
    cloud: { kind: "custom", authority: "https://login.example.com", vaultSuffix: "vault.example.com" },
    auth: { tenantId: parsedKey("tenant"), proof: { kind: "certificate", ref: parsedKey("pem") } },
  });
});

test("a ServiceAccount is watched, and so are Secrets beside it", () => {
  const serviceAccountRef = { name: "app", namespace: "team-a" };
  const authSecretRef = { clientId: key("id", "team-a") };
  const spec = specOf({ authType: "WorkloadIdentity", serviceAccountRef, authSecretRef }, "ClusterSecretStore");
  expect(credentialRefs(spec)).toEqual([
    { kind: "ServiceAccount", name: "app", namespace: "team-a" },
    { kind: "Secret", name: "azure", namespace: "team-a" },
  ]);
  expect(takesTenantCredentials(spec)).toBe(false);
});

test("a ServiceAccount without a namespace is the tenant's", () => {
  const spec = specOf({ authType: "WorkloadIdentity", serviceAccountRef: { name: "app" } }, "ClusterSecretStore");
  expect(takesTenantCredentials(spec)).toBe(true);
});

test.each([
  { authType: "WorkloadIdentity", kind: "operator" },
  { authType: "ManagedIdentity", kind: "managedIdentity" },
])("$authType of the operator needs no object, and may name which identity", ({ authType, kind }) => {
  const spec = specOf({ authType, identityId: tenantId }, "ClusterSecretStore");
  expect(spec.provider).toMatchObject({ auth: { kind, clientId: tenantId } });
  expect(credentialRefs(spec)).toEqual([]);
});
