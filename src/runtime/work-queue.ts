// Keys that wait for a worker, with client-go's rules: a key waits at most once, is never worked on twice at the same
// time, and is worked on again if it was added meanwhile. Changes go before refreshes, but no refresh waits for ever.
// Rules: kubernetes/client-go util/workqueue/queue.go, delaying_queue.go, rate_limiting_queue.go.

import type { Clock, Random } from "../core/clock.ts";
import { equalJitterMs } from "./backoff.ts";
import { createDelayedAdds, type DelayedAdds } from "./delayed-adds.ts";
import { createLanes, type WaitingKey } from "./lanes.ts";

/** `change`: somebody waits for it. `refresh`: periodic work, which yields to changes for a while. */
export type Lane = "change" | "refresh";

/** How long a refresh yields to changes at most; less if it comes after a shorter delay. */
export const MAX_YIELD_MS = 60_000;

/** Told what happens in the queue, for metrics. */
export interface WorkQueueObserver {
  added(): void;
  /** A worker took a key that had waited so long, milliseconds. */
  started(waitedMs: number): void;
  /** A worker was done with a key after so long, milliseconds. */
  finished(workedMs: number): void;
  retried(): void;
}

/** What the queue has in hand at this moment. */
export interface QueueLoad {
  /** Keys that wait for a worker. */
  readonly waiting: number;
  /** Milliseconds that the keys in work have taken so far: of all together, and of the one that takes longest. */
  readonly unfinishedMs: number;
  readonly longestMs: number;
}

export interface RetryDelay {
  /** Never sooner, milliseconds (a server's Retry-After). Wins over the cap. */
  readonly minDelayMs: number;
  /** Cap of the exponential backoff, milliseconds. */
  readonly maxDelayMs: number;
}

export interface WorkQueue {
  add(key: string, lane?: Lane): void;
  /**
   * Adds the key later; of several delayed adds of one key the earliest counts. A refresh yields to changes for as long
   * as it was delayed, so that none waits over twice its interval on their account.
   */
  addAfter(key: string, delayMs: number, lane?: Lane): void;
  /** Counts a failure of the key and adds it after its backoff (from 1 s, doubling). Returns the delay, milliseconds. */
  retry(key: string, delay: RetryDelay): number;
  /** Ends the key's backoff: the next failure counts as the first. */
  resetFailures(key: string): void;
  /** Ends the key's backoff and cancels its delayed add. What waits or is worked on stays. */
  forget(key: string): void;
  /** The next key, or undefined once the queue has stopped. Taking a key cancels its delayed add: the run that begins decides anew. */
  take(): Promise<string | undefined>;
  /** The worker is done with the key. Must follow every `take`. */
  done(key: string): void;
  /** The worker leaves a key that is not done: still nobody gets it before it is `done`, but it does not count for `limit`. */
  abandon(key: string): void;
  /**
   * At most so many keys in work at once; changes first, and a refresh only when nothing else is in work. Undefined: no
   * limit, as in the beginning.
   */
  limit(maxInWork: number | undefined): void;
  load(): QueueLoad;
  /** Drops what waits, refuses more, and ends all `take` with undefined. Keys in work may still be `done`. */
  stop(): void;
}

/** First delay after a failure. */
const RETRY_BASE_MS = 1_000;

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly observer?: WorkQueueObserver;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyedWorkQueue(options);
}

class KeyedWorkQueue implements WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #observer: WorkQueueObserver | undefined;
  readonly #waiting = createLanes();
  readonly #delayed: DelayedAdds;
  /** Keys in work, with the time they were taken. */
  readonly #processing = new Map<string, number>();
  /** Of those in work, the ones whose worker has left. */
  readonly #abandoned = new Set<string>();
  /** Keys added while in work, with how long they yield: they wait again once that is done. */
  readonly #dirty = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #takers: ((key: string | undefined) => void)[] = [];
  #maxInWork: number | undefined;
  #stopped = false;

  constructor({ clock, random, observer }: WorkQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#observer = observer;
    this.#delayed = createDelayedAdds(clock, (key, yieldMs) => this.#put(key, yieldMs));
  }

  add(key: string, lane: Lane = "change"): void {
    this.#put(key, lane === "change" ? 0 : MAX_YIELD_MS);
  }

  addAfter(key: string, delayMs: number, lane: Lane = "change"): void {
    const yieldMs = lane === "change" ? 0 : Math.min(delayMs, MAX_YIELD_MS);
    if (!this.#stopped) this.#delayed.schedule(key, delayMs, yieldMs);
  }

  retry(key: string, { minDelayMs, maxDelayMs }: RetryDelay): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const backoffMs = equalJitterMs(failures, { baseMs: RETRY_BASE_MS, capMs: maxDelayMs }, this.#random);
    const delayMs = Math.max(minDelayMs, backoffMs);
    this.#observer?.retried();
    this.addAfter(key, delayMs);
    return delayMs;
  }

  resetFailures(key: string): void {
    this.#failures.delete(key);
  }

  forget(key: string): void {
    this.#failures.delete(key);
    this.#delayed.cancel(key);
  }

  take(): Promise<string | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#serve();
    });
  }

  done(key: string): void {
    const startedMs = this.#processing.get(key);
    if (startedMs === undefined) throw new Error("done without take");
    this.#processing.delete(key);
    this.#abandoned.delete(key);
    this.#observer?.finished(this.#clock.monotonicMs() - startedMs);
    const yieldMs = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (yieldMs !== undefined) this.#put(key, yieldMs);
    this.#serve();
  }

  abandon(key: string): void {
    if (!this.#processing.has(key)) throw new Error("abandon without take");
    this.#abandoned.add(key);
    this.#serve();
  }

  limit(maxInWork: number | undefined): void {
    this.#maxInWork = maxInWork;
    this.#serve();
  }

  load(): QueueLoad {
    const nowMs = this.#clock.monotonicMs();
    const tookMs = [...this.#processing.values()].map((startedMs) => nowMs - startedMs);
    const unfinishedMs = tookMs.reduce((sum, ms) => sum + ms, 0);
    return { waiting: this.#waiting.size, unfinishedMs, longestMs: Math.max(0, ...tookMs) };
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    this.#delayed.cancelAll();
    for (const resolve of this.#takers) resolve(undefined);
    this.#takers = [];
  }

  #put(key: string, yieldMs: number): void {
    if (this.#stopped) return;
    if (this.#processing.has(key)) {
      this.#dirty.set(key, Math.min(yieldMs, this.#dirty.get(key) ?? yieldMs));
      return;
    }
    if (this.#waiting.put(key, yieldMs, this.#clock.monotonicMs())) this.#observer?.added();
    this.#serve();
  }

  #serve(): void {
    while (this.#takers.length > 0) {
      const next = this.#next();
      if (next === undefined) return;
      const nowMs = this.#clock.monotonicMs();
      this.#processing.set(next.key, nowMs);
      this.#delayed.cancel(next.key);
      this.#observer?.started(nowMs - next.sinceMs);
      this.#takers.shift()?.(next.key);
    }
  }

  #next(): WaitingKey | undefined {
    if (this.#maxInWork === undefined) return this.#waiting.next();
    const inWork = this.#processing.size - this.#abandoned.size;
    if (inWork >= this.#maxInWork) return undefined;
    return this.#waiting.nextChange() ?? (inWork === 0 ? this.#waiting.next() : undefined);
  }
}
