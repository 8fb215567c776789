// The informers of the operator: which resources it keeps in memory, and how much of each.

import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type CompactExternalSecret, createCompactParser } from "../core/spec/compact-external-secret.ts";
import { parseMeta } from "../core/spec/parse-meta.ts";
import { parseSecretStore } from "../core/spec/parse-secret-store.ts";
import type { Result } from "../core/result.ts";
import type { ObjectMeta, SecretStoreRecord } from "../core/spec/records.ts";
import { MANAGED_LABEL } from "../core/sync/names.ts";
import { type ResourceType, resources } from "../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { WatchMetrics } from "../observability/runtime-meters.ts";
import { parseTarget, type TargetRecord, targetIndexes } from "../reconcilers/external-secret/targets.ts";
import { externalSecretIndexes } from "../reconcilers/external-secret/triggers.ts";
import type { Component } from "../runtime/manager.ts";
import type { StoredObject } from "../runtime/object-store.ts";
import { createInformer, type Informer, type InformerCount } from "../runtime/informer.ts";

export interface CachesDeps {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The cache of the resource shows everything up to this version. */
  readonly onProgress: (resource: string, resourceVersion: string) => void;
}

export interface Caches {
  readonly externalSecrets: Informer<CompactExternalSecret>;
  readonly secretStores: Informer<SecretStoreRecord>;
  readonly clusterSecretStores: Informer<SecretStoreRecord>;
  readonly namespaces: Informer<NamespaceRecord>;
  /** Metadata of the Secrets that we write to; never a value. */
  readonly targets: Informer<TargetRecord>;
}

export interface NamespaceRecord {
  readonly meta: ObjectMeta;
}

export function createCaches(deps: CachesDeps): Caches {
  const shared = (type: ResourceType) => ({
    client: deps.client,
    clock: deps.clock,
    random: deps.random,
    log: deps.log,
    type,
    onCount: countRestarts(deps.metrics.watch(type.plural)),
    onProgress: (resourceVersion: string) => deps.onProgress(type.plural, resourceVersion),
  });
  const parseExternalSecret = createCompactParser();
  return {
    externalSecrets: createInformer({
      ...shared(resources.externalSecrets),
      parse: (raw) => readable(parseExternalSecret(raw)),
      indexes: externalSecretIndexes,
    }),
    secretStores: createInformer({
      ...shared(resources.secretStores),
      parse: (raw) => readable(parseSecretStore(raw, "SecretStore")),
    }),
    clusterSecretStores: createInformer({
      ...shared(resources.clusterSecretStores),
      parse: (raw) => readable(parseSecretStore(raw, "ClusterSecretStore")),
    }),
    namespaces: createInformer({ ...shared(resources.namespaces), parse: parseNamespace, metadataOnly: true }),
    targets: createInformer({
      ...shared(resources.secrets),
      parse: (raw) => readable(parseTarget(raw)),
      indexes: targetIndexes,
      labelSelector: `${MANAGED_LABEL}=true`,
      metadataOnly: true,
    }),
  };
}

/** What all informers have in common, whatever they hold. */
export interface Cache {
  /** Plural name of the resource. */
  readonly resource: string;
  readonly informer: Pick<
    Informer<StoredObject>,
    "hasSynced" | "synced" | "lastActivityMs" | "lastRefusalMs" | "start" | "stop"
  >;
}

/** Starts all, and is ready when their first lists are complete. */
export function cachesComponent(caches: readonly Cache[]): Component {
  return {
    name: "caches",
    async start() {
      for (const { informer } of caches) informer.start();
      await Promise.all(caches.map(({ informer }) => informer.synced));
    },
    stop() {
      for (const { informer } of caches) informer.stop();
      return Promise.resolve();
    },
  };
}

export function allCaches(caches: Caches): readonly Cache[] {
  return [
    { resource: resources.externalSecrets.plural, informer: caches.externalSecrets },
    { resource: resources.secretStores.plural, informer: caches.secretStores },
    { resource: resources.clusterSecretStores.plural, informer: caches.clusterSecretStores },
    { resource: resources.namespaces.plural, informer: caches.namespaces },
    { resource: resources.secrets.plural, informer: caches.targets },
  ];
}

function parseNamespace(raw: unknown): NamespaceRecord | undefined {
  const meta = parseMeta(raw);
  return meta.ok ? { meta: meta.value } : undefined;
}

/** An object without usable metadata cannot be kept; the informer counts it. */
function readable<T>(parsed: Result<T, unknown>): T | undefined {
  return parsed.ok ? parsed.value : undefined;
}

function countRestarts({ restarted }: WatchMetrics): (what: InformerCount) => void {
  return (what) => {
    if (what === "retry") restarted();
  };
}
