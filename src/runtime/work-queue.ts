// Keys that wait for a worker, with client-go's rules: a key waits at most once, is never worked on twice at the same
// time, and is worked on again if it was added meanwhile. Changes go before refreshes, but no refresh waits for ever.
// Rules: kubernetes/client-go util/workqueue/queue.go, delaying_queue.go, rate_limiting_queue.go.

import type { Clock, Random } from "../core/clock.ts";
import { equalJitterMs } from "./backoff.ts";
import { createDelayedAdds, type DelayedAdds } from "./delayed-adds.ts";
import { createLanes } from "./lanes.ts";

/** `change`: somebody waits for it. `refresh`: periodic work, which yields to changes for a while. */
export type Lane = "change" | "refresh";

/** Told what happens in the queue, for metrics. */
export interface WorkQueueObserver {
  depth(waiting: number): void;
  added(lane: Lane): void;
  /** A worker took a key that had waited so long, milliseconds. */
  started(waitedMs: number): void;
  /** A worker was done with a key after so long, milliseconds. */
  finished(workedMs: number): void;
  retried(): void;
}

export interface RetryDelay {
  /** Never sooner, milliseconds (a server's Retry-After). Wins over the cap. */
  readonly minDelayMs: number;
  /** Cap of the exponential backoff, milliseconds. */
  readonly maxDelayMs: number;
}

export interface WorkQueue {
  add(key: string, lane?: Lane): void;
  /** Adds the key later; of several delayed adds of one key the earliest counts. */
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
  /** Keys added while in work: they wait again once that is done. */
  readonly #dirty = new Map<string, Lane>();
  readonly #failures = new Map<string, number>();
  #takers: ((key: string | undefined) => void)[] = [];
  #stopped = false;

  constructor({ clock, random, observer }: WorkQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#observer = observer;
    this.#delayed = createDelayedAdds(clock, (key, lane) => this.add(key, lane));
  }

  add(key: string, lane: Lane = "change"): void {
    if (this.#stopped) return;
    if (this.#processing.has(key)) {
      if (this.#dirty.get(key) !== "change") this.#dirty.set(key, lane);
      return;
    }
    if (this.#waiting.put(key, lane, this.#clock.monotonicMs())) this.#observer?.added(lane);
    this.#serve();
  }

  addAfter(key: string, delayMs: number, lane: Lane = "change"): void {
    if (!this.#stopped) this.#delayed.schedule(key, delayMs, lane);
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
    this.#observer?.finished(this.#clock.monotonicMs() - startedMs);
    const lane = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (lane !== undefined) this.add(key, lane);
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    this.#dirty.clear();
    this.#delayed.cancelAll();
    for (const resolve of this.#takers) resolve(undefined);
    this.#takers = [];
    this.#observer?.depth(0);
  }

  #serve(): void {
    while (this.#takers.length > 0) {
      const next = this.#waiting.next();
      if (next === undefined) break;
      const nowMs = this.#clock.monotonicMs();
      this.#processing.set(next.key, nowMs);
      this.#delayed.cancel(next.key);
      this.#observer?.started(nowMs - next.sinceMs);
      this.#takers.shift()?.(next.key);
    }
    this.#observer?.depth(this.#waiting.size);
  }
}
