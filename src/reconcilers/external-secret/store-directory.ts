// Finds the store that an ExternalSecret names, and says whether its namespace may use it and whether it is well.

import type { ObjectKey } from "../../core/object-key.ts";
import { objectKey } from "../../core/object-key.ts";
import type { ProviderError } from "../../core/provider/error.ts";
import type { StoreRef } from "../../core/spec/external-secret.ts";
import { providerNames } from "../../core/spec/secret-store.ts";
import { namespaceAllowed } from "../../core/spec/namespace-allowed.ts";
import type { SecretStoreRecord } from "../../core/spec/records.ts";
import type { SyncFailure } from "../../core/sync/report.ts";
import type { StoreSession } from "../../refresh/store-session.ts";
import type { ReadyStoreRecord, StoreSessions } from "../../refresh/store-sessions.ts";

export type ResolvedStore =
  | { readonly kind: "ready"; readonly session: StoreSession; readonly providerName: string }
  /** Not validated yet; the asker is told when it is. */
  | { readonly kind: "pending" }
  /** The store's identity fails as a whole; the asker is told when it is well again. */
  | { readonly kind: "failing"; readonly error: ProviderError; readonly providerName: string }
  | { readonly kind: "refused"; readonly failure: SyncFailure }
  /** The cache does not show it: `failure` says what that means, unless the cache only lags. */
  | { readonly kind: "unseen"; readonly what: "store" | "namespace"; readonly failure: SyncFailure };

export interface Asker {
  readonly key: ObjectKey;
  readonly namespace: string;
}

export interface StoreDirectory {
  resolve(ref: StoreRef, asker: Asker): ResolvedStore;
  /** Asks the API server whether the store is there all the same. */
  exists(ref: StoreRef, namespace: string, signal: AbortSignal): Promise<boolean>;
  awaitReady(ref: StoreRef, asker: Asker): void;
  /** True if the store exists, is ours and usable, and serves the namespace. */
  mayUse(ref: StoreRef, namespace: string): boolean;
  /** False if every store that exists among these is of another controller class. */
  isServed(refs: readonly StoreRef[], namespace: string): boolean;
}

export interface StoreDirectoryDeps {
  readonly store: (ref: StoreRef, namespace: string) => SecretStoreRecord | undefined;
  /** Labels of a namespace; undefined if it is not known. */
  readonly namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined;
  /** Asks the API server, where the cache shows no such store. */
  readonly exists: (ref: StoreRef, namespace: string, signal: AbortSignal) => Promise<boolean>;
  readonly sessions: StoreSessions;
  /** False: the store is of another controller class. */
  readonly isServed: (store: SecretStoreRecord) => boolean;
}

export function createStoreDirectory(deps: StoreDirectoryDeps): StoreDirectory {
  return {
    resolve(ref, asker) {
      const record = deps.store(ref, asker.namespace);
      return record === undefined ? notFound(ref, asker.namespace) : resolveRecord(deps, record, asker);
    },
    exists: deps.exists,
    awaitReady(ref, asker) {
      const record = deps.store(ref, asker.namespace);
      if (record === undefined || !isReadable(record)) return;
      deps.sessions.await(record, asker.namespace, asker.key);
      // Credentials may have changed meanwhile: then it is a new session, which nobody has asked yet.
      const session = deps.sessions.acquire(record, asker.namespace);
      if (session.health.kind === "unproved") void session.probe();
    },
    mayUse(ref, namespace) {
      const record = deps.store(ref, namespace);
      return record !== undefined && deps.isServed(record) && isReadable(record) && serves(deps, record, namespace);
    },
    isServed(refs, namespace) {
      const records = refs.map((ref) => deps.store(ref, namespace));
      return records.some((record) => record === undefined || deps.isServed(record));
    },
  };
}

function resolveRecord(deps: StoreDirectoryDeps, record: SecretStoreRecord, asker: Asker): ResolvedStore {
  const what = `${record.kind} ${record.meta.name}`;
  if (!deps.isServed(record)) {
    return refused(
      "StoreNotAllowed",
      `${what} is of another controller class (spec.controller), which is not served here`,
    );
  }
  if (!isReadable(record)) {
    return refused("StoreNotReady", `${what} is not usable: InvalidProviderConfig; see its status`);
  }
  if (!serves(deps, record, asker.namespace)) {
    const message = `${what} does not serve namespace ${asker.namespace}; its spec.conditions say which it serves`;
    const { failure } = refused("StoreNotAllowed", message);
    // A namespace comes by another watch than what is in it.
    const isSeen = deps.namespaceLabels(asker.namespace) !== undefined;
    return isSeen ? { kind: "refused", failure } : { kind: "unseen", what: "namespace", failure };
  }
  const session = deps.sessions.acquire(record, asker.namespace);
  const { health } = session;
  const providerName = providerNames[record.spec.value.provider.kind];
  if (health.kind === "ready") return { kind: "ready", session, providerName };
  deps.sessions.await(record, asker.namespace, asker.key);
  if (health.kind === "unproved") {
    void session.probe();
    return { kind: "pending" };
  }
  return { kind: "failing", error: health.error, providerName };
}

function serves(deps: StoreDirectoryDeps, record: ReadyStoreRecord, namespace: string): boolean {
  if (record.kind === "SecretStore") return true;
  const labels = deps.namespaceLabels(namespace);
  return labels !== undefined && namespaceAllowed(record.spec.value.conditions, { name: namespace, labels });
}

function notFound(ref: StoreRef, namespace: string): ResolvedStore {
  const where = ref.kind === "SecretStore" ? ` in namespace ${namespace}` : "";
  const message = `${ref.kind} ${ref.name} does not exist${where}; create it or correct secretStoreRef`;
  return { kind: "unseen", what: "store", failure: { reason: "StoreNotFound", message } };
}

function refused(reason: SyncFailure["reason"], message: string): Extract<ResolvedStore, { kind: "refused" }> {
  return { kind: "refused", failure: { reason, message } };
}

export function isReadable(record: SecretStoreRecord): record is ReadyStoreRecord {
  return record.spec.ok;
}

/** Key of a store in the informer of its kind. */
export function storeKey(ref: StoreRef, namespace: string): ObjectKey {
  return objectKey({ namespace: ref.kind === "ClusterSecretStore" ? "" : namespace, name: ref.name });
}
