// The trimmed records that the informers keep: what decisions need, nothing else (no managedFields).

import type { ObjectName } from "../object-key.ts";
import type { Result } from "../result.ts";
import type { ExternalSecretStatus } from "../status/external-secret-status.ts";
import type { SecretStoreStatus } from "../status/secret-store-status.ts";
import type { ExternalSecretSpec, StoreKind } from "./external-secret.ts";
import type { SecretStoreSpec } from "./secret-store.ts";

export interface ObjectMeta extends ObjectName {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp: string | undefined;
}

/** Why a spec can never work: where, what is wrong, what to do. One sentence without a full stop, no value in it. */
export interface SpecError {
  /** Such as `spec.data[2].remoteRef.key`. */
  readonly path: string;
  readonly message: string;
}

export interface ExternalSecretRecord {
  readonly meta: ObjectMeta;
  readonly spec: Result<ExternalSecretSpec, SpecError>;
  readonly status: ExternalSecretStatus | undefined;
}

export interface SecretStoreRecord {
  readonly kind: StoreKind;
  readonly meta: ObjectMeta;
  /** The controller class, read even when the spec does not parse: a store of another class is left alone entirely. */
  readonly controller: string | undefined;
  readonly spec: Result<SecretStoreSpec, SpecError>;
  readonly status: SecretStoreStatus | undefined;
}
