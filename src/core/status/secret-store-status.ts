// `status` of a SecretStore or ClusterSecretStore as it stands on the wire (design: api.md).

import type { Condition } from "./external-secret-status.ts";

export interface SecretStoreStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
  readonly capabilities?: "ReadOnly";
  /** RFC 3339: when the outcome of the validation last changed. */
  readonly lastValidated?: string;
  /** Type, version and accessor of the backend as last accepted; a later difference is MountChanged. */
  readonly backendIdentity?: string;
  /** Value of the force-sync annotation that was served (its SHA-256 if longer than 64 characters). */
  readonly lastHandledForceSync?: string;
}
