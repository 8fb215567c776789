// Adds that are still to come: at most one per key, the earliest that was asked for. One timer serves them all: every
// key that rests waits here for its next refresh, and a timer of its own would cost each of them 600 bytes.

import type { CancelTimer, Clock } from "../core/clock.ts";
import { createMinHeap, type MinHeap } from "./min-heap.ts";

interface DelayedAdd {
  readonly key: string;
  readonly dueMs: number;
  readonly yieldMs: number;
  /** Of those due at one time, the one that was asked for first goes first. */
  readonly turn: number;
}

export interface DelayedAdds {
  /** Adds the key later; it then yields so long to others. */
  schedule(key: string, delayMs: number, yieldMs: number): void;
  cancel(key: string): void;
  cancelAll(): void;
}

export function createDelayedAdds(clock: Clock, add: (key: string, yieldMs: number) => void): DelayedAdds {
  return new TimedAdds(clock, add);
}

/** So many cancelled adds may lie between the others before they are cleared away, beside one for each that counts. */
const MAX_CANCELLED = 1_000;

class TimedAdds implements DelayedAdds {
  readonly #clock: Clock;
  readonly #add: (key: string, yieldMs: number) => void;
  readonly #byKey = new Map<string, DelayedAdd>();
  /** Those of `#byKey`, and cancelled ones that nobody has met yet. */
  #byTime = emptyHeap();
  #heapSize = 0;
  #turn = 0;
  /** Set for the first that counts. */
  #timer: { readonly dueMs: number; readonly cancel: CancelTimer } | undefined;

  constructor(clock: Clock, add: (key: string, yieldMs: number) => void) {
    this.#clock = clock;
    this.#add = add;
  }

  schedule(key: string, delayMs: number, yieldMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const earlier = this.#byKey.get(key);
    if (earlier !== undefined && earlier.dueMs <= dueMs) return;
    this.#turn += 1;
    const delayed = { key, dueMs, yieldMs, turn: this.#turn };
    this.#byKey.set(key, delayed);
    this.#push(delayed);
    if (this.#heapSize > 2 * this.#byKey.size + MAX_CANCELLED) this.#dropCancelled();
    this.#setTimer();
  }

  cancel(key: string): void {
    if (this.#byKey.delete(key)) this.#setTimer();
  }

  cancelAll(): void {
    this.#byKey.clear();
    this.#setTimer();
  }

  #push(delayed: DelayedAdd): void {
    this.#byTime.push(delayed);
    this.#heapSize += 1;
  }

  /** The first that counts; cancelled ones before it are dropped. */
  #first(): DelayedAdd | undefined {
    let first = this.#byTime.peek();
    for (; first !== undefined && this.#byKey.get(first.key) !== first; first = this.#byTime.peek()) this.#pop();
    return first;
  }

  #pop(): void {
    this.#byTime.pop();
    this.#heapSize -= 1;
  }

  #dropCancelled(): void {
    this.#byTime = emptyHeap();
    this.#heapSize = 0;
    for (const delayed of this.#byKey.values()) this.#push(delayed);
  }

  #setTimer(): void {
    const dueMs = this.#first()?.dueMs;
    if (this.#timer?.dueMs === dueMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (dueMs === undefined) return;
    const delayMs = Math.max(0, dueMs - this.#clock.monotonicMs());
    this.#timer = { dueMs, cancel: this.#clock.setTimer(delayMs, () => this.#fire()) };
  }

  #fire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#first(); first !== undefined && first.dueMs <= nowMs; first = this.#first()) {
      this.#pop();
      this.#byKey.delete(first.key);
      this.#add(first.key, first.yieldMs);
    }
    this.#setTimer();
  }
}

function emptyHeap(): MinHeap<DelayedAdd> {
  return createMinHeap((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.turn < b.turn));
}
