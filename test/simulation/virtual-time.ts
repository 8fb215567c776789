// Time that moves only from one thing that happens to the next, and the order in which they happen. Nothing else makes
// progress: promises run to their end between two steps, because all that they can wait for is a later step.

import type { CancelTimer } from "../../src/core/clock.ts";

interface Happening {
  readonly atMs: number;
  /** Of two at the same time the one that was planned first comes first. */
  readonly order: number;
  run: (() => void) | undefined;
}

export class VirtualTime {
  #nowMs = 0;
  #planned = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Happening[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    return this.at(this.#nowMs + Math.max(0, delayMs), run);
  }

  /** Exactly then: a delay to it and back need not be the same number. */
  at(atMs: number, run: () => void): CancelTimer {
    const happening: Happening = { atMs, order: this.#planned, run };
    this.#planned += 1;
    this.#push(happening);
    return () => {
      happening.run = undefined;
    };
  }

  /** Lets the next thing happen, unless it is later than `untilMs`: then time stands at `untilMs`, and the answer is false. */
  step(untilMs: number): boolean {
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      this.#pop();
      if (next.run === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      return true;
    }
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(happening);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isSooner(happening, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const sooner = b !== undefined && isSooner(b, a) ? b : a;
      if (!isSooner(sooner, last)) break;
      heap[place] = sooner;
      place = sooner === a ? left : left + 1;
    }
    heap[place] = last;
  }
}

function isSooner(a: Happening, b: Happening): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}

/** Resolves once no promise has anything left to do: Node runs ticks only when the queue of microtasks is empty. */
export function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
