// Where a provider gets its credentials from: objects of the cluster, read through one reader per store and tenant.
// The reader of a namespaced store is bound to that namespace and ignores no reference: one with a namespace is refused.

import type { Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import type { ObjectKeyRef, ServiceAccountRef } from "../spec/secret-store.ts";

export interface CredentialError {
  /** `missing`: object or key absent. `denied`: the operator may not. `refused`: not allowed for this kind of store. */
  readonly kind: "missing" | "denied" | "refused" | "unavailable";
  /** Our own words: which object, what to do. */
  readonly detail: string;
}

export interface ServiceAccountToken {
  readonly token: SecretValue;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** What the platform gave to the operator's own pod, such as a role and the file of a token for it. */
export interface OperatorIdentity {
  /** Of the operator's environment; undefined where it is not set, or empty. */
  variable(name: string): string | undefined;
  /** A file that such a variable names, trimmed; undefined: it is not there. */
  readFile(path: string, signal: AbortSignal): Promise<SecretValue | undefined>;
}

export interface CredentialReader {
  readSecretKey(ref: ObjectKeyRef, signal: AbortSignal): Promise<Result<SecretValue, CredentialError>>;
  readConfigMapKey(ref: ObjectKeyRef, signal: AbortSignal): Promise<Result<SecretValue, CredentialError>>;
  /** Mints a token by TokenRequest; `defaultAudience` is used when the reference names none. */
  requestToken(
    ref: ServiceAccountRef,
    defaultAudience: string,
    signal: AbortSignal,
  ): Promise<Result<ServiceAccountToken, CredentialError>>;
  /** Annotations of a ServiceAccount: clouds keep the identity there that its tokens stand for. */
  readAnnotations(
    ref: ServiceAccountRef,
    signal: AbortSignal,
  ): Promise<Result<Readonly<Record<string, string>>, CredentialError>>;
  /** The operator's own audience-bound token file. Refused for namespaced stores. */
  readOperatorToken(signal: AbortSignal): Promise<Result<SecretValue, CredentialError>>;
  /** The operator's own identity in its cloud. Refused for namespaced stores. */
  operatorIdentity(): Result<OperatorIdentity, CredentialError>;
}
