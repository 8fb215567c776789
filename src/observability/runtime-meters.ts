// Meters of the controller machinery: queues, controllers, watches, calls to the API server, leadership. Names and
// labels are those of client-go and controller-runtime where they have them: kubernetes-sigs/controller-runtime@86a0d40,
// pkg/internal/controller/metrics/metrics.go, pkg/internal/metrics/workqueue.go, pkg/metrics/client_go_adapter.go.

import type { Registry } from "prom-client";
import { counter, gauge, histogram } from "./meter.ts";
import { series } from "./series.ts";

/** How a reconcile ended; `threw` is an unexpected error. */
type ReconcileOutcome = "awaitChange" | "requeueAfter" | "retry" | "threw";

interface QueueLoad {
  readonly waiting: number;
  /** Milliseconds that the keys in work have taken so far: of all together, and of the one that takes longest. */
  readonly unfinishedMs: number;
  readonly longestMs: number;
}

export interface QueueMetrics {
  added(): void;
  started(waitedMs: number): void;
  finished(workedMs: number): void;
  retried(): void;
  /** `read` is called at each scrape. */
  observe(read: () => QueueLoad): void;
}

export interface ControllerMetrics {
  reconciled(outcome: ReconcileOutcome, durationMs: number): void;
  rejected(): void;
  timedOut(): void;
  abandoned(): void;
  deferred(): void;
  /** `active` is called at each scrape. */
  observeWorkers(max: number, active: () => number): void;
}

export interface WatchMetrics {
  restarted(): void;
}

/** Milliseconds since the last sign of life. */
export interface ObservedWatch {
  readonly resource: string;
  readonly ageMs: number;
}

export interface LeaderMetrics {
  set(isLeader: boolean): void;
}

/** Told of each request: `code` is the HTTP status, or `<error>` if no answer came. */
export type CountRequest = (method: string, code: string, durationMs: number) => void;

/** What is read when somebody scrapes, so that it costs nothing meanwhile. */
export type OnScrape = (refresh: () => void) => void;

export function queueMeters(registry: Registry, onScrape: OnScrape): (name: string) => QueueMetrics {
  const depth = gauge(registry, series.queueDepth);
  const unfinished = gauge(registry, series.queueUnfinished);
  const longest = gauge(registry, series.queueLongest);
  const adds = counter(registry, series.queueAdds);
  const retries = counter(registry, series.queueRetries);
  const waits = histogram(registry, series.queueDuration);
  const work = histogram(registry, series.queueWorkDuration);
  return (name) => {
    const labels = { name, controller: name };
    for (const meter of [depth, unfinished, longest]) meter.set(labels, 0);
    for (const meter of [adds, retries]) meter.inc(labels, 0);
    for (const durations of [waits, work]) durations.zero(labels);
    return {
      added: () => adds.inc(labels),
      started: (waitedMs) => waits.observe(labels, waitedMs / 1000),
      finished: (workedMs) => work.observe(labels, workedMs / 1000),
      retried: () => retries.inc(labels),
      observe: (read) =>
        onScrape(() => {
          const load = read();
          depth.set(labels, load.waiting);
          unfinished.set(labels, load.unfinishedMs / 1000);
          longest.set(labels, load.longestMs / 1000);
        }),
    };
  };
}

/** Labels of controller-runtime: an expected failure that is tried again is a `requeue`, an unexpected one an `error`. */
const resultOfReconcile = {
  awaitChange: "success",
  requeueAfter: "requeue_after",
  retry: "requeue",
  threw: "error",
} as const satisfies Record<ReconcileOutcome, string>;

/** An unexpected throw is what a panic is in Go: counted as such and as an error. */
export function controllerMeters(registry: Registry, onScrape: OnScrape): (name: string) => ControllerMetrics {
  const reconciles = counter(registry, series.reconciles);
  const errors = counter(registry, series.reconcileErrors);
  const panics = counter(registry, series.reconcilePanics);
  const timeouts = counter(registry, series.reconcileTimeouts);
  const abandoned = counter(registry, series.reconcilesAbandoned);
  const deferred = counter(registry, series.reconcilesDeferred);
  const durations = histogram(registry, series.reconcileDuration);
  const max = gauge(registry, series.reconcileMaxConcurrent);
  const active = gauge(registry, series.reconcileActiveWorkers);
  return (controller) => {
    const labels = { controller };
    for (const result of Object.values(resultOfReconcile)) reconciles.inc({ controller, result }, 0);
    for (const meter of [errors, panics, timeouts, abandoned, deferred]) meter.inc(labels, 0);
    for (const meter of [max, active]) meter.set(labels, 0);
    durations.zero(labels);
    return {
      reconciled(outcome, durationMs) {
        reconciles.inc({ controller, result: resultOfReconcile[outcome] });
        durations.observe(labels, durationMs / 1000);
        if (outcome === "threw") for (const meter of [errors, panics]) meter.inc(labels);
      },
      rejected: () => panics.inc(labels),
      timedOut: () => timeouts.inc(labels),
      abandoned: () => abandoned.inc(labels),
      deferred: () => deferred.inc(labels),
      observeWorkers(workers, read) {
        max.set(labels, workers);
        onScrape(() => active.set(labels, read()));
      },
    };
  };
}

export function watchMeters(registry: Registry): (resource: string) => WatchMetrics {
  const restarts = counter(registry, series.watchRestarts);
  return (resource) => {
    restarts.inc({ resource }, 0);
    return { restarted: () => restarts.inc({ resource }) };
  };
}

export function watchAges(registry: Registry, onScrape: OnScrape): (list: () => Iterable<ObservedWatch>) => void {
  const age = gauge(registry, series.watchLastActivity);
  return (list) =>
    onScrape(() => {
      for (const { resource, ageMs } of list()) age.set({ resource }, ageMs / 1000);
    });
}

export function leaderMeters(registry: Registry): (name: string) => LeaderMetrics {
  const status = gauge(registry, series.leaderStatus);
  return (name) => {
    status.set({ name }, 0);
    return { set: (isLeader) => status.set({ name }, Number(isLeader)) };
  };
}

/** A watch counts as method `WATCH` (client-go says GET), and its duration ends with the head of the answer. */
export function apiMeters(registry: Registry): (host: string) => CountRequest {
  const requests = counter(registry, series.apiRequests);
  const durations = histogram(registry, series.apiRequestDuration);
  return (host) => (method, code, durationMs) => {
    requests.inc({ code, method, host });
    durations.observe({ verb: method, host }, durationMs / 1000);
  };
}
