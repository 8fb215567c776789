// Which entry of the status before an entry of this sync goes on from, and the order entries are listed in.

import { entryText } from "../sync/entries.ts";
import type { EntryReport } from "../sync/report.ts";
import type { EntryId, EntryStatus } from "./external-secret-status.ts";

export interface EntryPair {
  readonly entry: EntryReport;
  /** The same entry, or the same remote key under a pin that is gone now; undefined: new, or not listed. */
  readonly before: EntryStatus | undefined;
}

export interface EntryPairs {
  /** In the order of `compareEntryIds`. */
  readonly pairs: readonly EntryPair[];
  /** Entries of before that nothing goes on from. */
  readonly gone: readonly EntryStatus[];
}

export function pairEntries(before: readonly EntryStatus[], entries: readonly EntryReport[]): EntryPairs {
  const known = new Map(before.map((status) => [entryText(status), status]));
  const current = new Set(entries.map(entryText));
  const gone = before.filter((status) => !current.has(entryText(status)));
  const pairs = entries.toSorted(compareEntryIds).map((entry) => {
    const same = known.get(entryText(entry));
    return { entry, before: same ?? takeSameRemote(gone, entry) };
  });
  return { pairs, gone };
}

/** By store kind, store, key and pinned version, in code unit order. */
export function compareEntryIds(left: EntryId, right: EntryId): number {
  return (
    compareText(left.storeKind, right.storeKind) ||
    compareText(left.store, right.store) ||
    compareText(left.key, right.key) ||
    compareText(left.pinnedVersion ?? "", right.pinnedVersion ?? "")
  );
}

function takeSameRemote(gone: EntryStatus[], entry: EntryId): EntryStatus | undefined {
  const index = gone.findIndex(
    ({ storeKind, store, key }) => storeKind === entry.storeKind && store === entry.store && key === entry.key,
  );
  return index === -1 ? undefined : gone.splice(index, 1)[0];
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
