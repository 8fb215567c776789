// Specs of stores with Azure, valid and not, with the verdict of admission.

import { ruleMessages, textRules } from "../../src/core/spec/rules.ts";
import { ACCEPTED, clusterSecretStore, type Manifest, type SpecVector, secretStore } from "./spec-vector.ts";

type Fields = Readonly<Record<string, unknown>>;

const key = (name: string): Fields => ({ name: "azure", key: name });
const foreign = (name: string): Fields => ({ ...key(name), namespace: "team-b" });
const clientId = key("client-id");
const clientSecret = key("client-secret");
const clientCertificate = key("client-certificate");
const authSecretRef = { clientId, clientSecret };
const serviceAccountRef = { name: "app" };
const tenantId = "3f1b1f0c-6a44-4a6e-9d43-0d6a5c3b7e10";
const customCloudConfig = {
  activeDirectoryEndpoint: "https://login.example.com",
  keyVaultDNSSuffix: "vault.example.com",
};
const vaultUrl = "https://team-a.vault.azure.net";

const azure = (fields: Fields): Fields => ({ provider: { azurekv: { vaultUrl, ...fields } } });
const store = (fields: Fields): Manifest => secretStore({}, azure(fields));
const clusterStore = (fields: Fields): Manifest => clusterSecretStore({}, azure(fields));
const principal = (fields: Fields = {}): Manifest => store({ tenantId, authSecretRef, ...fields });
const workload = { authType: "WorkloadIdentity" };
const managed = { authType: "ManagedIdentity" };

function vector(name: string, object: Manifest, verdict: string = ACCEPTED): SpecVector {
  return { name: `${object.kind} of Azure: ${name}`, object, verdict };
}

const badVaults = [
  "http://team-a.vault.azure.net",
  "team-a.vault.azure.net",
  "https://team-a.vault.azure.net/x",
  "https://user:pw@team-a.vault.azure.net",
  "https://team-a.vault.azure.net?x",
  "https://team-a.vault.azure.net#x",
  "https://",
  "https://a b",
  "https://a\nb",
];

export const azureStoreVectors: readonly SpecVector[] = [
  vector("the least that works", principal()),
  vector("a service principal that says so", principal({ authType: "ServicePrincipal" })),
  vector("a service principal by certificate", principal({ authSecretRef: { clientId, clientCertificate } })),
  vector("the tenant from the Secret", store({ authSecretRef: { ...authSecretRef, tenantId: key("tenant-id") } })),
  vector("an address with a slash", principal({ vaultUrl: `${vaultUrl}/` })),
  ...badVaults.map((url) =>
    vector(`vaultUrl ${JSON.stringify(url)}`, principal({ vaultUrl: url }), textRules.azureOrigin.message),
  ),
  {
    ...vector("a port too high", principal({ vaultUrl: `${vaultUrl}:99999` })),
    parserVerdict: textRules.azureOrigin.message,
  },
  vector("a service principal without a Secret", store({ tenantId }), ruleMessages.azurePrincipal),
  vector("no client id", principal({ authSecretRef: { clientSecret } }), ruleMessages.azurePrincipal),
  vector("no proof", principal({ authSecretRef: { clientId } }), ruleMessages.azurePrincipal),
  vector(
    "two proofs",
    principal({ authSecretRef: { ...authSecretRef, clientCertificate } }),
    ruleMessages.azurePrincipal,
  ),
  vector("no tenant", store({ authSecretRef }), ruleMessages.azureTenant),
  ...["../x", "a b", "-a", "a/b"].map((id) =>
    vector(`tenantId ${id}`, principal({ tenantId: id }), textRules.azureId.message),
  ),
  vector("a ServiceAccount", store({ ...workload, serviceAccountRef })),
  vector(
    "a ServiceAccount with ids from a Secret",
    store({ ...workload, serviceAccountRef, authSecretRef: { clientId } }),
  ),
  ...[
    principal({ serviceAccountRef }),
    principal({ identityId: "x" }),
    store({ ...workload, serviceAccountRef, identityId: "x" }),
    store({ ...workload, serviceAccountRef, authSecretRef }),
    store({ ...managed, serviceAccountRef }),
    clusterStore({ ...managed, authSecretRef: { clientId } }),
    clusterStore({ ...workload, authSecretRef: { clientId } }),
  ].map((object, index) => vector(`a field of another login, ${index}`, object, ruleMessages.azureFields)),
  vector("the operator's own pod, for a tenant", store(workload), ruleMessages.ownAzureIdentity),
  vector("the node's identity, for a tenant", store(managed), ruleMessages.ownAzureIdentity),
  vector("the operator's own pod", clusterStore(workload)),
  vector("the operator's own pod, with a client id", clusterStore({ ...workload, identityId: tenantId })),
  vector("the node's identity", clusterStore(managed)),
  ...[
    principal({ authSecretRef: { clientId: foreign("client-id"), clientSecret } }),
    principal({ authSecretRef: { clientId, clientSecret: foreign("client-secret") } }),
    principal({ authSecretRef: { clientId, clientCertificate: foreign("client-certificate") } }),
    principal({ authSecretRef: { ...authSecretRef, tenantId: foreign("tenant-id") } }),
    store({ ...workload, serviceAccountRef: { name: "app", namespace: "team-b" } }),
  ].map((object, index) => vector(`a namespace in reference ${index}`, object, ruleMessages.foreignNamespace)),
  vector(
    "references into a namespace",
    clusterStore({ ...workload, serviceAccountRef: { name: "app", namespace: "team-b" } }),
  ),
  ...["PublicCloud", "USGovernmentCloud", "ChinaCloud"].map((environmentType) =>
    vector(environmentType, principal({ environmentType })),
  ),
  vector("a cloud of its own", principal({ environmentType: "AzureStackCloud", customCloudConfig })),
  vector("a cloud of its own, not said so", principal({ customCloudConfig }), ruleMessages.azureCloud),
  vector(
    "a cloud of its own, not described",
    principal({ environmentType: "AzureStackCloud" }),
    ruleMessages.azureCloud,
  ),
  vector(
    "a login that is no address",
    principal({
      environmentType: "AzureStackCloud",
      customCloudConfig: { ...customCloudConfig, activeDirectoryEndpoint: "https://login.example.com/x" },
    }),
    textRules.azureOrigin.message,
  ),
  vector(
    "two providers",
    secretStore(
      {},
      {
        provider: {
          azurekv: { vaultUrl, tenantId, authSecretRef },
          vault: { server: "https://vault", auth: { tokenSecretRef: key("token") } },
        },
      },
    ),
    ruleMessages.oneProvider,
  ),
  {
    ...vector("an unknown authType", principal({ authType: "Magic" }), "Unsupported value"),
    parserVerdict: "must be one of",
  },
];
