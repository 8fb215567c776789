// Delays between tries: exponential, capped, jittered.

import type { Random } from "../core/clock.ts";

export interface BackoffRange {
  /** Delay before jitter after the first failure, milliseconds. */
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Between half of min(cap, base·2^(failures−1)) and all of it ("equal jitter": unlike full jitter it is never near 0).
 * `failures` is at least 1.
 */
export function equalJitterMs(failures: number, { baseMs, capMs }: BackoffRange, random: Random): number {
  // 2^1023 is the largest power of two that a number holds; beyond it the cap has long been reached.
  const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 1023));
  return ceilingMs / 2 + (ceilingMs / 2) * random();
}
