// What a SecretStore or ClusterSecretStore says, after parsing. In a namespaced store no reference carries a
// namespace: its parser refuses one, and its credential reader has no parameter for it.

import type { NamePattern } from "../provider/port.ts";

export interface ObjectKeyRef {
  readonly name: string;
  readonly key: string;
  /** ClusterSecretStores only. Undefined: the namespace of the ExternalSecret ("referent" credentials). */
  readonly namespace: string | undefined;
}

export interface ServiceAccountRef {
  readonly name: string;
  readonly audiences: readonly string[];
  /** As in ObjectKeyRef. */
  readonly namespace: string | undefined;
}

export type VaultAuth =
  | { readonly kind: "token"; readonly tokenSecretRef: ObjectKeyRef }
  | {
      readonly kind: "appRole";
      readonly path: string;
      readonly roleId: string | undefined;
      /** Exactly one of roleId and roleRef is set. */
      readonly roleRef: ObjectKeyRef | undefined;
      readonly secretRef: ObjectKeyRef;
    }
  | {
      readonly kind: "kubernetes";
      readonly mountPath: string;
      readonly role: string;
      readonly identity: KubernetesIdentity;
    };

/** Whose token logs in. `operator` (the operator's own, audience-bound token file) serves ClusterSecretStores only. */
export type KubernetesIdentity =
  | { readonly kind: "serviceAccount"; readonly ref: ServiceAccountRef }
  | { readonly kind: "secret"; readonly ref: ObjectKeyRef }
  | { readonly kind: "operator" };

export interface CaProvider {
  readonly kind: "Secret" | "ConfigMap";
  readonly ref: ObjectKeyRef;
}

export interface VaultStoreSpec {
  readonly kind: "vault";
  /** https://host[:port], or http:// where the operator's flag allows it. */
  readonly server: string;
  /** Mount path without slashes at the ends. Undefined: the first segment of each key is the mount. */
  readonly path: string | undefined;
  readonly version: "v1" | "v2";
  readonly namespace: string | undefined;
  /** Vault namespace to log in at; default: `namespace`. */
  readonly authNamespace: string | undefined;
  /** PEM, decoded from the base64 of `caBundle`. */
  readonly caBundlePem: string | undefined;
  readonly caProvider: CaProvider | undefined;
  readonly auth: VaultAuth;
}

export type ProviderSpec = VaultStoreSpec;

/** As people write them, for messages and metrics. */
export const providerNames = { vault: "Vault" } as const satisfies Record<ProviderSpec["kind"], string>;

export interface StoreLimits {
  readonly requestsPerSecond: number | undefined;
  readonly maxInFlight: number | undefined;
}

/** One of the OR-ed conditions of a ClusterSecretStore. */
export interface NamespaceCondition {
  readonly namespaces: readonly string[];
  readonly namespaceRegexes: readonly NamePattern[];
  readonly namespaceSelector: LabelSelector | undefined;
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

export interface SecretStoreSpec {
  /** Controller class; undefined means the default class. */
  readonly controller: string | undefined;
  /** Validation period, milliseconds. */
  readonly refreshIntervalMs: number;
  readonly limits: StoreLimits;
  readonly provider: ProviderSpec;
  /** Empty for SecretStores. */
  readonly conditions: readonly NamespaceCondition[];
}
