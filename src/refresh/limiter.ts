// How many requests one store may have in flight, and how many it may get per second.

import { isDeepStrictEqual } from "node:util";
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

export interface LimiterPool {
  /** The one limiter of `key`; a new one only when its options change. */
  take(key: string, options: LimiterOptions): Limiter;
  forget(key: string): void;
}

/** A store has one budget, however many sessions (tenants, and the old one beside the new) share it. */
export function createLimiterPool(): LimiterPool {
  const pool = new Map<string, { readonly options: LimiterOptions; readonly limiter: Limiter }>();
  return {
    take(key, options) {
      const known = pool.get(key);
      if (known !== undefined && isDeepStrictEqual(known.options, options)) return known.limiter;
      const limiter = createLimiter(options);
      pool.set(key, { options, limiter });
      return limiter;
    },
    forget: (key) => void pool.delete(key),
  };
}
