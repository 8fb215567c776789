// Which change of which object wakes which ExternalSecret. Events yield keys; the reconcile reads the world itself.

import { type ObjectKey, objectKey, objectName } from "../../core/object-key.ts";
import type { CompactExternalSecret } from "../../core/spec/compact-external-secret.ts";
import type { ExternalSecretSpec, StoreRef } from "../../core/spec/external-secret.ts";
import type { ExternalSecretRecord, ObjectMeta } from "../../core/spec/records.ts";
import { storeRefs } from "../../core/spec/store-refs.ts";
import { specVersion } from "../../core/spec/spec-version.ts";
import { forceSyncToken } from "../../core/status/force-sync.ts";
import type { StoreName } from "../../refresh/store-sessions.ts";
import type { ObjectReader } from "../../runtime/object-store.ts";
import { BY_TARGET, targetKey, type TargetRecord } from "./targets.ts";

export const BY_STORE = "store";
/** Of those only that read from cluster stores: to the others a namespace means nothing. */
export const BY_NAMESPACE = "namespace";

export const externalSecretIndexes = {
  [BY_TARGET]: (record: ExternalSecretRecord): readonly string[] => {
    const target = targetKey(record);
    return target === undefined ? [] : [target];
  },
  [BY_STORE]: (record: ExternalSecretRecord): readonly string[] =>
    record.spec.ok
      ? storeRefs(record.spec.value).map((ref) => storeIndex(storeNameOf(ref, record.meta.namespace)))
      : [],
  [BY_NAMESPACE]: ({ meta, spec }: ExternalSecretRecord): readonly string[] =>
    spec.ok && usesClusterStore(spec.value) ? [meta.namespace] : [],
};

export interface TriggerDeps {
  /** With the indexes above. */
  readonly externalSecrets: ObjectReader<CompactExternalSecret>;
  readonly enqueue: (key: ObjectKey, lane: "change" | "refresh") => void;
  /** Has the next visit sync, and queues it. */
  readonly wake: (key: ObjectKey) => void;
}

export interface Triggers {
  externalSecretChanged(previous: ExternalSecretRecord | undefined, current: ExternalSecretRecord | undefined): void;
  targetChanged(previous: TargetRecord | undefined, current: TargetRecord | undefined): void;
  namespaceChanged(namespace: string): void;
  /** The store appeared, went, or its spec changed: all who name it look again. */
  storeChanged(store: StoreName): void;
  /** The store's first outcome is known: those who wait for it look again. */
  storeJudged(waiting: readonly ObjectKey[]): void;
  /** The store turned ready: those who wait for it, and those who are not Ready, look again. */
  storeReady(store: StoreName, waiting: readonly ObjectKey[]): void;
}

export function createTriggers(deps: TriggerDeps): Triggers {
  const { externalSecrets, enqueue, wake } = deps;
  const byStore = (store: StoreName): readonly ObjectKey[] => externalSecrets.keysByIndex(BY_STORE, storeIndex(store));
  return {
    externalSecretChanged(previous, current) {
      const record = current ?? previous;
      if (record === undefined || !isNews(previous?.meta, current?.meta)) return;
      enqueue(objectKey(record.meta), "change");
      for (const rival of rivalsFreed(externalSecrets, previous, current)) wake(rival);
    },
    targetChanged(previous, current) {
      const target = current ?? previous;
      if (target === undefined) return;
      for (const key of externalSecrets.keysByIndex(BY_TARGET, objectKey(target.meta))) enqueue(key, "change");
    },
    namespaceChanged: (namespace) => externalSecrets.keysByIndex(BY_NAMESPACE, namespace).forEach(wake),
    storeChanged: (store) => byStore(store).forEach(wake),
    storeJudged: (waiting) => waiting.forEach(wake),
    storeReady(store, waiting) {
      const unready = byStore(store).filter((key) => externalSecrets.get(key)?.isReady !== true);
      for (const key of new Set([...waiting, ...unready])) wake(key);
    },
  };
}

/** True if an ExternalSecret of the namespace reads from the store. */
export function namesStore(
  externalSecrets: ObjectReader<ExternalSecretRecord>,
  store: StoreName,
  namespace: string,
): boolean {
  return externalSecrets
    .keysByIndex(BY_STORE, storeIndex(store))
    .some((key) => objectName(key).namespace === namespace);
}

/** Status alone is no news: we wrote it. */
function isNews(previous: ObjectMeta | undefined, current: ObjectMeta | undefined): boolean {
  if (previous === undefined || current === undefined || previous.uid !== current.uid) return true;
  return (
    specVersion(previous) !== specVersion(current) ||
    forceSyncToken(previous.annotations) !== forceSyncToken(current.annotations) ||
    previous.deletionTimestamp !== current.deletionTimestamp
  );
}

/** Those who share a target with an ExternalSecret that went, or that now names another one. */
function rivalsFreed(
  externalSecrets: ObjectReader<ExternalSecretRecord>,
  previous: ExternalSecretRecord | undefined,
  current: ExternalSecretRecord | undefined,
): readonly ObjectKey[] {
  const target = previous === undefined ? undefined : targetKey(previous);
  if (previous === undefined || target === undefined) return [];
  const rivals = externalSecrets
    .byIndex(BY_TARGET, target)
    .filter((record) => record.meta.uid !== (current ?? previous).meta.uid);
  return rivals.map((record) => objectKey(record.meta));
}

function usesClusterStore(spec: ExternalSecretSpec): boolean {
  return spec.sources.some(({ store }) => store.kind === "ClusterSecretStore");
}

function storeNameOf(ref: StoreRef, namespace: string): StoreName {
  return { kind: ref.kind, namespace: ref.kind === "ClusterSecretStore" ? "" : namespace, name: ref.name };
}

function storeIndex(store: StoreName): string {
  return `${store.kind}:${objectKey(store)}`;
}
