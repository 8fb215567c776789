// What the workloads run on: a rig with CRDs, RBAC, one store, and N ExternalSecrets of two keys each.

import { NAMESPACE, identityManifest, SERVICE_ACCOUNT, storeManifest } from "../test/demo/manifests.ts";
import { VAULT_ROLE, vaultProvider } from "../test/demo/vault-store.ts";
import { ok } from "../test/testbed/kubernetes-api.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { forEachIndex } from "./for-each-index.ts";

/** CRDs, RBAC, namespace, store and its login; no ExternalSecret yet. */
export async function prepareStore(rig: Rig): Promise<void> {
  await rig.kubectl(["apply", "-f", "crds/"]);
  await rig.kubectl(["apply", "-k", "config/default"]);
  await rig.kubectl(["create", "namespace", NAMESPACE]);
  await rig.kubectl(["apply", "-f", "-"], { stdin: identityManifest([]) });
  await rig.vault.putPolicy(VAULT_ROLE, 'path "kv/data/*" { capabilities = ["read"] }');
  await rig.vault.write(`auth/kubernetes/role/${VAULT_ROLE}`, {
    bound_service_account_names: SERVICE_ACCOUNT,
    bound_service_account_namespaces: NAMESPACE,
    audience: "vault",
    token_policies: [VAULT_ROLE],
    token_ttl: "1h",
  });
  await rig.kubectl(["apply", "-f", "-"], { stdin: benchStoreManifest(rig) });
}

/** The store of the demo, with limits that are not what is measured. */
export function benchStoreManifest(rig: Rig): string {
  const manifest = storeManifest({ name: "vault", provider: vaultProvider(rig.vault) });
  return manifest.replace("spec:\n", "spec:\n  limits: { requestsPerSecond: 5000, maxInFlight: 16 }\n");
}

/** N ExternalSecrets, each of its own remote key. */
export async function createExternalSecrets(rig: Rig, count: number): Promise<void> {
  await forEachIndex(count, async (index) => {
    await rig.vault.putSecret("kv", `bench/${index}`, { username: `user-${index}`, password: `password-${index}` });
    await ok(rig.api.post(`/apis/fairlead.dev/v1/namespaces/${NAMESPACE}/externalsecrets`, externalSecret(index)));
  });
}

function externalSecret(index: number): unknown {
  const remoteRef = (property: string): unknown => ({ key: `bench/${index}`, property });
  return {
    apiVersion: "fairlead.dev/v1",
    kind: "ExternalSecret",
    metadata: { name: `bench-${index}`, namespace: NAMESPACE },
    spec: {
      secretStoreRef: { name: "vault" },
      data: [
        { secretKey: "username", remoteRef: remoteRef("username") },
        { secretKey: "password", remoteRef: remoteRef("password") },
      ],
    },
  };
}
