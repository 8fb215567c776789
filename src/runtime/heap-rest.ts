// Gives memory back once a spell of work is over. V8 keeps the room that the work took, which is most of what an idle
// operator would hold; it shrinks at a collection only when told that memory is short. While there is work this does
// nothing, because then the room is used again at once.

import type { CancelTimer, Clock } from "../core/clock.ts";
import type { Component } from "./manager.ts";

/** How the process uses its time and its heap. */
export interface HeapRestOptions {
  readonly clock: Clock;
  /** Share of the time since it was asked last in which the event loop was busy, 0 to 1. */
  readonly readBusyShare: () => number;
  /** What V8 holds of the system's memory for its heap, in use or not. */
  readonly readHeldBytes: () => number;
  /** Collects all garbage and gives back what is free. It blocks: some 10 ms for each MB that stays in use. */
  readonly collect: () => void;
}

const SAMPLE_EVERY_MS = 5_000;
/** So many samples in a row below this share, and the spell is over. */
const QUIET_SAMPLES = 3;
const QUIET_SHARE = 0.1;
/** Not for little: V8 holds so many times more than after the last time. */
const WORTH_GROWTH = 1.2;
/** Work that comes in small spells must not end each time in a collection. */
const MIN_PAUSE_MS = 5 * 60_000;

export function heapRestComponent({ clock, readBusyShare, readHeldBytes, collect }: HeapRestOptions): Component {
  let quietSamples = 0;
  let heldAfterBytes = 0;
  let collectedMs = -Infinity;
  let cancel: CancelTimer = () => undefined;
  const isDue = (): boolean =>
    quietSamples >= QUIET_SAMPLES &&
    clock.monotonicMs() - collectedMs >= MIN_PAUSE_MS &&
    readHeldBytes() >= heldAfterBytes * WORTH_GROWTH;
  const sample = (): void => {
    quietSamples = readBusyShare() < QUIET_SHARE ? quietSamples + 1 : 0;
    if (isDue()) {
      collect();
      heldAfterBytes = readHeldBytes();
      collectedMs = clock.monotonicMs();
      readBusyShare();
    }
    cancel = clock.setTimer(SAMPLE_EVERY_MS, sample);
  };
  return {
    name: "heap rest",
    start() {
      cancel = clock.setTimer(SAMPLE_EVERY_MS, sample);
      return Promise.resolve();
    },
    stop() {
      cancel();
      return Promise.resolve();
    },
  };
}
