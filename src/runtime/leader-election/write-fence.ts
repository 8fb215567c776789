// Whether this process may write: asked right before the bytes of each write leave. It knows nothing of Leases; the
// elector moves its end.

import type { Clock } from "../../core/clock.ts";
import type { Fence, WriteEnd } from "../../kubernetes/fenced-client.ts";
import { LEASE_DURATION_MS } from "./lease.ts";

/** The same moment by both clocks, milliseconds. */
export interface FenceEnd {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface MovableFence extends Fence {
  openUntil(end: FenceEnd): void;
  close(): void;
  /**
   * True while a write of ours may still be carried out: one is in flight, or one of the last 15 s has no known end.
   * After that whoever waits for the Lease to run out would not wait any longer either.
   */
  mayCommit(): boolean;
}

/** For an operator that runs alone. */
export const openFence: Fence = {
  isOpen: () => true,
  signal: new AbortController().signal,
  began: () => () => undefined,
};

/** Closed at first. */
export function createWriteFence(clock: Clock): MovableFence {
  let current = new AbortController();
  let end: FenceEnd | undefined;
  let inFlight = 0;
  let unknownUntilMs = Number.NEGATIVE_INFINITY;
  const ended = (how: WriteEnd): void => {
    inFlight -= 1;
    if (how === "unknown") unknownUntilMs = clock.monotonicMs() + LEASE_DURATION_MS;
  };
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
    began() {
      inFlight += 1;
      return ended;
    },
    mayCommit: () => inFlight > 0 || clock.monotonicMs() < unknownUntilMs,
  };
}
