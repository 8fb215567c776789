// The keys that wait, in the order in which they are served: by when they came plus the time by which each yields to
// others. A change yields to nobody; a refresh yields to changes that came later, but only for that time, so that none
// waits for ever.

import { createMinHeap, type MinHeap } from "./min-heap.ts";

export interface WaitingKey {
  readonly key: string;
  /** When it came first, monotonic milliseconds. */
  readonly sinceMs: number;
}

export interface Lanes {
  readonly size: number;
  /** Adds the key, which yields so long (0: it is a change). One that waits already gets the sooner of both places. False: it waited already. */
  put(key: string, yieldMs: number, nowMs: number): boolean;
  /** Removes and returns the key that is first in turn. */
  next(): WaitingKey | undefined;
  /** The same, among the changes only. */
  nextChange(): WaitingKey | undefined;
  clear(): void;
}

interface Place extends WaitingKey {
  readonly turnMs: number;
  /** Of two with the same turn who came first. */
  readonly order: number;
}

export function createLanes(): Lanes {
  return new TwoLanes();
}

class TwoLanes implements Lanes {
  readonly #places = new Map<string, Place>();
  // Both also hold places that were given up for a sooner one; those are not in the map any more.
  readonly #changes = createMinHeap(isSooner);
  readonly #refreshes = createMinHeap(isSooner);
  #order = 0;

  get size(): number {
    return this.#places.size;
  }

  put(key: string, yieldMs: number, nowMs: number): boolean {
    const turnMs = nowMs + yieldMs;
    const before = this.#places.get(key);
    if (before !== undefined && before.turnMs <= turnMs) return false;
    const place: Place = { key, sinceMs: before?.sinceMs ?? nowMs, turnMs, order: this.#order++ };
    this.#places.set(key, place);
    (yieldMs === 0 ? this.#changes : this.#refreshes).push(place);
    return before === undefined;
  }

  next(): WaitingKey | undefined {
    const change = this.#first(this.#changes);
    const refresh = this.#first(this.#refreshes);
    const isRefresh = refresh !== undefined && (change === undefined || refresh.turnMs < change.turnMs);
    return this.#take(isRefresh ? this.#refreshes : this.#changes);
  }

  nextChange(): WaitingKey | undefined {
    return this.#take(this.#changes);
  }

  clear(): void {
    this.#places.clear();
  }

  #take(lane: MinHeap<Place>): Place | undefined {
    const first = this.#first(lane);
    if (first === undefined) return undefined;
    lane.pop();
    this.#places.delete(first.key);
    return first;
  }

  #first(lane: MinHeap<Place>): Place | undefined {
    for (let first = lane.peek(); first !== undefined; first = lane.peek()) {
      if (this.#places.get(first.key) === first) return first;
      lane.pop();
    }
    return undefined;
  }
}

function isSooner(a: Place, b: Place): boolean {
  return a.turnMs < b.turnMs || (a.turnMs === b.turnMs && a.order < b.order);
}
