// Whether this process may write: asked right before the bytes of each write leave. It knows nothing of Leases; the
// elector moves its end.

import type { Clock } from "../../core/clock.ts";

export interface WriteFence {
  /** True while writes may be sent. */
  isOpen(): boolean;
  /** Fires when the fence closes: what is in flight is to be given up. A new one after it has opened again. */
  readonly signal: AbortSignal;
}

/** The same moment by both clocks, milliseconds. */
export interface FenceEnd {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface MovableFence extends WriteFence {
  openUntil(end: FenceEnd): void;
  close(): void;
}

/** For an operator that runs alone. */
export const openFence: WriteFence = { isOpen: () => true, signal: new AbortController().signal };

/** Closed at first. */
export function createWriteFence(clock: Clock): MovableFence {
  let current = new AbortController();
  let end: FenceEnd | undefined;
  return {
    // The monotonic clock may stand still while the machine is suspended, and the wall clock may be set: whichever
    // says that the time is over is believed. The next renewal opens the fence again.
    isOpen: () => end !== undefined && clock.monotonicMs() < end.monotonicMs && clock.nowMs() < end.wallMs,
    get signal() {
      return current.signal;
    },
    openUntil(next) {
      if (current.signal.aborted) current = new AbortController();
      end = next;
    },
    close() {
      end = undefined;
      current.abort();
    },
  };
}
