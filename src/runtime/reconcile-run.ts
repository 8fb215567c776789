// One reconcile of one key, from its start to the schedule of the next: deadline, scope, outcome. The one place where
// an unexpected throw is caught: it is counted, logged and retried.

import type { CancelTimer, Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { assertNever } from "../core/result.ts";
import type { Reconcile, ReconcileResult } from "./reconcile-result.ts";
import type { ReconcileFacts, ReconcileScope, ReconcileScopes } from "./reconcile-scope.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Told how reconciles go, for metrics. */
export interface ReconcileObserver {
  /** It ended; `threw` is an unexpected throw. */
  reconciled(outcome: ReconcileResult["kind"] | "threw", durationMs: number): void;
  /** One of its promises was rejected and nobody handled it. */
  rejected(): void;
  /** Its time was over before it ended. */
  timedOut(): void;
  /** It did not end although it was told to, and its worker went on. */
  abandoned(): void;
  /** The key was put aside until its own writes are visible. */
  deferred(): void;
}

export interface ReconcileRunDeps {
  readonly name: string;
  readonly queue: Pick<WorkQueue, "addAfter" | "retry" | "resetFailures">;
  readonly reconcile: Reconcile;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly scopes: ReconcileScopes;
  readonly observer?: ReconcileObserver;
}

export interface ReconcileRun extends ReconcileScope {
  readonly key: string;
  readonly identity: ReconcileFacts;
  /** Begins; once. */
  start(): void;
  /** Fires its signal now. */
  abort(): void;
}

/** Exactly one of the two is called first; `ended` is called in any case, if it ever ends. */
export interface ReconcileHooks {
  /** The reconcile has ended and the key's next run is scheduled. */
  ended(run: ReconcileRun): void;
  /** It has not ended some time after its signal fired. */
  overdue(run: ReconcileRun): void;
}

/** Time to end after the signal: a write in flight is answered within it, or its own deadline is over. */
export const END_GRACE_MS = 10_000;
/** Cap of the backoff after an unexpected throw. */
const THROW_RETRY = { minDelayMs: 0, maxDelayMs: 30_000 };
/** What a reconcile left behind for longer is machinery of its own, which a new reconcile would not bring back. */
const OWNS_REJECTIONS_MS = 60_000;

/** Its time runs from now on. */
export function createReconcileRun(deps: ReconcileRunDeps, key: string, hooks: ReconcileHooks): ReconcileRun {
  return new KeyRun(deps, key, hooks);
}

class KeyRun implements ReconcileRun {
  readonly key: string;
  readonly #deps: ReconcileRunDeps;
  readonly #hooks: ReconcileHooks;
  readonly #abort = new AbortController();
  readonly #startMs: number;
  #cancelTimer: CancelTimer;
  #endedMs: number | undefined;
  /** A promise of it was rejected: whatever it returns, the key is tried again. */
  #hasRejected = false;
  #identity: ReconcileFacts | undefined;

  constructor(deps: ReconcileRunDeps, key: string, hooks: ReconcileHooks) {
    this.key = key;
    this.#deps = deps;
    this.#hooks = hooks;
    this.#startMs = deps.clock.monotonicMs();
    this.#cancelTimer = deps.clock.setTimer(deps.deadlineMs, () => {
      deps.observer?.timedOut();
      this.abort();
    });
  }

  get identity(): ReconcileFacts {
    this.#identity ??= { controller: this.#deps.name, key: this.key, reconcileId: reconcileIdFrom(this.#deps.random) };
    return this.#identity;
  }

  get facts(): ReconcileFacts | undefined {
    return this.#endedMs === undefined ? this.identity : undefined;
  }

  start(): void {
    void this.#run();
  }

  /** Only the reconcile itself is in its scope: what the queue does next would keep the scope in memory. */
  async #run(): Promise<void> {
    const { queue, log, reconcile, scopes } = this.#deps;
    try {
      const result = await scopes.run(this, () => reconcile(this.key, this.#abort.signal));
      this.#end(result.kind);
      if (!this.#hasRejected) schedule(queue, this.key, result);
    } catch (error) {
      log.failure("Reconcile threw", error, this.identity);
      this.#end("threw");
      queue.retry(this.key, THROW_RETRY);
    }
    this.#hooks.ended(this);
  }

  abort(): void {
    if (this.#abort.signal.aborted) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#deps.clock.setTimer(END_GRACE_MS, () => this.#hooks.overdue(this));
    this.#abort.abort();
  }

  rejected(error: unknown): boolean {
    const { clock, log, observer, queue } = this.#deps;
    if (this.#endedMs !== undefined && clock.monotonicMs() - this.#endedMs > OWNS_REJECTIONS_MS) return false;
    observer?.rejected();
    log.failure("Reconcile left a rejected promise to nobody", error, this.identity);
    this.#hasRejected = true;
    queue.retry(this.key, THROW_RETRY);
    return true;
  }

  #end(outcome: ReconcileResult["kind"] | "threw"): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#cancelTimer();
    this.#endedMs = nowMs;
    this.#deps.observer?.reconciled(outcome, nowMs - this.#startMs);
  }
}

function schedule(queue: ReconcileRunDeps["queue"], key: string, result: ReconcileResult): void {
  switch (result.kind) {
    case "awaitChange":
      queue.resetFailures(key);
      return;
    case "requeueAfter":
      queue.resetFailures(key);
      queue.addAfter(key, result.delayMs, "refresh");
      return;
    case "retry":
      queue.retry(key, result);
      return;
    default:
      assertNever(result);
  }
}

/** Eight hexadecimal digits: enough to find the lines of one reconcile among those of an hour. */
function reconcileIdFrom(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
