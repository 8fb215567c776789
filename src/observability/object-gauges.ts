// Gauges by object, read from the caches at each scrape: an object that is gone has no series any more, and nothing is
// kept in step. They are bounded, because a scrape of 30,000 series blocks the event loop for 230 ms (node-libraries.md 6).

import { Gauge, type Registry } from "prom-client";
import type { ObjectName } from "../core/object-key.ts";
import type { StoreKind } from "../core/spec/external-secret.ts";
import { series } from "./series.ts";

export interface ObservedExternalSecret extends ObjectName {
  readonly ready: boolean;
  /** Last check that succeeded, milliseconds since 1970; undefined if none since the start. */
  readonly lastSuccessMs: number | undefined;
}

export interface ObservedStore extends ObjectName {
  readonly kind: StoreKind;
  readonly ready: boolean;
}

export interface ObjectGauges {
  /** `list` is called at each scrape. */
  observeExternalSecrets(list: () => Iterable<ObservedExternalSecret>): void;
  observeStores(list: () => Iterable<ObservedStore>): void;
}

export interface ScrapedGauges extends ObjectGauges {
  /** Before a scrape: reads the objects. */
  refresh(): void;
  /** After it: thousands of series would take as much memory as the objects themselves. */
  clear(): void;
}

/** Objects of one kind that have series by name; two series each. */
export const MAX_OBSERVED_OBJECTS = 5000;

export function createObjectGauges(registry: Registry): ScrapedGauges {
  const gauge = <L extends string>(entry: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly L[];
  }) => new Gauge({ name: entry.name, help: entry.help, labelNames: entry.labels, registers: [registry] });
  const counts = gauge(series.externalSecrets);
  const ready = gauge(series.externalSecretReady);
  const lastSuccess = gauge(series.externalSecretLastSuccess);
  const storeReady = gauge(series.storeReady);
  let listExternalSecrets = (): Iterable<ObservedExternalSecret> => [];
  let listStores = (): Iterable<ObservedStore> => [];

  const refreshExternalSecrets = (): void => {
    const all = notReadyFirst(listExternalSecrets());
    counts.set({ ready: "true" }, all.filter((object) => object.ready).length);
    counts.set({ ready: "false" }, all.filter((object) => !object.ready).length);
    for (const { namespace, name, ...observed } of all.slice(0, MAX_OBSERVED_OBJECTS)) {
      ready.set({ namespace, name }, Number(observed.ready));
      if (observed.lastSuccessMs !== undefined) lastSuccess.set({ namespace, name }, observed.lastSuccessMs / 1000);
    }
  };
  const refreshStores = (): void => {
    for (const { kind, namespace, name, ...observed } of notReadyFirst(listStores()).slice(0, MAX_OBSERVED_OBJECTS)) {
      storeReady.set({ kind, namespace, name }, Number(observed.ready));
    }
  };
  return {
    observeExternalSecrets: (list) => void (listExternalSecrets = list),
    observeStores: (list) => void (listStores = list),
    refresh() {
      refreshExternalSecrets();
      refreshStores();
    },
    clear() {
      for (const byName of [ready, lastSuccess, storeReady]) byName.reset();
    },
  };
}

/** So that the bound hides what is well, never what fails. */
function notReadyFirst<T extends { readonly ready: boolean }>(objects: Iterable<T>): T[] {
  return [...objects].sort((a, b) => Number(a.ready) - Number(b.ready));
}
