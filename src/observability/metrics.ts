// The meters of the operator, on a registry of their own. Each handle takes facts and knows its labels; series whose
// labels are closed start at zero. Everything else about a series stands in the table `series.ts`.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { providerErrorPolicy, type ProviderErrorKind } from "../core/provider/error.ts";
import type { SecretProvider } from "../core/provider/port.ts";
import { reasonPolicy, type Reason } from "../core/status/reasons.ts";
import { createObjectGauges, type ObjectGauges } from "./object-gauges.ts";
import { series } from "./series.ts";

type ProviderOperation = Exclude<keyof SecretProvider, "close">;
type ProviderOutcome = "ok" | ProviderErrorKind;
/** How a reconcile ended; `threw` is an unexpected error. */
type ReconcileOutcome = "awaitChange" | "requeueAfter" | "retry" | "threw";

interface QueueMetrics {
  depth(waiting: number): void;
  added(): void;
  started(waitedMs: number): void;
  finished(workedMs: number): void;
  retried(): void;
}

interface ControllerMetrics {
  reconciled(outcome: ReconcileOutcome): void;
}

export interface WatchMetrics {
  restarted(): void;
}

interface ProviderMetrics {
  /** One call, however many references it carried. */
  observeCall(operation: ProviderOperation, durationSeconds: number): void;
  /** One answer: a reference of a read, or the whole of another call. */
  countOutcome(operation: ProviderOperation, outcome: ProviderOutcome): void;
  loggedIn(outcome: ProviderOutcome): void;
}

export interface Metrics extends ObjectGauges {
  readonly contentType: string;
  /** All series in the Prometheus text format; gauges of objects are read now. */
  scrape(): Promise<string>;
  synced(reason: Reason): void;
  eventDropped(): void;
  /** `code`: the HTTP status, or `<error>` if no answer came. */
  apiRequest(method: string, code: string): void;
  /** Handles create their series at zero; ask once per name (of a provider: as often as is handy). */
  queue(name: string): QueueMetrics;
  controller(name: string): ControllerMetrics;
  watch(resource: string): WatchMetrics;
  provider(name: string): ProviderMetrics;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({ ...named(series.buildInfo), registers: [registry] }).set({ version }, 1);
  const eventsDropped = new Counter({ ...named(series.eventsDropped), registers: [registry] });
  const apiRequests = new Counter({ ...named(series.apiRequests), registers: [registry] });
  const objects = createObjectGauges(registry);
  return {
    contentType: registry.contentType,
    scrape: () => {
      objects.refresh();
      return registry.metrics();
    },
    observeExternalSecrets: objects.observeExternalSecrets,
    observeStores: objects.observeStores,
    synced: syncMeter(registry),
    eventDropped: () => eventsDropped.inc(),
    apiRequest: (method, code) => apiRequests.inc({ code, method }),
    queue: queueMeters(registry),
    controller: controllerMeters(registry),
    watch: watchMeters(registry),
    provider: providerMeters(registry),
  };
}

function named<L extends string>(entry: {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}) {
  return { name: entry.name, help: entry.help, labelNames: entry.labels };
}

const resultOfReady = { True: "success", False: "failure", kept: "suspended" } as const;

function syncMeter(registry: Registry): (reason: Reason) => void {
  const syncs = new Counter({ ...named(series.syncs), registers: [registry] });
  for (const [reason, policy] of Object.entries(reasonPolicy))
    syncs.inc({ result: resultOfReady[policy.ready], reason }, 0);
  return (reason) => syncs.inc({ result: resultOfReady[reasonPolicy[reason].ready], reason });
}

function queueMeters(registry: Registry): (name: string) => QueueMetrics {
  const depth = new Gauge({ ...named(series.queueDepth), registers: [registry] });
  const adds = new Counter({ ...named(series.queueAdds), registers: [registry] });
  const retries = new Counter({ ...named(series.queueRetries), registers: [registry] });
  const waits = histogram(registry, series.queueDuration);
  const work = histogram(registry, series.queueWorkDuration);
  return (name) => {
    depth.set({ name }, 0);
    for (const counter of [adds, retries]) counter.inc({ name }, 0);
    for (const durations of [waits, work]) durations.zero({ name });
    return {
      depth: (keys) => depth.set({ name }, keys),
      added: () => adds.inc({ name }),
      started: (waitedMs) => waits.observe({ name }, waitedMs / 1000),
      finished: (workedMs) => work.observe({ name }, workedMs / 1000),
      retried: () => retries.inc({ name }),
    };
  };
}

function histogram<L extends string>(
  registry: Registry,
  entry: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly L[];
    readonly buckets: readonly number[];
  },
): Histogram<L> {
  return new Histogram({ ...named(entry), buckets: [...entry.buckets], registers: [registry] });
}

/** Labels of controller-runtime: an expected failure that is tried again is a `requeue`, an unexpected one an `error`. */
const resultOfReconcile = {
  awaitChange: "success",
  requeueAfter: "requeue_after",
  retry: "requeue",
  threw: "error",
} as const satisfies Record<ReconcileOutcome, string>;

function controllerMeters(registry: Registry): (name: string) => ControllerMetrics {
  const reconciles = new Counter({ ...named(series.reconciles), registers: [registry] });
  const errors = new Counter({ ...named(series.reconcileErrors), registers: [registry] });
  return (controller) => {
    for (const result of Object.values(resultOfReconcile)) reconciles.inc({ controller, result }, 0);
    errors.inc({ controller }, 0);
    return {
      reconciled: (outcome) => {
        reconciles.inc({ controller, result: resultOfReconcile[outcome] });
        if (outcome === "threw") errors.inc({ controller });
      },
    };
  };
}

function watchMeters(registry: Registry): (resource: string) => WatchMetrics {
  const restarts = new Counter({ ...named(series.watchRestarts), registers: [registry] });
  return (resource) => {
    restarts.inc({ resource }, 0);
    return { restarted: () => restarts.inc({ resource }) };
  };
}

const providerOperations = [
  "readVersions",
  "readSecrets",
  "find",
  "validate",
] as const satisfies readonly ProviderOperation[];
const providerOutcomes = ["ok", ...Object.keys(providerErrorPolicy)];

function providerMeters(registry: Registry): (name: string) => ProviderMetrics {
  const requests = new Counter({ ...named(series.providerRequests), registers: [registry] });
  const durations = histogram(registry, series.providerRequestDuration);
  const logins = new Counter({ ...named(series.providerLogins), registers: [registry] });
  const known = new Map<string, ProviderMetrics>();
  const create = (provider: string): ProviderMetrics => {
    for (const outcome of providerOutcomes) {
      logins.inc({ provider, outcome }, 0);
      for (const operation of providerOperations) requests.inc({ provider, operation, outcome }, 0);
    }
    for (const operation of providerOperations) durations.zero({ provider, operation });
    return {
      observeCall: (operation, durationSeconds) => durations.observe({ provider, operation }, durationSeconds),
      countOutcome: (operation, outcome) => requests.inc({ provider, operation, outcome }),
      loggedIn: (outcome) => logins.inc({ provider, outcome }),
    };
  };
  return (provider) => {
    const meters = known.get(provider) ?? create(provider);
    known.set(provider, meters);
    return meters;
  };
}
