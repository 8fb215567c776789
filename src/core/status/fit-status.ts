// Keeps a status small enough for etcd and for those who watch it: what goes first is the oldest detail of history,
// then the last entries. Totals and counts stay.

import type { ExternalSecretStatus, Revision } from "./external-secret-status.ts";
import { STATUS_BYTES_MAX } from "./limits.ts";

/** History keeps at least this much, however long the entries are. */
const HISTORY_BYTES_MIN = 16 * 1024;

/** Guarantees: at most STATUS_BYTES_MAX as JSON; fitting the result again, with the entries it had, gives it again. */
export function fitStatus(status: ExternalSecretStatus): ExternalSecretStatus {
  if (jsonBytes(status) <= STATUS_BYTES_MAX) return status;
  const { entries = [], history = [] } = status;
  const historyRoom = STATUS_BYTES_MAX - jsonBytes({ ...status, history: [] });
  const fittedHistory = fitHistory(history, Math.max(HISTORY_BYTES_MIN, historyRoom));
  const entriesRoom = STATUS_BYTES_MAX - jsonBytes({ ...status, history: fittedHistory, entries: [] });
  return { ...status, history: fittedHistory, entries: longestPrefix(entries, entriesRoom) };
}

function fitHistory(history: readonly Revision[], room: number): readonly Revision[] {
  const frame = jsonBytes(history.map((revision) => ({ ...revision, changed: [] })));
  let left = longestPrefix(
    history.flatMap(({ changed }) => changed),
    room - frame,
  ).length;
  return history.map((revision) => {
    const changed = revision.changed.slice(0, left);
    left -= changed.length;
    return { ...revision, changed };
  });
}

/** As many items as `room` bytes hold, with the commas between them. */
function longestPrefix<T>(items: readonly T[], room: number): readonly T[] {
  let bytes = -1;
  const end = items.findIndex((item) => {
    bytes += jsonBytes(item) + 1;
    return bytes > room;
  });
  return end === -1 ? items : items.slice(0, end);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
