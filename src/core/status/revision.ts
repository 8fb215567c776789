// The history of a Secret: one revision for each change of its content that we wrote, naming the remote versions that
// moved, so that pinning them walks back.

import type { SecretReport } from "../sync/report.ts";
import type { EntryPair, EntryPairs } from "./entry-pairs.ts";
import type { EntryId, EntryStatus, ExternalSecretStatus, HistoryChange } from "./external-secret-status.ts";
import { isSameVersion } from "./held-version.ts";
import { REVISION_CHANGES_MAX, REVISIONS_MAX } from "./limits.ts";

/** An entry as it was, and as it is after this sync. */
export interface EntryStep extends EntryPair {
  readonly status: EntryStatus;
}

export interface EntrySteps {
  readonly steps: readonly EntryStep[];
  readonly gone: EntryPairs["gone"];
}

type RevisionFields = Pick<ExternalSecretStatus, "revision" | "history" | "lastChangeTime">;

/** The next revision if the content changed, else nothing. `time`: RFC 3339. */
export function revisionFields(
  previous: ExternalSecretStatus,
  secret: SecretReport,
  entries: EntrySteps,
  time: string,
): RevisionFields {
  const revision = revisionAfter(previous, secret);
  if (revision === undefined) return carriedRevision(previous);
  const changed = historyChanges(secret, entries);
  const newest = { revision, time, changed: changed.slice(0, REVISION_CHANGES_MAX), changedTotal: changed.length };
  return { revision, history: [newest, ...(previous.history ?? [])].slice(0, REVISIONS_MAX), lastChangeTime: time };
}

/** The revision that a status after `previous` gives to this write; undefined: it changes no content. */
export function revisionAfter(previous: ExternalSecretStatus | undefined, secret: SecretReport): number | undefined {
  return isContentChange(secret) ? (previous?.revision ?? 0) + 1 : undefined;
}

function isContentChange(secret: SecretReport): boolean {
  return secret.kind === "removed" || (secret.kind === "written" && (secret.created || secret.changedKeys.length > 0));
}

function carriedRevision({ revision, history, lastChangeTime }: ExternalSecretStatus): RevisionFields {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(history === undefined ? {} : { history }),
    ...(lastChangeTime === undefined ? {} : { lastChangeTime }),
  };
}

function historyChanges(secret: SecretReport, { steps, gone }: EntrySteps): readonly HistoryChange[] {
  const isTouched = touches(secret);
  const moved = steps.filter(({ entry, before, status }) =>
    before?.version === undefined ? isTouched(entry.secretKeys) : !isSameVersion(before, status),
  );
  const lost = gone.filter((before) => before.version !== undefined || isTouched(before.secretKeys));
  return [
    ...moved.map(({ entry, before, status }) => historyChange(entry, before?.version, status.version)),
    ...lost.map((before) => historyChange(before, before.version, undefined)),
  ];
}

/** Where no version before is known, the keys that changed tell whether an entry did. */
function touches(secret: SecretReport): (keys: readonly string[]) => boolean {
  if (secret.kind !== "written") return () => true;
  const changed = new Set(secret.changedKeys);
  return (keys) => keys.some((key) => changed.has(key));
}

function historyChange(
  { storeKind, store, key }: EntryId,
  from: string | undefined,
  to: string | undefined,
): HistoryChange {
  return { storeKind, store, key, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
