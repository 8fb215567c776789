// One entry of a status: the version that the Secret holds, what the store shows beside it, and why it fails.

import type { RemoteVersion } from "../provider/port.ts";
import type { SyncFailure, SyncReport } from "../sync/report.ts";
import { clippedMessage } from "./conditions.ts";
import { compareEntryIds, type EntryPair } from "./entry-pairs.ts";
import type { EntryStatus, ExternalSecretStatus } from "./external-secret-status.ts";
import { ENTRY_SECRET_KEYS_MAX } from "./limits.ts";
import { reasonPolicy } from "./reasons.ts";

/** The sync that entries are judged in. */
export interface SyncMoment {
  readonly previous: ExternalSecretStatus;
  readonly report: SyncReport;
  /** RFC 3339. */
  readonly time: string;
}

type ShownVersion = Pick<EntryStatus, "version" | "createdTime">;

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

function heldVersion({ entry, before }: EntryPair, { previous, report }: SyncMoment): ShownVersion {
  const { read } = entry;
  if (report.secret.kind === "removed" || (report.secret.kind !== "kept" && entry.leftOut)) return {};
  if (report.secret.kind !== "kept" && read.ok) return shownVersion(read.value);
  if (before?.version !== undefined) return pickVersion(before);
  const isUnlisted =
    report.specVersion === previous.syncedResourceVersion && read.ok && isOlder(read.value, before, previous);
  return isUnlisted ? shownVersion(read.value) : {};
}

/**
 * Long statuses do not list every entry, and say no version of one that failed while it was not listed. If the Secret was
 * made from this very spec, it holds what the store has had since before that success (refreshTime, in whole seconds),
 * unless the entry failed already then and was left out.
 */
function isOlder(
  version: RemoteVersion | undefined,
  before: EntryStatus | undefined,
  { refreshTime }: ExternalSecretStatus,
): boolean {
  if (version?.createdTime === undefined || refreshTime === undefined) return false;
  const successMs = Date.parse(refreshTime);
  const wasIn = before === undefined || Date.parse(before.since ?? "") > successMs;
  return wasIn && Date.parse(version.createdTime) < successMs + 1_000;
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

function shownVersion(version: RemoteVersion | undefined): ShownVersion {
  if (version === undefined) return {};
  const { display, createdTime } = version;
  return { version: display, ...(createdTime === undefined ? {} : { createdTime }) };
}

function pickVersion({ version, createdTime }: EntryStatus): ShownVersion {
  return { ...(version === undefined ? {} : { version }), ...(createdTime === undefined ? {} : { createdTime }) };
}

/** Status keeps no identities; number and creation time together tell a KV v2 path that starts again at 1. */
export function isSameVersion(left: ShownVersion, right: ShownVersion): boolean {
  return left.version === right.version && left.createdTime === right.createdTime;
}
