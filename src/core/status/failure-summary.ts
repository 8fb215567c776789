// The words of the Ready condition: what failed, joined over entries, and what a success says.

import type { EntryFailure } from "../sync/assemble.ts";
import { compareEntryIds } from "./entry-pairs.ts";
import type { Reason } from "./reasons.ts";

export interface FailureSummary {
  readonly reason: Reason;
  readonly message: string;
}

/** One reason speaks for all that have it, several become SecretSyncedError; undefined if nothing failed. */
export function summariseFailures(failures: readonly EntryFailure[]): FailureSummary | undefined {
  const sorted = failures.toSorted((left, right) => compareEntryIds(left.entry, right.entry));
  const [first] = sorted;
  if (first === undefined) return undefined;
  const { reason, message } = first.failure;
  const counts = Map.groupBy(sorted, ({ failure }) => failure.reason);
  if (counts.size === 1)
    return { reason, message: sorted.length === 1 ? message : `${message} (and ${sorted.length - 1} more)` };
  const words = [...counts].map(([name, { length }]) => `${length} ${name}`).join(", ");
  return { reason: "SecretSyncedError", message: `${sorted.length} entries failed: ${words}; first: ${message}` };
}

/** Such as "3 keys from 2 remote secrets". */
export function syncedMessage(keysTotal: number, remoteTotal: number): string {
  return `${counted(keysTotal, "key")} from ${counted(remoteTotal, "remote secret")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
