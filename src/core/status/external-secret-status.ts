// `status` of an ExternalSecret as it stands on the wire (design: api.md). Absent fields are undefined here.

import type { StoreKind } from "../spec/external-secret.ts";
import type { Reason } from "./reasons.ts";

export interface Condition {
  readonly type: "Ready" | "Reconciling" | "Stalled";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339; moves only when `status` does. */
  readonly lastTransitionTime: string;
}

export interface EntryId {
  readonly storeKind: StoreKind;
  readonly store: string;
  /** The remote key, or for a `find` its query in words, such as `find(path=app, name=^db-)`. */
  readonly key: string;
  /** The version that the spec pins. */
  readonly pinnedVersion?: string;
}

export interface EntryStatus extends EntryId {
  /** What the Secret holds. */
  readonly version?: string;
  readonly createdTime?: string;
  /** What was seen in the store while the Secret holds an older one. */
  readonly latestVersion?: string;
  /** At most 10, sorted. */
  readonly secretKeys: readonly string[];
  readonly secretKeysTotal: number;
  readonly state: "Synced" | "Pending" | "Failed";
  readonly reason?: Reason;
  readonly message?: string;
  /** RFC 3339: since when it fails for this reason. */
  readonly since?: string;
}

export interface HistoryChange {
  readonly storeKind: StoreKind;
  readonly store: string;
  readonly key: string;
  /** Absent: the entry was added, or its store has no versions. */
  readonly from?: string;
  /** Absent: the entry went, or its store has no versions. */
  readonly to?: string;
}

export interface Revision {
  readonly revision: number;
  readonly time: string;
  /** At most 20. */
  readonly changed: readonly HistoryChange[];
  readonly changedTotal: number;
}

export interface ExternalSecretStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
  readonly binding?: { readonly name: string };
  readonly refreshTime?: string;
  readonly lastChangeTime?: string;
  readonly lastHandledForceSync?: string;
  readonly createdFor?: string;
  readonly keys?: { readonly total: number; readonly digest: string };
  readonly syncedResourceVersion?: string;
  readonly versionSummary?: string;
  readonly entryCounts?: { readonly total: number; readonly synced: number; readonly failed: number };
  readonly entries?: readonly EntryStatus[];
  readonly revision?: number;
  readonly history?: readonly Revision[];
}
