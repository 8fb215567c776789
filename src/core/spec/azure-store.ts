// What `spec.provider.azurekv` of a store says, after parsing. References carry a namespace in ClusterSecretStores only.

import type { ObjectKeyRef, ServiceAccountRef } from "./secret-store.ts";

/** Which cloud logs in and holds the vault. `custom`: checked against the operator's list of trusted hosts. */
export type AzureCloud =
  | { readonly kind: "PublicCloud" | "USGovernmentCloud" | "ChinaCloud" }
  | {
      readonly kind: "custom";
      /** https://host[:port] of the login. */
      readonly authority: string;
      /** What vaults are reached below, without a dot in front. */
      readonly vaultSuffix: string;
    };

export type AzureAuth =
  | {
      readonly kind: "servicePrincipal";
      readonly clientId: ObjectKeyRef;
      readonly tenantId: ObjectKeyRef | undefined;
      /** A client secret, or a certificate and its key in one PEM. */
      readonly proof: { readonly kind: "secret" | "certificate"; readonly ref: ObjectKeyRef };
    }
  | {
      readonly kind: "serviceAccount";
      readonly ref: ServiceAccountRef;
      /** Undefined: the annotation of the ServiceAccount says it. */
      readonly clientId: ObjectKeyRef | undefined;
      readonly tenantId: ObjectKeyRef | undefined;
    }
  /** The workload identity of the operator's own pod: ClusterSecretStores only. */
  | { readonly kind: "operator"; readonly clientId: string | undefined }
  /** A managed identity of the operator's node: ClusterSecretStores only. `clientId`: which one, where it has several. */
  | { readonly kind: "managedIdentity"; readonly clientId: string | undefined };

export interface AzureStoreSpec {
  readonly kind: "azurekv";
  /** https://NAME.SUFFIX */
  readonly vaultUrl: string;
  readonly cloud: AzureCloud;
  readonly tenantId: string | undefined;
  readonly auth: AzureAuth;
}
