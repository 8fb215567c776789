// Watches how full the heap is, and says when to hold back work, so that a storm ends in delay and not in a crash.

import type { CancelTimer, Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";

export interface HeapUse {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface SheddingState {
  readonly isShedding: boolean;
  /** How many samples in a row spoke for the other state. */
  readonly against: number;
}

/** Shares of the limit. */
const HIGH = 0.85;
const FULL = 0.95;
const LOW = 0.75;
/** The heap may be full of garbage just before a collection; several samples in a row are not. */
const SAMPLES_TO_BEGIN = 3;
/** Half a minute: what was held back comes at once. */
const SAMPLES_TO_END = 15;
const SAMPLE_EVERY_MS = 2_000;

export const initialShedding: SheddingState = { isShedding: false, against: 0 };

/** `share`: of the limit, that is in use. */
export function nextShedding({ isShedding, against }: SheddingState, share: number): SheddingState {
  const speaksAgainst = isShedding ? share < LOW : share >= HIGH;
  if (!speaksAgainst) return { isShedding, against: 0 };
  const needed = isShedding ? SAMPLES_TO_END : SAMPLES_TO_BEGIN;
  const isDue = against + 1 >= needed || (!isShedding && share >= FULL);
  return isDue ? { isShedding: !isShedding, against: 0 } : { isShedding, against: against + 1 };
}

export interface HeapGuard {
  start(): void;
  stop(): void;
}

export interface HeapGuardOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly readHeap: () => HeapUse;
  readonly onChange: (isShedding: boolean) => void;
}

export function createHeapGuard({ clock, log, readHeap, onChange }: HeapGuardOptions): HeapGuard {
  let state = initialShedding;
  let cancel: CancelTimer = () => undefined;
  const sample = (): void => {
    const { usedBytes, limitBytes } = readHeap();
    const next = nextShedding(state, usedBytes / limitBytes);
    if (next.isShedding !== state.isShedding) {
      const facts = { usedMegabytes: megabytes(usedBytes), limitMegabytes: megabytes(limitBytes) };
      if (next.isShedding)
        log.warn("Heap is near its limit, holding back refreshes and working on less at once", facts);
      else log.info("Heap has room again, working as usual", facts);
      onChange(next.isShedding);
    }
    state = next;
    cancel = clock.setTimer(SAMPLE_EVERY_MS, sample);
  };
  return { start: sample, stop: () => cancel() };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
