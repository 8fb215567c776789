// Two first-in-first-out lanes served as one: an entry of the refresh lane counts as if it had come later, by a fixed
// lag. So changes go first, and yet every refresh is overtaken for a bounded time only.

import type { Lane } from "./work-queue.ts";

/** How long a refresh yields to changes that came after it. */
export const REFRESH_LAG_MS = 5_000;

export interface WaitingKey {
  readonly key: string;
  readonly sinceMs: number;
}

export interface Lanes {
  readonly size: number;
  /** Puts the key at the end of the lane. A key that waits already keeps its place, or moves to `change` if that is sooner. False: it waited already. */
  put(key: string, lane: Lane, nowMs: number): boolean;
  /** Removes and returns the key that is first in turn. */
  next(): WaitingKey | undefined;
  clear(): void;
}

export function createLanes(): Lanes {
  // Maps keep the order of insertion; the times in each are therefore rising.
  const since = { change: new Map<string, number>(), refresh: new Map<string, number>() };

  const head = (lane: Lane): WaitingKey | undefined => {
    const first = since[lane].entries().next();
    return first.done === true ? undefined : { key: first.value[0], sinceMs: first.value[1] };
  };

  return {
    get size() {
      return since.change.size + since.refresh.size;
    },
    put(key, lane, nowMs) {
      if (since.change.has(key)) return false;
      const refreshSinceMs = since.refresh.get(key);
      if (refreshSinceMs !== undefined && (lane === "refresh" || refreshSinceMs + REFRESH_LAG_MS <= nowMs))
        return false;
      since.refresh.delete(key);
      since[lane].set(key, nowMs);
      return refreshSinceMs === undefined;
    },
    next() {
      const [change, refresh] = [head("change"), head("refresh")];
      const lane =
        change === undefined || (refresh !== undefined && refresh.sinceMs + REFRESH_LAG_MS < change.sinceMs)
          ? "refresh"
          : "change";
      const first = lane === "change" ? change : refresh;
      if (first !== undefined) since[lane].delete(first.key);
      return first;
    },
    clear() {
      since.change.clear();
      since.refresh.clear();
    },
  };
}
