// Delays between tries: exponential, capped, jittered.

import type { Random } from "../core/clock.ts";

export interface BackoffRange {
  /** Delay before jitter after the first failure, milliseconds. */
  readonly baseMs: number;
  readonly capMs: number;
}

/** Between half of min(cap, base·2^(failures−1)) and all of it ("equal jitter"). `failures` is at least 1. */
export function equalJitterMs(failures: number, range: BackoffRange, random: Random): number {
  const ceiling = ceilingMs(failures, range);
  return ceiling / 2 + (ceiling / 2) * random();
}

/** Between 0 and min(cap, base·2^(failures−1)) ("full jitter"). `failures` is at least 1. */
export function fullJitterMs(failures: number, range: BackoffRange, random: Random): number {
  return ceilingMs(failures, range) * random();
}

function ceilingMs(failures: number, { baseMs, capMs }: BackoffRange): number {
  // 2^1023 is the largest power of two that a number holds; beyond it the cap has long been reached.
  return Math.min(capMs, baseMs * 2 ** Math.min(Math.max(failures, 1) - 1, 1023));
}
