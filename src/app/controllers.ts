// The three controllers (ExternalSecret, SecretStore, ClusterSecretStore): their queues, their reconcilers, and which
// change of which object wakes which of them.

import { isDeepStrictEqual } from "node:util";
import { type ObjectKey, objectKey, objectName } from "../core/object-key.ts";
import type { StoreKind } from "../core/spec/external-secret.ts";
import type { SecretStoreRecord } from "../core/spec/records.ts";
import { findCondition } from "../core/status/conditions.ts";
import type { Condition } from "../core/status/external-secret-status.ts";
import type { EventRecorder } from "../kubernetes/event-recorder.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import type { ObservedExternalSecret, ObservedStore } from "../observability/object-gauges.ts";
import type { Triggers } from "../reconcilers/external-secret/triggers.ts";
import { createCredentialWatches, type CredentialWatches } from "../reconcilers/secret-store/credential-watches.ts";
import {
  createSecretStoreReconciler,
  isStoreNews,
  type ReconcileSecretStore,
} from "../reconcilers/secret-store/reconcile.ts";
import { type StoreName, storeName, type StoreSessions } from "../refresh/store-sessions.ts";
import type { FollowedObject, SeenVersion } from "../runtime/object-follower.ts";
import type { ObjectWatches } from "../runtime/object-watches.ts";
import type { WriteGate } from "../runtime/write-gate.ts";
import type { Caches } from "./caches.ts";
import {
  type ControllerDeps,
  controllerOf,
  createKeyedWork,
  type KeyedWork,
  type WiredController,
} from "./controller-parts.ts";
import { createExternalSecretParts } from "./external-secrets.ts";

export interface ControllersDeps extends ControllerDeps {
  readonly client: KubernetesClient;
  readonly events: EventRecorder;
  readonly watches: ObjectWatches;
  readonly caches: Caches;
  readonly stores: StoreSessions;
}

export interface Controllers {
  start(): void;
  stop(signal: AbortSignal): Promise<void>;
  /** The cache of the resource shows everything up to this version. */
  seen(resource: string, resourceVersion: string): void;
  /** Why it makes no progress that it could make; undefined: it does. */
  stuckReason(): string | undefined;
  /** Holds refreshes back and works on less at once, or no longer. */
  shedLoad(isShedding: boolean): void;
  storeHealthChanged(store: StoreName, isReady: boolean, waiting: readonly ObjectKey[]): void;
  /** Does an ExternalSecret of the namespace name the ClusterSecretStore, and may it? */
  isStoreNeeded(store: StoreName, tenant: string): boolean;
  /** A login of the store uses this state of the object. */
  credentialRead(store: StoreName, object: FollowedObject, seen: SeenVersion): void;
  observedExternalSecrets(): Iterable<ObservedExternalSecret>;
  observedStores(): Iterable<ObservedStore>;
}

/** Class of a store that names none. */
const DEFAULT_CONTROLLER_CLASS = "default";
const STORE_WORKERS = 4;

export function createControllers(deps: ControllersDeps): Controllers {
  const isServed = (store: SecretStoreRecord): boolean =>
    (store.controller ?? DEFAULT_CONTROLLER_CLASS) === deps.config.controllerClass;
  const work = workByKind(deps);
  const externalSecrets = createExternalSecretParts({ ...deps, ...work.ExternalSecret, isServed });
  const { triggers } = externalSecrets;
  const enqueueStore = (store: StoreName): void => work[store.kind].queue.add(objectKey(store), "change");
  const credentialWatches = createCredentialWatches(deps.watches, (store) => {
    triggers.storeReady(store, deps.stores.renew(store));
    enqueueStore(store);
  });
  const storeController = (kind: StoreKind): WiredController => {
    const reconcile = storeReconciler(deps, { kind, isServed, credentialWatches, gate: work[kind].gate });
    return controllerOf(deps, work[kind], { workers: STORE_WORKERS, reconcile });
  };
  const { workers } = deps.config;
  const { reconcile } = externalSecrets;
  listen(deps.caches, triggers, enqueueStore);
  return {
    ...allOf([
      controllerOf(deps, work.ExternalSecret, { workers, reconcile }),
      storeController("SecretStore"),
      storeController("ClusterSecretStore"),
    ]),
    seen(resource, resourceVersion) {
      for (const { gate } of Object.values(work)) gate.seen(resource, resourceVersion);
    },
    storeHealthChanged(store, isReady, waiting) {
      enqueueStore(store);
      if (isReady) triggers.storeReady(store, waiting);
      else triggers.storeJudged(waiting);
    },
    isStoreNeeded: externalSecrets.isStoreNeeded,
    credentialRead: ({ kind, ...store }, object, seen) =>
      credentialWatches.noteRead({ kind, key: objectKey(store) }, object, seen),
    observedExternalSecrets: () => observedExternalSecrets(deps.caches, externalSecrets.lastSuccessMs),
    observedStores: () => observedStores(deps.caches),
  };
}

function workByKind(deps: ControllersDeps): Readonly<Record<"ExternalSecret" | StoreKind, KeyedWork>> {
  return {
    ExternalSecret: createKeyedWork(deps, "externalsecret"),
    SecretStore: createKeyedWork(deps, "secretstore"),
    ClusterSecretStore: createKeyedWork(deps, "clustersecretstore"),
  };
}

function allOf(
  controllers: readonly WiredController[],
): Pick<Controllers, "start" | "stop" | "stuckReason" | "shedLoad"> {
  return {
    start() {
      for (const controller of controllers) controller.start();
    },
    async stop(signal) {
      await Promise.all(controllers.map((controller) => controller.stop(signal)));
    },
    stuckReason: () => controllers.map((controller) => controller.stuckReason()).find((reason) => reason !== undefined),
    shedLoad(isShedding) {
      for (const controller of controllers) controller.shedLoad(isShedding);
    },
  };
}

interface StoreReconcilerParts {
  readonly kind: StoreKind;
  readonly isServed: (store: SecretStoreRecord) => boolean;
  readonly credentialWatches: CredentialWatches;
  readonly gate: Pick<WriteGate, "wrote">;
}

function storeReconciler(deps: ControllersDeps, { gate, ...parts }: StoreReconcilerParts): ReconcileSecretStore {
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
    onWrote: (key, resource, resourceVersion) => gate.wrote(key, resource, resourceVersion),
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
  const { store } = caches.externalSecrets;
  return store.keys().map((key) => ({
    ...objectName(key),
    ready: store.get(key)?.isReady === true,
    lastSuccessMs: lastSuccessMs.get(key),
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
