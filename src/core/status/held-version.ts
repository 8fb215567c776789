// Which version of an entry the Secret holds after a sync, as far as status can know it.

import type { RemoteVersion } from "../provider/port.ts";
import type { SyncReport } from "../sync/report.ts";
import type { EntryPair } from "./entry-pairs.ts";
import type { EntryStatus, ExternalSecretStatus } from "./external-secret-status.ts";

/** The sync that entries are judged in. */
export interface SyncMoment {
  readonly previous: ExternalSecretStatus;
  readonly report: SyncReport;
  /** RFC 3339. */
  readonly time: string;
}

/** Empty: none, or the store has no versions. */
export type ShownVersion = Pick<EntryStatus, "version" | "createdTime">;

export function heldVersion(pair: EntryPair, moment: SyncMoment): ShownVersion {
  const { entry, before } = pair;
  const { kind } = moment.report.secret;
  if (kind === "removed") return {};
  if (kind === "kept") return keptVersion(pair, moment);
  if (entry.leftOut) return {};
  return entry.read.ok ? shownVersion(entry.read.value) : pickVersion(before);
}

export function shownVersion(version: RemoteVersion | undefined): ShownVersion {
  return version === undefined ? {} : pickVersion({ version: version.display, createdTime: version.createdTime });
}

/** Status keeps no identities; number and creation time together tell a KV v2 path that starts again at 1. */
export function isSameVersion(left: ShownVersion, right: ShownVersion): boolean {
  return left.version === right.version && left.createdTime === right.createdTime;
}

function keptVersion({ entry, before }: EntryPair, { previous, report }: SyncMoment): ShownVersion {
  if (before?.version !== undefined) return pickVersion(before);
  const isSameSpec = report.specVersion === previous.syncedResourceVersion;
  return isSameSpec && entry.read.ok && isHeldUnlisted(entry.read.value, before, previous.refreshTime)
    ? shownVersion(entry.read.value)
    : {};
}

/**
 * A long status does not list every entry, and knows no version of one that failed while it was not listed. A Secret that
 * was made from this very spec holds what the store has had since before that success (`refreshTime`, in whole seconds),
 * unless the entry failed already then and was left out.
 */
function isHeldUnlisted(
  version: RemoteVersion | undefined,
  before: EntryStatus | undefined,
  refreshTime: string | undefined,
): boolean {
  if (version?.createdTime === undefined || refreshTime === undefined) return false;
  const successMs = Date.parse(refreshTime);
  const wasIn = before === undefined || Date.parse(before.since ?? "") > successMs;
  return wasIn && Date.parse(version.createdTime) < successMs + 1_000;
}

function pickVersion(
  held: { readonly version?: string | undefined; readonly createdTime?: string | undefined } | undefined,
): ShownVersion {
  const { version, createdTime } = held ?? {};
  return { ...(version === undefined ? {} : { version }), ...(createdTime === undefined ? {} : { createdTime }) };
}
