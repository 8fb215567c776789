// What a SecretStore or ClusterSecretStore says, after parsing. In a namespaced store no reference carries a
// namespace: its parser refuses one, and its credential reader has no parameter for it.

import type { NamePattern } from "../provider/port.ts";
import type { AzureStoreSpec } from "./azure-store.ts";

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
    }
  | {
      readonly kind: "jwt";
      readonly path: string;
      /** Undefined: the default role of the auth method. */
      readonly role: string | undefined;
      readonly identity: Exclude<KubernetesIdentity, { readonly kind: "operator" }>;
    }
  | {
      readonly kind: "cert";
      readonly path: string;
      /** Undefined: Vault tries all roles. */
      readonly role: string | undefined;
      readonly pair: CertificateRefs;
    }
  | {
      readonly kind: "password";
      readonly method: "userPass" | "ldap";
      readonly path: string;
      readonly username: string;
      readonly secretRef: ObjectKeyRef;
    }
  | {
      readonly kind: "iam";
      readonly path: string;
      /** Undefined: the one with the name of the AWS role or user. */
      readonly role: string | undefined;
      /** Of the STS that Vault asks. */
      readonly region: string;
      /** What Vault wants to find in the signed request, so that it serves for no other Vault. */
      readonly serverId: string | undefined;
      readonly identity: AwsAuth;
      /** In the order in which they are assumed. */
      readonly roles: readonly AwsRole[];
    };

/** A certificate and its private key, both PEM. */
export interface CertificateRefs {
  readonly certificate: ObjectKeyRef;
  readonly privateKey: ObjectKeyRef;
}

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
  /** Shown to the server in every request, unless `auth` brings a certificate of its own. */
  readonly clientCertificate: CertificateRefs | undefined;
  readonly auth: VaultAuth;
}

export type AwsAuth =
  | {
      readonly kind: "secret";
      readonly accessKeyId: ObjectKeyRef;
      readonly secretAccessKey: ObjectKeyRef;
      readonly sessionToken: ObjectKeyRef | undefined;
    }
  | { readonly kind: "serviceAccount"; readonly ref: ServiceAccountRef }
  /** The operator's own identity: ClusterSecretStores only. */
  | { readonly kind: "operator" };

/** A role to assume with what was logged in before. */
export interface AwsRole {
  readonly arn: string;
  readonly externalId: string | undefined;
  readonly sessionTags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
}

export interface AwsStoreSpec {
  readonly kind: "aws";
  readonly service: "SecretsManager" | "ParameterStore";
  readonly region: string;
  /** Before every key; empty: none. */
  readonly prefix: string;
  /** https://host[:port], or http:// where the operator's flag allows it. Undefined: that of the region. */
  readonly endpoint: string | undefined;
  readonly stsEndpoint: string | undefined;
  readonly auth: AwsAuth;
  /** In the order in which they are assumed. */
  readonly roles: readonly AwsRole[];
}

export type ProviderSpec = VaultStoreSpec | AwsStoreSpec | AzureStoreSpec;

/** As people write them, for messages and metrics. */
export const providerNames = {
  vault: "Vault",
  aws: "AWS",
  azurekv: "Azure Key Vault",
} as const satisfies Record<ProviderSpec["kind"], string>;

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
