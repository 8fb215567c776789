// The manifests of the demo: what a team applies to get a Secret from Vault. They differ from config/samples only in
// the address of the rig's Vault, and in a short interval.

export interface VaultAddress {
  readonly address: string;
  readonly caPem: string;
}

export const NAMESPACE = "team-a";
export const SERVICE_ACCOUNT = "db-reader";
export const VAULT_ROLE = "team-a";

/** HCL: read one secret, and its metadata. */
export const vaultPolicy = `
path "kv/data/app/db" { capabilities = ["read"] }
path "kv/metadata/app/db" { capabilities = ["read"] }
`;

/** Read nothing of it any more. */
export const revokedPolicy = `
path "kv/data/app/other" { capabilities = ["read"] }
`;

/** Whose tokens the store may use: nobody else's. */
export const identityManifest = `apiVersion: v1
kind: ServiceAccount
metadata: { name: ${SERVICE_ACCOUNT}, namespace: ${NAMESPACE} }
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

export function storeManifest(vault: VaultAddress): string {
  return `apiVersion: fairlead.dev/v1
kind: SecretStore
metadata: { name: vault, namespace: ${NAMESPACE} }
spec:
  provider:
    vault:
      server: ${vault.address}
      path: kv
      version: v2
      caBundle: ${Buffer.from(vault.caPem).toString("base64")}
      auth:
        kubernetes:
          role: ${VAULT_ROLE}
          serviceAccountRef: { name: ${SERVICE_ACCOUNT} }
`;
}

export const externalSecretManifest = `apiVersion: fairlead.dev/v1
kind: ExternalSecret
metadata: { name: db, namespace: ${NAMESPACE} }
spec:
  refreshInterval: 2s
  secretStoreRef: { name: vault }
  target: { name: db-credentials }
  data:
    - secretKey: username
      remoteRef: { key: app/db, property: username }
    - secretKey: password
      remoteRef: { key: app/db, property: password }
`;
