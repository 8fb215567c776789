// The demo's Azure: the strict stand-in of Entra ID and Key Vault, with workload identity. The tokens are those of the
// real kube-apiserver, and Entra verifies them with the keys that it shows.

import { join } from "node:path";
import { startAzureCloud, VAULT_SUFFIX } from "../testbed/azure/azure-cloud.ts";
import { federatedLogins, trustCluster } from "../testbed/azure/cluster-trust.ts";
import type { FederatedCredential } from "../testbed/azure/entra.ts";
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from "../testbed/deploy-operator.ts";
import { type DemoStore, documentOf, type Stage } from "./demo-store.ts";
import { NAMESPACE, SERVICE_ACCOUNT } from "./manifests.ts";

const KEY = "app-db";
const CA_PATH = join(import.meta.dirname, "../support/tls/ca.pem");
const OPERATOR = `system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR_SERVICE_ACCOUNT}`;
const SUBJECT = `system:serviceaccount:${NAMESPACE}:${SERVICE_ACCOUNT}`;

export async function startAzureStore({ rig, tell }: Stage): Promise<DemoStore> {
  const cloud = await startAzureCloud();
  const trust = await trustCluster(cloud, rig);
  const { entra, vault, application } = cloud;
  tell.note(
    `stand-ins of Entra ID ${entra.authority} and Key Vault ${vault.url}; the az commands say what is done to them`,
  );
  let credential: FederatedCredential | undefined;
  const admit = (): Promise<void> => {
    tell.command(`az ad app federated-credential create --parameters '{ "subject": "${SUBJECT}", … }'`);
    credential = trust.federate(NAMESPACE, SERVICE_ACCOUNT);
    return Promise.resolve();
  };
  const endpoints = `activeDirectoryEndpoint: "${entra.authority}", keyVaultDNSSuffix: ${VAULT_SUFFIX}`;
  const place = `vaultUrl: "${vault.url}", environmentType: AzureStackCloud, customCloudConfig: { ${endpoints} }`;
  return {
    name: "azure",
    title: "Azure Key Vault",
    key: KEY,
    provider: `azurekv: { ${place}, authType: WorkloadIdentity, serviceAccountRef: { name: ${SERVICE_ACCOUNT} } }`,
    annotations: {
      "azure.workload.identity/client-id": application.clientId,
      "azure.workload.identity/tenant-id": cloud.tenantId,
    },
    operatorArgs: [`--trusted-hosts=${VAULT_SUFFIX}`, `--ca-bundle-file=${CA_PATH}`],
    admit,
    put: (password) => {
      const value = JSON.stringify(documentOf(password));
      tell.command(`az keyvault secret set --name ${KEY} --value '${value}'`);
      return Promise.resolve(vault.objects.put("secrets", KEY, { value }));
    },
    trouble: {
      title: "Take the federated credential away in Entra ID, and end the tokens that it gave",
      reason: "Unauthenticated",
      cause: () => {
        tell.command("az ad app federated-credential delete …");
        if (credential !== undefined) trust.revoke(credential);
        entra.endTokens();
        return Promise.resolve();
      },
      repair: admit,
    },
    prove: async () => {
      tell.step("Workload identity, link by link: no static credential is in the cluster");
      const minted = await rig.audit.kubernetes.since(rig.audit.kubernetes.start);
      const request = minted.find((entry) => entry.subresource === "token" && entry.user === OPERATOR);
      const shown = (await trust.keys()).keys.map((key) => key["kid"]);
      const login = federatedLogins(cloud).find(({ keyId, subject }) => subject === SUBJECT && shown.includes(keyId));
      const served = vault.accepted.filter(({ headers }) => entra.issued.has(tokenIn(headers.authorization))).length;
      if (request === undefined || login === undefined || served === 0) throw new Error("a link is missing");
      tell.note(`kube-apiserver's audit log: ${request.user} ${request.verb}d ${request.path} (HTTP ${request.code})`);
      tell.note(`Entra ID was shown a token of ${login.subject}, from ${login.issuer} for ${login.audience},`);
      tell.note(`  and verified it with key ${login.keyId} of that kube-apiserver's /openid/v1/jwks`);
      tell.note(`Key Vault answered ${served} requests, each with a token that Entra ID gave for it`);
    },
    access: [],
    stop: () => cloud.close(),
  };
}

function tokenIn(authorization: string | undefined): string {
  return authorization?.replace(/^Bearer /, "") ?? "";
}
