// Absence counts only when two checks, far enough apart, both saw it. Memory only: a restart begins anew.

/** What was absent, and the monotonic time in milliseconds when it was first seen so, without a break since. */
export type Confirmations = ReadonlyMap<string, number>;

/** Of what was confirmed: it stays so until it is there again, however soon the next look comes and whatever its spacing. */
const CONFIRMED_MS = -Infinity;

/** At least so far apart, clamp(interval, 30 s, 1 h); 30 s while there is no Secret yet. */
export function confirmationSpacingMs(refreshIntervalMs: number, hasSecret: boolean): number {
  return hasSecret ? Math.min(Math.max(refreshIntervalMs, 30_000), 3_600_000) : 30_000;
}

export interface AbsenceCheck {
  readonly absent: Iterable<string>;
  readonly nowMs: number;
  readonly spacingMs: number;
  /** A force-sync may be the second check, however soon. */
  readonly isForced: boolean;
}

export interface Absences {
  /** To remember for the next check: what is not absent any more is forgotten. */
  readonly confirmations: Confirmations;
  readonly confirmed: ReadonlySet<string>;
  /** When the earliest pending absence can be confirmed, monotonic milliseconds. */
  readonly nextCheckMs: number | undefined;
}

export function judgeAbsences(previous: Confirmations, check: AbsenceCheck): Absences {
  const confirmations = new Map<string, number>();
  const confirmed = new Set<string>();
  let nextCheckMs: number | undefined;
  for (const id of check.absent) {
    const firstSeenMs = previous.get(id);
    const dueMs = (firstSeenMs ?? check.nowMs) + check.spacingMs;
    const isConfirmed = firstSeenMs !== undefined && (check.isForced || check.nowMs >= dueMs);
    confirmations.set(id, isConfirmed ? CONFIRMED_MS : (firstSeenMs ?? check.nowMs));
    if (isConfirmed) confirmed.add(id);
    else nextCheckMs = Math.min(nextCheckMs ?? dueMs, dueMs);
  }
  return { confirmations, confirmed, nextCheckMs };
}
