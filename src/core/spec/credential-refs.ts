// Which objects of the cluster a store's login depends on: they are watched, and tell whether credentials belong to
// the store or to each tenant.

import type { KubernetesIdentity, SecretStoreSpec, VaultAuth } from "./secret-store.ts";

export interface CredentialRef {
  readonly kind: "Secret" | "ConfigMap" | "ServiceAccount";
  readonly name: string;
  /** Undefined: of the store's own namespace, or (ClusterSecretStore) of the tenant's. */
  readonly namespace: string | undefined;
}

interface NamedRef {
  readonly name: string;
  readonly namespace: string | undefined;
}

export function credentialRefs({ provider }: SecretStoreSpec): readonly CredentialRef[] {
  const ca = provider.caProvider;
  const caRefs = ca === undefined ? [] : [refTo(ca.kind, ca.ref)];
  return [...authRefs(provider.auth), ...caRefs];
}

/** True for a ClusterSecretStore whose credentials come from the namespace of each ExternalSecret. */
export function takesTenantCredentials(spec: SecretStoreSpec): boolean {
  return credentialRefs(spec).some((ref) => ref.namespace === undefined);
}

function authRefs(auth: VaultAuth): readonly CredentialRef[] {
  switch (auth.kind) {
    case "token":
      return [refTo("Secret", auth.tokenSecretRef)];
    case "appRole":
      return [auth.roleRef, auth.secretRef].flatMap((ref) => (ref === undefined ? [] : [refTo("Secret", ref)]));
    case "kubernetes":
      return identityRefs(auth.identity);
  }
}

function identityRefs(identity: KubernetesIdentity): readonly CredentialRef[] {
  switch (identity.kind) {
    case "serviceAccount":
      return [refTo("ServiceAccount", identity.ref)];
    case "secret":
      return [refTo("Secret", identity.ref)];
    case "operator":
      return [];
  }
}

function refTo(kind: CredentialRef["kind"], ref: NamedRef): CredentialRef {
  return { kind, name: ref.name, namespace: ref.namespace };
}
