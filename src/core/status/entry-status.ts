// One entry of a status: the version that the Secret holds, what the store shows beside it, and why it fails.

import type { RemoteVersion } from "../provider/port.ts";
import type { SyncFailure, SyncReport } from "../sync/report.ts";
import { clippedMessage } from "./conditions.ts";
import { compareEntryIds, type EntryPair } from "./entry-pairs.ts";
import type { EntryStatus } from "./external-secret-status.ts";
import { heldVersion, isSameVersion, type ShownVersion, shownVersion, type SyncMoment } from "./held-version.ts";
import { ENTRY_SECRET_KEYS_MAX } from "./limits.ts";
import { reasonPolicy } from "./reasons.ts";

export function entryStatus(pair: EntryPair, moment: SyncMoment): EntryStatus {
  const { storeKind, store, key, pinnedVersion, read } = pair.entry;
  const held = heldVersion(pair, moment);
  return {
    storeKind,
    store,
    key,
    ...(pinnedVersion === undefined ? {} : { pinnedVersion }),
    ...held,
    ...shownKeys(pair, moment.report),
    ...(read.ok ? readState(held, read.value, moment.report) : failedState(read.error, pair, moment.time)),
  };
}

/** Failed ones first, then in the order of their ids. */
export function compareEntryStatus(left: EntryStatus, right: EntryStatus): number {
  return Number(right.state === "Failed") - Number(left.state === "Failed") || compareEntryIds(left, right);
}

function readState(
  held: ShownVersion,
  read: RemoteVersion | undefined,
  { ready }: SyncReport,
): Pick<EntryStatus, "state" | "latestVersion"> {
  const seen = shownVersion(read);
  // Without versions nobody can tell whether a Secret that is not as wanted holds what was read.
  const isUnknown = read === undefined && reasonPolicy[ready.reason].ready !== "True";
  if (isSameVersion(held, seen) && !isUnknown) return { state: "Synced" };
  return { state: "Pending", ...(seen.version === undefined ? {} : { latestVersion: seen.version }) };
}

function failedState(
  { reason, message }: SyncFailure,
  { entry, before }: EntryPair,
  time: string,
): Pick<EntryStatus, "state" | "reason" | "message" | "since"> {
  const isOngoing = before?.reason === reason && before.pinnedVersion === entry.pinnedVersion;
  return {
    state: "Failed",
    reason,
    message: clippedMessage(message),
    since: (isOngoing ? before.since : undefined) ?? time,
  };
}

/** While the Secret is kept, a source whose keys cannot be known now still fills the ones it filled. */
function shownKeys(
  { entry, before }: EntryPair,
  report: SyncReport,
): Pick<EntryStatus, "secretKeys" | "secretKeysTotal"> {
  const isUnknown = !entry.read.ok && entry.secretKeys.length === 0 && report.secret.kind === "kept";
  if (isUnknown && before !== undefined)
    return { secretKeys: before.secretKeys, secretKeysTotal: before.secretKeysTotal };
  return { secretKeys: entry.secretKeys.slice(0, ENTRY_SECRET_KEYS_MAX), secretKeysTotal: entry.secretKeys.length };
}
