// The ExternalSecret side of the operator: its reconciler, and what wakes it.

import { type ObjectKey, objectKey } from "../core/object-key.ts";
import type { StoreRef } from "../core/spec/external-secret.ts";
import type { SecretStoreRecord } from "../core/spec/records.ts";
import { reasonPolicy } from "../core/status/reasons.ts";
import {
  createExternalSecretReconciler,
  type ReconcileExternalSecret,
} from "../reconcilers/external-secret/reconcile.ts";
import { createLiveLook, type LiveLook } from "../reconcilers/external-secret/live-look.ts";
import { createStatusWriter } from "../reconcilers/external-secret/status-writer.ts";
import { createStoreDirectory, type StoreDirectory, storeKey } from "../reconcilers/external-secret/store-directory.ts";
import { createSyncState } from "../reconcilers/external-secret/sync-state.ts";
import { createTargetWriter } from "../reconcilers/external-secret/target-writer.ts";
import { createTargets } from "../reconcilers/external-secret/targets.ts";
import { createTriggers, namesStore, type Triggers } from "../reconcilers/external-secret/triggers.ts";
import type { StoreName } from "../refresh/store-sessions.ts";
import { createLimiter, type Limiter } from "../refresh/limiter.ts";
import { resources } from "../kubernetes/resource-path.ts";
import type { WorkQueue } from "../runtime/work-queue.ts";
import type { WriteGate } from "../runtime/write-gate.ts";
import type { ControllersDeps } from "./controllers.ts";

/** An outage of a store must not become a storm of status writes (design: api.md). */
const OUTAGE_WRITES = { maxInFlight: 16, requestsPerSecond: 50 };

export interface ExternalSecretParts {
  readonly reconcile: ReconcileExternalSecret;
  readonly triggers: Triggers;
  /** Does an ExternalSecret of the namespace name the ClusterSecretStore, and may it? */
  readonly isStoreNeeded: (store: StoreName, tenant: string) => boolean;
  /** When each was last found as wanted, milliseconds since 1970. */
  readonly lastSuccessMs: ReadonlyMap<ObjectKey, number>;
}

export interface ExternalSecretDeps extends ControllersDeps {
  readonly queue: WorkQueue;
  readonly gate: Pick<WriteGate, "wrote">;
  readonly isServed: (store: SecretStoreRecord) => boolean;
  /** Default: one that keeps real time. */
  readonly limitOutage?: Limiter;
}

export function createExternalSecretParts(deps: ExternalSecretDeps): ExternalSecretParts {
  const { caches, client, clock, random, log, queue, limitOutage = createLimiter(OUTAGE_WRITES) } = deps;
  const externalSecrets = caches.externalSecrets.store;
  const state = createSyncState();
  const wake = (key: ObjectKey): void => {
    state.wake(key);
    queue.add(key, "change");
  };
  const writer = createTargetWriter(client);
  const { watches } = deps;
  const targets = createTargets({
    ...{ externalSecrets, watches, state, wake },
    targets: caches.targets.store,
    reachedVersion: () => caches.targets.reachedVersion,
  });
  const liveLook = createLiveLook(client);
  const directory = directoryOf(deps, liveLook);
  const lastSuccessMs = new Map<ObjectKey, number>();
  const reconcile = createExternalSecretReconciler({
    ...{ targets, writer, liveLook, state, clock, random, log },
    record: (key) => externalSecrets.get(key),
    directory,
    statusWriter: createStatusWriter({ client, events: deps.events, clock, limitOutage }),
    showsPropertyNames: deps.config.propertyNamesInMessages,
    onSync(key, reason) {
      deps.metrics.synced(reason);
      if (reasonPolicy[reason].ready === "True") lastSuccessMs.set(key, clock.nowMs());
    },
    onGone: (key) => void lastSuccessMs.delete(key),
    onWrote: (key, resource, resourceVersion) => deps.gate.wrote(key, resource, resourceVersion),
  });
  const enqueue = (key: ObjectKey, lane: "change" | "refresh"): void => queue.add(key, lane);
  const triggers = createTriggers({ externalSecrets, enqueue, wake });
  const isStoreNeeded = (store: StoreName, tenant: string): boolean =>
    directory.mayUse(store, tenant) && namesStore(externalSecrets, store, tenant);
  return { reconcile, triggers, isStoreNeeded, lastSuccessMs };
}

function directoryOf(deps: ExternalSecretDeps, liveLook: LiveLook): StoreDirectory {
  const { caches, stores, isServed } = deps;
  return createStoreDirectory({
    store: (ref, namespace) => storeOf(deps, ref, namespace),
    namespaceLabels: (name) => caches.namespaces.store.get(objectKey({ namespace: "", name }))?.meta.labels,
    exists: (ref, namespace, signal) =>
      ref.kind === "SecretStore"
        ? liveLook.exists(resources.secretStores, { namespace, name: ref.name }, signal)
        : liveLook.exists(resources.clusterSecretStores, { namespace: "", name: ref.name }, signal),
    sessions: stores,
    isServed,
  });
}

function storeOf({ caches }: ControllersDeps, ref: StoreRef, namespace: string): SecretStoreRecord | undefined {
  const informer = ref.kind === "SecretStore" ? caches.secretStores : caches.clusterSecretStores;
  return informer.store.get(storeKey(ref, namespace));
}
