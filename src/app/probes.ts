// What the probes answer, and what keeps an eye on the process itself: liveness (a restart would help), readiness (the
// caches are filled and the API server is there), and the heap.

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type ApiContact, awayReason, silentReason, type WatchContact } from "../observability/api-contact.ts";
import { createHealth, type Health } from "../observability/health.ts";
import { createLiveness } from "../observability/liveness.ts";
import type { Metrics } from "../observability/metrics.ts";
import { createHeapGuard, type HeapUse } from "../runtime/heap-guard.ts";
import type { Component } from "../runtime/manager.ts";
import type { Cache } from "./caches.ts";
import type { Controllers } from "./controllers.ts";

export interface ProbesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly caches: readonly Cache[];
  readonly contact: ApiContact;
  readonly controllers: Pick<Controllers, "stuckReason" | "shedLoad">;
  readonly readHeap: () => HeapUse;
}

export interface Probes {
  readonly health: Health;
  readonly component: Component;
}

export function createProbes({ clock, log, metrics, caches, contact, controllers, readHeap }: ProbesDeps): Probes {
  const watches = (): readonly WatchContact[] =>
    caches.map(({ resource, informer: { lastActivityMs, lastRefusalMs } }) => ({
      ...{ resource, lastActivityMs, lastRefusalMs },
    }));
  const liveness = createLiveness({
    clock,
    symptoms: {
      reconciles: () => controllers.stuckReason(),
      watches: () => silentReason(watches(), contact.lastServedMs, clock.monotonicMs()),
    },
  });
  const heapGuard = createHeapGuard({
    ...{ clock, log, readHeap },
    onChange(isShedding) {
      metrics.heapShedding(isShedding);
      controllers.shedLoad(isShedding);
    },
  });
  metrics.observeWatches(() => agesOf(watches(), clock.monotonicMs()));
  const health = createHealth();
  for (const name of liveness.names) health.addLivenessCheck(name, () => liveness.failure(name));
  health.addReadinessCheck("caches", () =>
    caches.every(({ informer }) => informer.hasSynced) ? undefined : "the first lists are not complete",
  );
  health.addReadinessCheck("API server", () => awayReason(watches(), contact.lastServedMs, clock.monotonicMs()));
  return { health, component: watchdog([liveness, heapGuard]) };
}

function watchdog(parts: readonly { start(): void; stop(): void }[]): Component {
  const each = (act: (part: { start(): void; stop(): void }) => void): Promise<void> => {
    for (const part of parts) act(part);
    return Promise.resolve();
  };
  return { name: "watchdog", start: () => each((part) => part.start()), stop: () => each((part) => part.stop()) };
}

function agesOf(watches: readonly WatchContact[], nowMs: number): readonly { resource: string; ageMs: number }[] {
  return watches.flatMap(({ resource, lastActivityMs }) =>
    lastActivityMs === undefined ? [] : [{ resource, ageMs: nowMs - lastActivityMs }],
  );
}
