// The three controllers (ExternalSecret, SecretStore, ClusterSecretStore): their queues, their reconcilers, and which
// change of which object wakes which of them.

import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type ObjectKey, objectKey, parseObjectKey } from "../core/object-key.ts";
import type { StoreKind } from "../core/spec/external-secret.ts";
import type { SecretStoreRecord } from "../core/spec/records.ts";
import { findCondition } from "../core/status/conditions.ts";
import type { Condition } from "../core/status/external-secret-status.ts";
import type { EventRecorder } from "../kubernetes/event-recorder.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { ObservedExternalSecret, ObservedStore } from "../observability/object-gauges.ts";
import type { Triggers } from "../reconcilers/external-secret/triggers.ts";
import { createCredentialWatches, type CredentialWatches } from "../reconcilers/secret-store/credential-watches.ts";
import {
  createSecretStoreReconciler,
  isStoreNews,
  type ReconcileSecretStore,
} from "../reconcilers/secret-store/reconcile.ts";
import { type StoreName, storeName, type StoreSessions } from "../refresh/store-sessions.ts";
import { type Controller, createController, type ReconcileResult } from "../runtime/controller.ts";
import type { ObjectWatches } from "../runtime/object-watches.ts";
import { createWorkQueue, type WorkQueue } from "../runtime/work-queue.ts";
import type { Caches } from "./caches.ts";
import { createExternalSecretParts } from "./external-secrets.ts";

export interface ControllersDeps {
  readonly config: Config;
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly watches: ObjectWatches;
  readonly caches: Caches;
  readonly stores: StoreSessions;
}

export interface Controllers {
  start(): void;
  stop(signal: AbortSignal): Promise<void>;
  storeHealthChanged(store: StoreName, isReady: boolean, waiting: readonly ObjectKey[]): void;
  /** Does an ExternalSecret of the namespace name the ClusterSecretStore, and may it? */
  isStoreNeeded(store: StoreName, tenant: string): boolean;
  observedExternalSecrets(): Iterable<ObservedExternalSecret>;
  observedStores(): Iterable<ObservedStore>;
}

/** Class of a store that names none. */
const DEFAULT_CONTROLLER_CLASS = "default";
const STORE_WORKERS = 4;

export function createControllers(deps: ControllersDeps): Controllers {
  const isServed = (store: SecretStoreRecord): boolean =>
    (store.controller ?? DEFAULT_CONTROLLER_CLASS) === deps.config.controllerClass;
  const queues = {
    ExternalSecret: createQueue(deps, "externalsecret"),
    SecretStore: createQueue(deps, "secretstore"),
    ClusterSecretStore: createQueue(deps, "clustersecretstore"),
  };
  const externalSecrets = createExternalSecretParts({ ...deps, queue: queues.ExternalSecret, isServed });
  const { triggers } = externalSecrets;
  const enqueueStore = (store: StoreName): void => queues[store.kind].add(objectKey(store), "change");
  const credentialWatches = createCredentialWatches(deps.watches, (store) => {
    triggers.storeReady(store, deps.stores.renew(store));
    enqueueStore(store);
  });
  const storeController = (kind: StoreKind): Controller => {
    const reconcile = storeReconciler(deps, { kind, isServed, credentialWatches });
    return controllerOf(deps, { name: kind.toLowerCase(), queue: queues[kind], workers: STORE_WORKERS, reconcile });
  };
  const { workers } = deps.config;
  const { reconcile } = externalSecrets;
  listen(deps.caches, triggers, enqueueStore);
  return {
    ...running([
      controllerOf(deps, { name: "externalsecret", queue: queues.ExternalSecret, workers, reconcile }),
      storeController("SecretStore"),
      storeController("ClusterSecretStore"),
    ]),
    storeHealthChanged(store, isReady, waiting) {
      enqueueStore(store);
      if (isReady) triggers.storeReady(store, waiting);
      else triggers.storeJudged(waiting);
    },
    isStoreNeeded: externalSecrets.isStoreNeeded,
    observedExternalSecrets: () => observedExternalSecrets(deps.caches, externalSecrets.lastSuccessMs),
    observedStores: () => observedStores(deps.caches),
  };
}

function running(controllers: readonly Controller[]): Pick<Controllers, "start" | "stop"> {
  return {
    start() {
      for (const controller of controllers) controller.start();
    },
    async stop(signal) {
      await Promise.all(controllers.map((controller) => controller.stop(signal)));
    },
  };
}

function createQueue({ clock, random, metrics }: ControllersDeps, name: string): WorkQueue {
  return createWorkQueue({ clock, random, observer: metrics.queue(name) });
}

interface ControllerParts {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly workers: number;
  readonly reconcile: (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;
}

function controllerOf({ clock, log, metrics, config }: ControllersDeps, parts: ControllerParts): Controller {
  const counts = metrics.controller(parts.name);
  return createController({
    ...parts,
    reconcile: (key, signal) => parts.reconcile(parseObjectKey(key), signal),
    deadlineMs: config.reconcileTimeoutMs,
    clock,
    log,
    onReconciled: (outcome) => counts.reconciled(outcome),
  });
}

interface StoreReconcilerParts {
  readonly kind: StoreKind;
  readonly isServed: (store: SecretStoreRecord) => boolean;
  readonly credentialWatches: CredentialWatches;
}

function storeReconciler(deps: ControllersDeps, parts: StoreReconcilerParts): ReconcileSecretStore {
  const { client, clock, events, log, stores: sessions, caches } = deps;
  const { store } = parts.kind === "SecretStore" ? caches.secretStores : caches.clusterSecretStores;
  return createSecretStoreReconciler({
    ...parts,
    client,
    clock,
    events,
    log,
    sessions,
    record: (key) => store.get(key),
  });
}

function listen(caches: Caches, triggers: Triggers, enqueueStore: (store: StoreName) => void): void {
  caches.externalSecrets.onChange((previous, current) => triggers.externalSecretChanged(previous, current));
  caches.targets.onChange((previous, current) => triggers.targetChanged(previous, current));
  caches.namespaces.onChange((previous, current) => {
    const namespace = (current ?? previous)?.meta;
    if (namespace !== undefined && !isDeepStrictEqual(previous?.meta.labels, current?.meta.labels)) {
      triggers.namespaceChanged(namespace.name);
    }
  });
  for (const informer of [caches.secretStores, caches.clusterSecretStores]) {
    informer.onChange((previous, current) => {
      const record = current ?? previous;
      if (record === undefined || !isStoreNews(previous, current)) return;
      enqueueStore(storeName(record));
      triggers.storeChanged(storeName(record));
    });
  }
}

function observedExternalSecrets(
  caches: Caches,
  lastSuccessMs: ReadonlyMap<ObjectKey, number>,
): Iterable<ObservedExternalSecret> {
  return caches.externalSecrets.store.list().map(({ meta, status }) => ({
    namespace: meta.namespace,
    name: meta.name,
    ready: isReady(status?.conditions),
    lastSuccessMs: lastSuccessMs.get(objectKey(meta)),
  }));
}

function observedStores(caches: Caches): Iterable<ObservedStore> {
  const records = [...caches.secretStores.store.list(), ...caches.clusterSecretStores.store.list()];
  return records.map(({ kind, meta, status }) => {
    const { namespace, name } = meta;
    return { kind, namespace, name, ready: isReady(status?.conditions) };
  });
}

function isReady(conditions: readonly Condition[] = []): boolean {
  return findCondition(conditions, "Ready")?.status === "True";
}
