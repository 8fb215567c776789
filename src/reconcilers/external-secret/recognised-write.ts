// What a sync did to the Secret, as status must hear it: a write of ours whose status never came is told now.

import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { keyNames } from "../../core/status/key-names.ts";
import { entryText } from "../../core/sync/entries.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import type { EntryReport, SecretReport } from "../../core/sync/report.ts";
import type { Visit } from "./finding.ts";

/**
 * After a crash between the two writes, the Secret already holds what status does not show; only the first visit of a
 * process can meet that. What went long ago is not removed anew.
 */
export function recognisedWrite(
  { status, causes, memory }: Pick<Visit, "status" | "causes" | "memory">,
  secret: SecretReport,
  entries: readonly EntryReport[],
): SecretReport {
  if (secret.kind === "removed" && status?.keys === undefined) return { kind: "kept" };
  if (secret.kind !== "verified") return secret;
  const untold = untoldWrite(status, memory);
  if (untold !== undefined) return untold;
  return causes.has("first") ? unrecorded(status, secret.keys, entries) : secret;
}

/** A status that shows its revision was written after all: only the answer was lost. */
function untoldWrite(
  status: ExternalSecretStatus | undefined,
  memory: SyncMemory | undefined,
): SecretReport | undefined {
  const unpublished = memory?.unpublished;
  return unpublished === undefined || (status?.revision ?? 0) >= unpublished.revision ? undefined : unpublished.secret;
}

function unrecorded(
  status: ExternalSecretStatus | undefined,
  keys: readonly string[],
  entries: readonly EntryReport[],
): SecretReport {
  if (status?.revision === undefined) return { kind: "written", created: true, keys, changedKeys: keys };
  const movedKeys = entries.filter((entry) => !isShown(status, entry)).flatMap((entry) => entry.secretKeys);
  const changedKeys = movedKeys.length > 0 ? movedKeys : namesThatDiffer(status, keys);
  return changedKeys.length === 0 ? { kind: "verified", keys } : { kind: "written", created: false, keys, changedKeys };
}

/** Keys that came or went while their versions stayed; all of them where status does not list their names. */
function namesThatDiffer(
  { keys: shown, entries = [] }: ExternalSecretStatus,
  keys: readonly string[],
): readonly string[] {
  if (shown === undefined || keyNames(keys).digest === shown.digest) return [];
  const listed = new Set(entries.flatMap(({ secretKeys }) => secretKeys));
  const differing = [...listed.symmetricDifference(new Set(keys))].sort();
  return differing.length > 0 ? differing : keys;
}

/** Entries beyond the list's end cannot be judged, and count as shown. */
function isShown(status: ExternalSecretStatus, entry: EntryReport): boolean {
  if (!entry.read.ok || entry.read.value === undefined) return true;
  const id = entryText(entry);
  const shown = status.entries?.find((candidate) => entryText(candidate) === id);
  if (shown === undefined) return (status.entryCounts?.total ?? 0) > (status.entries?.length ?? 0);
  return shown.version === entry.read.value.display && shown.createdTime === entry.read.value.createdTime;
}
