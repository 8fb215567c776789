// The ServiceAccount by which Vault's kubernetes auth method asks the API server about tokens (TokenReview).
// Its token is the rig's, not the caller's: tokens for the audience "vault" are no credential at the API server.
import { createKubernetesApi, ok } from "./kubernetes-api.ts";
import { createRestClient } from "./rest-client.ts";
import type { KubernetesAuthConfig, KubernetesHandle } from "./rig-handle.ts";
import { mintServiceAccountToken } from "./service-account.ts";

const REVIEWER = { namespace: "kube-system", name: "vault-token-reviewer" } as const;

export async function prepareTokenReview(handle: KubernetesHandle): Promise<KubernetesAuthConfig> {
  const client = createRestClient({ origin: handle.server, caPem: handle.caPem, clientCertificate: handle.admin });
  try {
    const api = createKubernetesApi(client);
    await ok(
      api.post(`/api/v1/namespaces/${REVIEWER.namespace}/serviceaccounts`, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: REVIEWER.name },
      }),
    );
    await ok(
      api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: REVIEWER.name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
        subjects: [{ kind: "ServiceAccount", ...REVIEWER }],
      }),
    );
    return {
      kubernetes_host: handle.server,
      kubernetes_ca_cert: handle.caPem,
      token_reviewer_jwt: await mintServiceAccountToken(api, REVIEWER),
      disable_local_ca_jwt: true,
    };
  } finally {
    client.close();
  }
}
