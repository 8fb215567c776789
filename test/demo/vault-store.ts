// The demo's Vault: the rig's own, a real one, with Kubernetes auth.

import type { VaultServer } from "../testbed/vault-server.ts";
import { type DemoStore, documentOf, type Stage } from "./demo-store.ts";
import { NAMESPACE, SERVICE_ACCOUNT } from "./manifests.ts";

const KEY = "app/db";
export const VAULT_ROLE = "team-a";

/** HCL: read one secret, and its metadata. */
function readPolicy(key: string): string {
  return `
path "kv/data/${key}" { capabilities = ["read"] }
path "kv/metadata/${key}" { capabilities = ["read"] }
`;
}

/** `spec.provider` of a store that logs in with the ServiceAccount. */
export function vaultProvider({ address, caPem }: Pick<VaultServer, "address" | "caPem">): string {
  const ca = Buffer.from(caPem).toString("base64");
  const login = `kubernetes: { role: ${VAULT_ROLE}, serviceAccountRef: { name: ${SERVICE_ACCOUNT} } }`;
  return `vault: { server: "${address}", path: kv, version: v2, caBundle: ${ca}, auth: { ${login} } }`;
}

export function createVaultStore({ rig, tell }: Stage): DemoStore {
  const { vault } = rig;
  const putPolicy = async (key: string): Promise<void> => {
    tell.command(`vault policy write ${VAULT_ROLE} - <<< 'path "kv/data/${key}" { capabilities = ["read"] } …'`);
    await vault.putPolicy(VAULT_ROLE, readPolicy(key));
  };
  return {
    name: "vault",
    title: "Vault",
    key: KEY,
    provider: vaultProvider(vault),
    annotations: {},
    operatorArgs: [],
    admit: async () => {
      await putPolicy(KEY);
      tell.command(`vault write auth/kubernetes/role/${VAULT_ROLE} bound_service_account_names=${SERVICE_ACCOUNT} …`);
      await vault.write(`auth/kubernetes/role/${VAULT_ROLE}`, {
        bound_service_account_names: SERVICE_ACCOUNT,
        bound_service_account_namespaces: NAMESPACE,
        audience: "vault",
        token_policies: [VAULT_ROLE],
        token_ttl: "10m",
      });
    },
    put: async (password) => {
      tell.command(`vault kv put kv/${KEY} username=app password=${password}`);
      return String(await vault.putSecret("kv", KEY, documentOf(password)));
    },
    trouble: {
      title: "Revoke the policy in Vault",
      reason: "AccessDenied",
      cause: () => putPolicy("app/other"),
      repair: () => putPolicy(KEY),
    },
    prove: () => Promise.resolve(),
    access: [
      `export VAULT_ADDR=${vault.address} VAULT_CACERT=${rig.handle.caPath}`,
      `export VAULT_TOKEN=${vault.rootToken}`,
    ],
    stop: () => Promise.resolve(),
  };
}
