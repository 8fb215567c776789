// Schema of spec.provider.azurekv. Names are those of External Secrets Operator.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { type CelRule, ruled, ruledText } from "./fields.ts";
import { secretKeyRef, serviceAccountRef, type StoreScope } from "./references.ts";

const MAX_URL = 512;
const MAX_ID = 253;

const isPrincipal = "(!has(self.authType) || self.authType == 'ServicePrincipal')";
const isWorkload = "(has(self.authType) && self.authType == 'WorkloadIdentity')";
const isCustom = "(has(self.environmentType) && self.environmentType == 'AzureStackCloud')";
const namesProof = "(has(self.authSecretRef.clientSecret) || has(self.authSecretRef.clientCertificate))";

const rules: readonly CelRule[] = [
  {
    rule: `!${isPrincipal} || has(self.authSecretRef) && has(self.authSecretRef.clientId) && has(self.authSecretRef.clientSecret) != has(self.authSecretRef.clientCertificate)`,
    message: ruleMessages.azurePrincipal,
  },
  {
    rule: `!${isPrincipal} || has(self.tenantId) || has(self.authSecretRef) && has(self.authSecretRef.tenantId)`,
    message: ruleMessages.azureTenant,
  },
  {
    rule: [
      `(!has(self.serviceAccountRef) || ${isWorkload} && !has(self.identityId))`,
      `(!has(self.identityId) || !${isPrincipal})`,
      `(!has(self.authSecretRef) || ${isPrincipal} || has(self.serviceAccountRef) && !${namesProof})`,
    ].join(" && "),
    message: ruleMessages.azureFields,
  },
  { rule: `${isCustom} == has(self.customCloudConfig)`, message: ruleMessages.azureCloud },
];

const ownIdentity: CelRule = {
  rule: `${isPrincipal} || ${isWorkload} && has(self.serviceAccountRef)`,
  message: ruleMessages.ownAzureIdentity,
};

function authSecretRef(scope: StoreScope) {
  return z
    .object({
      clientId: secretKeyRef(scope, "Where the client id of the application is kept.").optional(),
      tenantId: secretKeyRef(scope, "Where the tenant id is kept; tenantId of the store if left out.").optional(),
      clientSecret: secretKeyRef(scope, "Where the client secret is kept.").optional(),
      clientCertificate: secretKeyRef(
        scope,
        "Where the client certificate is kept: one PEM of the certificate and its private key.",
      ).optional(),
    })
    .describe("Where the application's ids and its proof are kept.");
}

const customCloud = z
  .object({
    activeDirectoryEndpoint: ruledText(MAX_URL, "azureOrigin", "Address of the login."),
    keyVaultDNSSuffix: ruledText(MAX_ID, "objectName", "What the vaults are reached below, such as vault.example.com."),
  })
  .describe("A cloud of its own; the operator must trust its hosts (--trusted-hosts).");

export function azureProvider(scope: StoreScope) {
  const account = serviceAccountRef(
    scope,
    "api://AzureADTokenExchange",
    "The ServiceAccount whose token logs in as the application of its annotation azure.workload.identity/client-id.",
  );
  const provider = z
    .object({
      vaultUrl: ruledText(MAX_URL, "azureOrigin", "Address of the vault, such as https://team-a.vault.azure.net."),
      authType: z
        .enum(["ServicePrincipal", "ManagedIdentity", "WorkloadIdentity"])
        .describe("How to log in; ServicePrincipal if left out.")
        .optional(),
      tenantId: ruledText(MAX_ID, "azureId", "Id of the tenant that the vault belongs to.").optional(),
      environmentType: z
        .enum(["PublicCloud", "USGovernmentCloud", "ChinaCloud", "AzureStackCloud"])
        .describe("Which cloud; PublicCloud if left out. AzureStackCloud: that of customCloudConfig.")
        .optional(),
      customCloudConfig: customCloud.optional(),
      authSecretRef: authSecretRef(scope).optional(),
      serviceAccountRef: account.optional(),
      identityId: ruledText(
        MAX_ID,
        "azureId",
        "Client id of the managed identity to use, where the operator's node or pod has several.",
      ).optional(),
    })
    .describe("Azure Key Vault.");
  return ruled(provider, scope === "Cluster" ? rules : [...rules, ownIdentity]);
}
