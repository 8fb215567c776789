// Workers that take keys from a queue and reconcile them. No reconcile can end a worker or hold it for ever: one that
// throws is retried, one that does not end is left behind with its key.

import type { QueueLoad, WorkQueue } from "./work-queue.ts";
import {
  createReconcileRun,
  type ReconcileHooks,
  type ReconcileObserver,
  type ReconcileRun,
  type ReconcileRunDeps,
} from "./reconcile-run.ts";
import type { WriteGate } from "./write-gate.ts";

export interface ControllerOptions extends ReconcileRunDeps {
  readonly queue: WorkQueue;
  readonly workers: number;
  /** Undefined: a key is reconciled whether or not the caches show its own last writes. */
  readonly gate?: Pick<WriteGate, "isOpen" | "stop">;
  readonly observer?: ReconcileObserver;
}

/** What a controller does at this moment. */
export interface ControllerWork extends QueueLoad {
  /** Undefined: not started, or stopped. */
  readonly workers: number | undefined;
  /** Workers that are busy. */
  readonly active: number;
  /** Reconciles left behind by their worker that have not ended yet. */
  readonly abandoned: number;
}

export interface Controller {
  start(): void;
  /** Takes no more keys and waits for those in work, which are aborted when `signal` fires. Stops the queue. */
  stop(signal: AbortSignal): Promise<void>;
  work(): ControllerWork;
}

export function createController(options: ControllerOptions): Controller {
  return new WorkerPool(options);
}

class WorkerPool implements Controller, ReconcileHooks {
  readonly #options: ControllerOptions;
  /** What runs, with how to free its worker. */
  readonly #runs = new Map<ReconcileRun, () => void>();
  readonly #abandoned = new Set<ReconcileRun>();
  #workers: readonly Promise<void>[] = [];
  #isRunning = false;
  #isAborted = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isRunning = true;
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#runWorker());
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#isRunning = false;
    this.#options.gate?.stop();
    this.#options.queue.stop();
    const abortWork = (): void => this.#abortWork();
    signal.addEventListener("abort", abortWork, { once: true });
    if (signal.aborted) abortWork();
    await Promise.all(this.#workers);
    signal.removeEventListener("abort", abortWork);
  }

  work(): ControllerWork {
    return {
      ...this.#options.queue.load(),
      workers: this.#isRunning ? this.#options.workers : undefined,
      active: this.#runs.size - this.#abandoned.size,
      abandoned: this.#abandoned.size,
    };
  }

  /** The key is done when its reconcile has ended, and not sooner. */
  ended(run: ReconcileRun): void {
    const { queue, log } = this.#options;
    queue.done(run.key);
    if (this.#abandoned.delete(run)) log.warn("Abandoned reconcile ended", run.identity);
    this.#runs.get(run)?.();
    this.#runs.delete(run);
  }

  overdue(run: ReconcileRun): void {
    const { queue, log, observer } = this.#options;
    this.#abandoned.add(run);
    queue.abandon(run.key);
    observer?.abandoned();
    log.error("Reconcile did not end when its time was over: its worker goes on without it", run.identity);
    this.#runs.get(run)?.();
  }

  #abortWork(): void {
    this.#isAborted = true;
    for (const run of this.#runs.keys()) run.abort();
  }

  async #runWorker(): Promise<void> {
    const { queue, gate, observer } = this.#options;
    for (;;) {
      const key = await queue.take();
      if (key === undefined) return;
      if (gate === undefined || gate.isOpen(key)) await this.#reconcile(key);
      else {
        observer?.deferred();
        queue.done(key);
      }
    }
  }

  /** Resolves when the worker is free again. */
  #reconcile(key: string): Promise<void> {
    return new Promise((free) => {
      const run = createReconcileRun(this.#options, key, this);
      this.#runs.set(run, free);
      if (this.#isAborted) run.abort();
      run.start();
    });
  }
}
