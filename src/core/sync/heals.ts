// A writer that undoes what we write, again and again: after a few rounds we pause and say who it is.

const WINDOW_MS = 10 * 60_000;
const MAX_HEALS = 3;
const FIRST_PAUSE_MS = 10_000;
const MAX_PAUSE_MS = 5 * 60_000;

/** Heals that still count at `nowMs` (monotonic milliseconds), oldest first. */
export function recentHeals(heals: readonly number[], nowMs: number): readonly number[] {
  return heals.filter((healedMs) => nowMs - healedMs < WINDOW_MS);
}

/** How long to leave the Secret to the other writer, milliseconds; undefined while healing is worth a try. */
export function fightPauseMs(heals: readonly number[], nowMs: number): number | undefined {
  const recent = recentHeals(heals, nowMs);
  const oldest = recent[0];
  if (oldest === undefined || recent.length < MAX_HEALS) return undefined;
  return Math.min(oldest + WINDOW_MS - nowMs, MAX_PAUSE_MS);
}

/** How long to leave a Secret alone that did not become what we wrote; `failures`: syncs that failed in a row before. */
export function contestPauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
}
