// What one reconcile of an ExternalSecret found and did, as plain facts. `status/next-status.ts` turns it into status.

import type { RemoteVersion } from "../provider/port.ts";
import type { Result } from "../result.ts";
import type { EntryId } from "../status/external-secret-status.ts";
import type { Reason } from "../status/reasons.ts";

/** Why an entry, or the whole sync, is not as wanted. Our own words, no value in them. */
export interface SyncFailure {
  readonly reason: Reason;
  /** One sentence without a full stop: store, key, and what to do. */
  readonly message: string;
  /** At least so long before another try, milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** One store, key and pinned version (joined over all sources that read it), or one `find`. */
export interface EntryReport extends EntryId {
  /** All Secret keys that this entry fills, or would fill where known; sorted. */
  readonly secretKeys: readonly string[];
  readonly read: Result<RemoteVersion | undefined, SyncFailure>;
  /** True: confirmed absent and left out under a deletion policy; it is reported as Failed with its reason, and the Secret is complete without it. */
  readonly leftOut: boolean;
}

export type SecretReport =
  /**
   * We wrote: the Secret holds what was read. `keys`: all data key names of the Secret that are ours. `changedKeys`: those
   * that came, changed or went; all of them when it was created, none if only metadata was written.
   */
  | {
      readonly kind: "written";
      readonly created: boolean;
      readonly keys: readonly string[];
      readonly changedKeys: readonly string[];
    }
  /** Nothing to write: the Secret already holds what was read. */
  | { readonly kind: "verified"; readonly keys: readonly string[] }
  /** The Secret stays as it was (a failure, or a refusal), or there is none. */
  | { readonly kind: "kept" }
  /** We removed the Secret, or our keys from it, under a deletion policy. */
  | { readonly kind: "removed" }
  /** creationPolicy None, or Merge without a target: versions are reported, nothing is written. */
  | { readonly kind: "notWritten" };

export type WrittenReport = Extract<SecretReport, { readonly kind: "written" }>;

export interface SyncReport {
  readonly generation: number;
  readonly uid: string;
  /** `<generation>-<hash of labels and annotations>` that this sync served. */
  readonly specVersion: string;
  readonly ready: { readonly reason: Reason; readonly message: string; readonly stalled: boolean };
  /** Undefined: nothing was read, the previous entries stay. */
  readonly entries: readonly EntryReport[] | undefined;
  readonly secret: SecretReport;
  /** Name of the target while it exists and is ours; else undefined (no binding). */
  readonly binding: string | undefined;
  /** Value (or digest) of the force-sync annotation that this sync served; undefined if there is none or it was not served. */
  readonly forceSync: string | undefined;
  /** Undefined: no heartbeat. Else refreshTime is renewed when older than this, milliseconds (already jittered). */
  readonly heartbeatMs: number | undefined;
  readonly remoteCount: number;
}
