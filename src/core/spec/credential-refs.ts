// Which objects of the cluster a store's login depends on: they are watched, and tell whether credentials belong to
// the store or to each tenant.

import type { AzureAuth } from "./azure-store.ts";
import type {
  AwsAuth,
  CertificateRefs,
  KubernetesIdentity,
  SecretStoreSpec,
  VaultAuth,
  VaultStoreSpec,
} from "./secret-store.ts";

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
  switch (provider.kind) {
    case "vault":
      return vaultRefs(provider);
    case "aws":
      return awsRefs(provider.auth);
    case "azurekv":
      return azureRefs(provider.auth);
  }
}

/** True for a ClusterSecretStore whose credentials come from the namespace of each ExternalSecret. */
export function takesTenantCredentials(spec: SecretStoreSpec): boolean {
  return credentialRefs(spec).some((ref) => ref.namespace === undefined);
}

function vaultRefs({ auth, caProvider: ca, clientCertificate }: VaultStoreSpec): readonly CredentialRef[] {
  const caRefs = ca === undefined ? [] : [refTo(ca.kind, ca.ref)];
  return [...authRefs(auth), ...pairRefs(clientCertificate), ...caRefs];
}

function pairRefs(pair: CertificateRefs | undefined): readonly CredentialRef[] {
  return pair === undefined ? [] : [refTo("Secret", pair.certificate), refTo("Secret", pair.privateKey)];
}

function awsRefs(auth: AwsAuth): readonly CredentialRef[] {
  switch (auth.kind) {
    case "secret":
      return [auth.accessKeyId, auth.secretAccessKey, auth.sessionToken].flatMap((ref) =>
        ref === undefined ? [] : [refTo("Secret", ref)],
      );
    case "serviceAccount":
      return [refTo("ServiceAccount", auth.ref)];
    case "operator":
      return [];
  }
}

function azureRefs(auth: AzureAuth): readonly CredentialRef[] {
  switch (auth.kind) {
    case "servicePrincipal":
      return secretRefs(auth.clientId, auth.tenantId, auth.proof.ref);
    case "serviceAccount":
      return [refTo("ServiceAccount", auth.ref), ...secretRefs(auth.clientId, auth.tenantId)];
    case "operator":
    case "managedIdentity":
      return [];
  }
}

function secretRefs(...refs: readonly (NamedRef | undefined)[]): readonly CredentialRef[] {
  return refs.flatMap((ref) => (ref === undefined ? [] : [refTo("Secret", ref)]));
}

function authRefs(auth: VaultAuth): readonly CredentialRef[] {
  switch (auth.kind) {
    case "token":
      return [refTo("Secret", auth.tokenSecretRef)];
    case "appRole":
      return [auth.roleRef, auth.secretRef].flatMap((ref) => (ref === undefined ? [] : [refTo("Secret", ref)]));
    case "kubernetes":
    case "jwt":
      return identityRefs(auth.identity);
    case "cert":
      return pairRefs(auth.pair);
    case "password":
      return [refTo("Secret", auth.secretRef)];
    case "iam":
      return awsRefs(auth.identity);
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
