// What one process remembers of an ExternalSecret between two syncs. Losing it costs one read, never correctness.

import type { ExternalSecretStatus } from "../status/external-secret-status.ts";
import type { WrittenStatus } from "../status/written-status.ts";
import type { Confirmations } from "./confirmations.ts";
import type { WrittenReport } from "./report.ts";

export interface SyncMemory {
  readonly uid: string;
  /** `specVersion` of the last sync that ended, well or not. */
  readonly specVersion: string;
  /** Force-sync token that the last sync served. */
  readonly forceSync: string | undefined;
  /** The target as we last wrote or verified it; undefined while it is not as wanted. */
  readonly target: { readonly uid: string; readonly resourceVersion: string } | undefined;
  /** Look again at this time, monotonic milliseconds; undefined: only when something changes. */
  readonly dueMs: number | undefined;
  /** Since when an outage of its store holds the due check back, monotonic milliseconds. */
  readonly outageSinceMs: number | undefined;
  /** Syncs that failed in a row, for the backoff. */
  readonly failures: number;
  /** Identities of all versions of the last complete rendering; undefined where one source has none. */
  readonly versions: string | undefined;
  /** The rendering that the API server refused for good; undefined: the last one was not refused so. */
  readonly refused: RefusedRendering | undefined;
  /** Which source filled which key in the last complete rendering. */
  readonly provenance: ReadonlyMap<string, string>;
  readonly confirmations: Confirmations;
  /** When we put back what another writer had changed, monotonic milliseconds; newest last. */
  readonly heals: readonly number[];
  /** A write to the Secret that status does not show, because its own write failed. */
  readonly unpublished: UnpublishedWrite | undefined;
  /** Tries in a row to remove a Secret of a former target name that the API server refused for good. */
  readonly formerRefusals: number;
  /** What we last wrote to `/status`, while the watch may not show it yet. */
  readonly written: WrittenStatus<ExternalSecretStatus> | undefined;
}

/** The same values for the same Secret would be refused again. */
export interface RefusedRendering {
  /** Identities of all its versions. */
  readonly versions: string;
  /** The Secret's resourceVersion as the watch showed it; undefined: it showed none. */
  readonly seen: string | undefined;
}

export interface UnpublishedWrite {
  readonly secret: WrittenReport;
  /** What `status.revision` becomes by it: a status that shows it was written after all. */
  readonly revision: number;
}

/** A write to the Secret whose answer was lost: nobody knows whether it was done. */
export interface UnsureWrite {
  readonly secret: WrittenReport;
  /** The Secret's resourceVersion before it; undefined: there was no Secret. */
  readonly before: string | undefined;
}
