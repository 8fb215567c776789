// Workers that take keys from a queue and reconcile them. The one place where an unexpected throw is caught: it is
// counted, logged and retried, and the worker goes on.

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { assertNever } from "../core/result.ts";
import { startDeadline } from "../kubernetes/deadline.ts";
import type { WorkQueue } from "./work-queue.ts";

/** What to do with the key next. A spec change or another trigger may always come sooner. */
export type ReconcileResult =
  | { readonly kind: "awaitChange" }
  | { readonly kind: "requeueAfter"; readonly delayMs: number }
  | {
      /** It failed: again after a backoff per key, from 1 s doubling. */
      readonly kind: "retry";
      /** Never sooner, milliseconds. */
      readonly minDelayMs: number;
      /** Cap of the backoff, milliseconds. */
      readonly maxDelayMs: number;
    };

/** Reads the world and acts. Must end soon after `signal` fires. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/** Told how each reconcile ended, for metrics. `threw`: an unexpected throw. */
export type OnReconciled = (outcome: ReconcileResult["kind"] | "threw", durationMs: number) => void;

export interface ControllerOptions {
  /** For logs, such as `stores`. */
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly workers: number;
  /** After so long the signal of a reconcile fires, milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onReconciled?: OnReconciled;
}

export interface Controller {
  start(): void;
  /** Takes no more keys and waits for those in work, which are aborted when `signal` fires. Stops the queue. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Cap of the backoff after an unexpected throw. */
const THROW_RETRY_CAP_MS = 30_000;

export function createController(options: ControllerOptions): Controller {
  const abort = new AbortController();
  let workers: readonly Promise<void>[] = [];
  return {
    start() {
      workers = Array.from({ length: options.workers }, () => work(options, abort.signal));
    },
    async stop(signal) {
      options.queue.stop();
      const abortWork = (): void => abort.abort();
      signal.addEventListener("abort", abortWork, { once: true });
      if (signal.aborted) abortWork();
      await Promise.all(workers);
      signal.removeEventListener("abort", abortWork);
    },
  };
}

async function work(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    const key = await options.queue.take();
    if (key === undefined) return;
    await reconcileKey(options, key, signal);
    options.queue.done(key);
  }
}

async function reconcileKey(
  { queue, reconcile, clock, log, ...options }: ControllerOptions,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const startMs = clock.monotonicMs();
  const deadline = startDeadline(clock, options.deadlineMs, signal);
  const report = (outcome: ReconcileResult["kind"] | "threw"): void =>
    options.onReconciled?.(outcome, clock.monotonicMs() - startMs);
  try {
    const result = await reconcile(key, deadline.signal);
    report(result.kind);
    schedule(queue, key, result);
  } catch (error) {
    report("threw");
    log.failure("Reconcile threw", error, { controller: options.name, key });
    queue.retry(key, { minDelayMs: 0, maxDelayMs: THROW_RETRY_CAP_MS });
  } finally {
    deadline.clear();
  }
}

function schedule(queue: WorkQueue, key: string, result: ReconcileResult): void {
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
