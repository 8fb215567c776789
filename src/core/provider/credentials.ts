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

export interface CredentialReader {
  readSecretKey(ref: ObjectKeyRef, signal: AbortSignal): Promise<Result<SecretValue, CredentialError>>;
  readConfigMapKey(ref: ObjectKeyRef, signal: AbortSignal): Promise<Result<SecretValue, CredentialError>>;
  /** Mints a token by TokenRequest; `defaultAudience` is used when the reference names none. */
  requestToken(
    ref: ServiceAccountRef,
    defaultAudience: string,
    signal: AbortSignal,
  ): Promise<Result<ServiceAccountToken, CredentialError>>;
  /** The operator's own audience-bound token file. Refused for namespaced stores. */
  readOperatorToken(signal: AbortSignal): Promise<Result<SecretValue, CredentialError>>;
}
