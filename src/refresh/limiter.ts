// How many requests one store may have in flight, and how many it may get per second.

import PQueue from "p-queue";

export interface LimiterOptions {
  readonly maxInFlight: number;
  readonly requestsPerSecond: number;
}

/** Runs `task` when the store's budget allows. Rejects with the signal's reason if it fires while the task waits. */
export type Limiter = <T>(task: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** p-queue's default windows let bursts double up at their edges; `strict` does not. */
export function createLimiter(options: LimiterOptions): Limiter {
  const queue = new PQueue({
    concurrency: options.maxInFlight,
    interval: 1000,
    intervalCap: options.requestsPerSecond,
    strict: true,
  });
  return async (task, signal) => queue.add(task, { signal });
}
