// The meters of the operator, on a registry of their own. Each handle takes facts and knows its labels; series whose
// labels are closed start at zero. Everything else about a series stands in the table `series.ts`.

import { collectDefaultMetrics, Registry } from "prom-client";
import { reasonPolicy, type Reason } from "../core/status/reasons.ts";
import { counter, gauge } from "./meter.ts";
import { createObjectGauges, type ObjectGauges } from "./object-gauges.ts";
import { type ProviderMetrics, providerMeters } from "./provider-meters.ts";
import {
  apiMeters,
  type ControllerMetrics,
  controllerMeters,
  type CountRequest,
  type LeaderMetrics,
  leaderMeters,
  type ObservedWatch,
  type QueueMetrics,
  queueMeters,
  watchAges,
  type WatchMetrics,
  watchMeters,
} from "./runtime-meters.ts";
import { series } from "./series.ts";

export interface Metrics extends ObjectGauges {
  readonly contentType: string;
  /** All series in the Prometheus text format; gauges of objects, queues, workers and watches are read now. */
  scrape(): Promise<string>;
  synced(reason: Reason): void;
  eventDropped(): void;
  /** Whether we hold back work because the heap is near its limit. */
  heapShedding(isShedding: boolean): void;
  /** Handles create their series at zero; ask once per name (of a provider: as often as is handy). */
  queue(name: string): QueueMetrics;
  controller(name: string): ControllerMetrics;
  watch(resource: string): WatchMetrics;
  /** `list` is called at each scrape. */
  observeWatches(list: () => Iterable<ObservedWatch>): void;
  provider(name: string): ProviderMetrics;
  /** Of the Lease with this name. */
  leader(name: string): LeaderMetrics;
  /** `host`: of the API server, with its port. */
  apiRequests(host: string): CountRequest;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  gauge(registry, series.buildInfo).set({ version }, 1);
  const eventsDropped = counter(registry, series.eventsDropped);
  const heapShedding = gauge(registry, series.heapShedding);
  const objects = createObjectGauges(registry);
  const refreshes = [(): void => objects.refresh()];
  const onScrape = (refresh: () => void): void => void refreshes.push(refresh);
  /** Shared by those who ask at one time: none may clear what another one reads. */
  let scraping: Promise<string> | undefined;
  const scrapeOnce = async (): Promise<string> => {
    for (const refresh of refreshes) refresh();
    const text = await registry.metrics();
    objects.clear();
    return text;
  };
  return {
    contentType: registry.contentType,
    scrape() {
      scraping ??= scrapeOnce().finally(() => (scraping = undefined));
      return scraping;
    },
    observeExternalSecrets: objects.observeExternalSecrets,
    observeStores: objects.observeStores,
    synced: syncMeter(registry),
    eventDropped: () => eventsDropped.inc(),
    heapShedding: (isShedding) => heapShedding.set(Number(isShedding)),
    queue: queueMeters(registry, onScrape),
    controller: controllerMeters(registry, onScrape),
    watch: watchMeters(registry),
    observeWatches: watchAges(registry, onScrape),
    provider: providerMeters(registry),
    leader: leaderMeters(registry),
    apiRequests: apiMeters(registry),
  };
}

const resultOfReady = { True: "success", False: "failure", kept: "suspended" } as const;

function syncMeter(registry: Registry): (reason: Reason) => void {
  const syncs = counter(registry, series.syncs);
  for (const [reason, policy] of Object.entries(reasonPolicy))
    syncs.inc({ result: resultOfReady[policy.ready], reason }, 0);
  return (reason) => syncs.inc({ result: resultOfReady[reasonPolicy[reason].ready], reason });
}
