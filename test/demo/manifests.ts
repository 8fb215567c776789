// The manifests of the demo: what a team applies to get a Secret from its stores. They differ from config/samples only
// in the addresses of the rig's stores, and in a short interval.

import type { DemoStore } from "./demo-store.ts";

export const NAMESPACE = "team-a";
export const SERVICE_ACCOUNT = "db-reader";

/** Whose tokens the stores may use: nobody else's. */
export function identityManifest(stores: readonly Pick<DemoStore, "annotations">[]): string {
  const annotations = JSON.stringify(Object.assign({}, ...stores.map((store) => store.annotations)));
  return `apiVersion: v1
kind: ServiceAccount
metadata: { name: ${SERVICE_ACCOUNT}, namespace: ${NAMESPACE}, annotations: ${annotations} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: fairlead-token, namespace: ${NAMESPACE} }
rules:
  - { apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [${SERVICE_ACCOUNT}], verbs: [create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: fairlead-token, namespace: ${NAMESPACE} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: fairlead-token }
subjects: [{ kind: ServiceAccount, name: fairlead, namespace: fairlead-system }]
`;
}

export function storeManifest({ name, provider }: Pick<DemoStore, "name" | "provider">): string {
  return `apiVersion: fairlead.dev/v1
kind: SecretStore
metadata: { name: ${name}, namespace: ${NAMESPACE} }
spec:
  provider:
    ${provider}
`;
}

/** Of one store: two keys of one secret. Of several: a key of each. */
export function externalSecretManifest(stores: readonly [DemoStore, ...DemoStore[]]): string {
  const [first] = stores;
  const entries = stores.length === 1 ? ["username", "password"].map(plainEntry(first)) : stores.map(entryOfStore);
  return `apiVersion: fairlead.dev/v1
kind: ExternalSecret
metadata: { name: db, namespace: ${NAMESPACE} }
spec:
  refreshInterval: 2s
  secretStoreRef: { name: ${first.name} }
  target: { name: db-credentials }
  data:
${entries.join("\n")}
`;
}

/** Key of the Secret that holds the password of a store. */
export function passwordKey(store: DemoStore, stores: readonly DemoStore[]): string {
  return stores.length === 1 ? "password" : `${store.name}-password`;
}

function plainEntry({ key }: DemoStore): (property: string) => string {
  return (property) => `    - secretKey: ${property}
      remoteRef: { key: ${key}, property: ${property} }`;
}

function entryOfStore({ name, key }: DemoStore): string {
  return `    - secretKey: ${name}-password
      remoteRef: { key: ${key}, property: password }
      sourceRef: { storeRef: { name: ${name} } }`;
}
