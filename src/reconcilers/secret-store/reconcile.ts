// One reconcile of a SecretStore or ClusterSecretStore: is it ours and usable, does a real login and a real call work,
// and what does its status say. Later checks are timed by its session, which wakes this when its health changes.

import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { type ObjectKey, objectKey, objectName } from "../../core/object-key.ts";
import { failed, ok } from "../../core/result.ts";
import type { StoreKind } from "../../core/spec/external-secret.ts";
import type { SecretStoreRecord, SpecError } from "../../core/spec/records.ts";
import { forceSyncToken } from "../../core/status/force-sync.ts";
import { nextStoreStatus, type StoreReport } from "../../core/status/next-store-status.ts";
import type { SecretStoreStatus } from "../../core/status/secret-store-status.ts";
import { storeFailure } from "../../core/status/store-error.ts";
import { type TransitionEvent, transitionEvent } from "../../core/status/transition-event.ts";
import { currentStatus, type WrittenStatus } from "../../core/status/written-status.ts";
import { API_VERSION } from "../../core/sync/names.ts";
import { type ApiError, describeApiError } from "../../kubernetes/api-error.ts";
import type { EventRecorder } from "../../kubernetes/event-recorder.ts";
import { resources } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";
import { takesTenantCredentials } from "../../core/spec/credential-refs.ts";
import { type ReadyStoreRecord, storeName, type StoreSessions } from "../../refresh/store-sessions.ts";
import type { ReconcileResult } from "../../runtime/reconcile-result.ts";
import { statusFailure, writeStatus } from "../write-status.ts";
import type { CredentialWatches } from "./credential-watches.ts";

export interface SecretStoreReconcilerDeps {
  readonly kind: StoreKind;
  readonly record: (key: ObjectKey) => SecretStoreRecord | undefined;
  readonly isServed: (record: SecretStoreRecord) => boolean;
  readonly sessions: StoreSessions;
  readonly credentialWatches: CredentialWatches;
  readonly client: KubernetesClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each write that the cache of `resource` (plural name) will show: until then it shows a past. */
  readonly onWrote: (key: ObjectKey, resource: string, resourceVersion: string) => void;
}

const AWAIT_CHANGE: ReconcileResult = { kind: "awaitChange" };
/** As in the ExternalSecret's reconcile. */
const API_RETRY_CAP_MS = 5_000;
const DENIED_RETRY_MS = 30_000;
const PER_NAMESPACE_NOTE = "credentials checked per namespace";

export type ReconcileSecretStore = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;

interface Context extends SecretStoreReconcilerDeps {
  /** Our last write per store of this kind. */
  readonly written: Map<ObjectKey, WrittenStatus<SecretStoreStatus>>;
}

export function createSecretStoreReconciler(options: SecretStoreReconcilerDeps): ReconcileSecretStore {
  const deps: Context = { ...options, written: new Map() };
  return async (key, signal) => {
    const record = deps.record(key);
    if (record === undefined || record.meta.deletionTimestamp !== undefined || !deps.isServed(record)) {
      deps.credentialWatches.release({ kind: deps.kind, key });
      await deps.sessions.remove({ kind: deps.kind, ...objectName(key) });
      deps.written.delete(key);
      return AWAIT_CHANGE;
    }
    const { spec } = record;
    if (!spec.ok) {
      deps.credentialWatches.release({ kind: deps.kind, key });
      await deps.sessions.remove(storeName(record));
      return publish(deps, record, invalid(record.meta.generation, spec.error), signal);
    }
    const readable = { ...record, spec };
    deps.credentialWatches.keep({ kind: deps.kind, key }, readable);
    const found = report(deps, readable);
    return found === undefined ? AWAIT_CHANGE : publish(deps, record, found, signal);
  };
}

/** Undefined: not known yet; the session's first outcome brings us back. */
function report({ sessions }: SecretStoreReconcilerDeps, record: ReadyStoreRecord): StoreReport | undefined {
  const { generation, annotations } = record.meta;
  const forceSync = forceSyncToken(annotations);
  if (record.kind === "ClusterSecretStore" && takesTenantCredentials(record.spec.value)) {
    return {
      generation,
      forceSync,
      outcome: ok({ capabilities: "ReadOnly", backendIdentity: undefined, notes: [PER_NAMESPACE_NOTE] }),
    };
  }
  const session = sessions.acquire(record, undefined);
  const { health } = session;
  switch (health.kind) {
    case "ready":
      return { generation, forceSync, outcome: ok(health.health) };
    case "failing":
      return { generation, forceSync, outcome: failed(storeFailure(health.error)) };
    case "unproved":
      void session.probe();
      return undefined;
  }
}

function invalid(generation: number, error: SpecError): StoreReport {
  const message = `${error.path}: ${error.message}`;
  const outcome = failed({ reason: "InvalidProviderConfig", message, stalled: true } as const);
  return { generation, forceSync: undefined, outcome };
}

async function publish(
  deps: Context,
  record: SecretStoreRecord,
  found: StoreReport,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const key = objectKey(record.meta);
  const previous = currentStatus(record, deps.written.get(key));
  const next = nextStoreStatus(previous, found, deps.clock.nowMs());
  const type = deps.kind === "SecretStore" ? resources.secretStores : resources.clusterSecretStores;
  const written = await writeStatus(deps.client, { type, meta: record.meta }, { previous, next }, signal);
  if (!written.ok) return afterFailure(deps, key, written.error);
  if (written.value !== undefined) {
    deps.written.set(key, written.value);
    deps.onWrote(key, type.plural, written.value.resourceVersion);
    tell(deps, record, transitionEvent(previous, next));
  }
  return AWAIT_CHANGE;
}

function afterFailure({ kind, log }: Context, key: ObjectKey, error: ApiError): ReconcileResult {
  switch (statusFailure(error)) {
    case "gone":
      return AWAIT_CHANGE;
    case "raced":
    case "failed":
      return { kind: "retry", minDelayMs: error.retryAfterMs ?? 0, maxDelayMs: API_RETRY_CAP_MS };
    case "denied":
      return { kind: "retry", minDelayMs: DENIED_RETRY_MS, maxDelayMs: DENIED_RETRY_MS };
    case "refused":
      log.error("Status was refused", { kind, store: key, detail: describeApiError(error) });
      return AWAIT_CHANGE;
  }
}

function tell(
  { kind, events, log }: SecretStoreReconcilerDeps,
  { meta }: SecretStoreRecord,
  event: TransitionEvent | undefined,
): void {
  if (event === undefined) return;
  const { namespace, name, uid, resourceVersion } = meta;
  events.record({ apiVersion: API_VERSION, kind, namespace, name, uid, resourceVersion }, event);
  log.info("Store outcome changed", { kind, store: `${namespace}/${name}`, reason: event.reason });
}

/** Status alone is no news: we wrote it. */
export function isStoreNews(previous: SecretStoreRecord | undefined, current: SecretStoreRecord | undefined): boolean {
  if (previous === undefined || current === undefined || previous.meta.uid !== current.meta.uid) return true;
  const [before, after] = [previous.meta, current.meta];
  return (
    before.generation !== after.generation ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    forceSyncToken(before.annotations) !== forceSyncToken(after.annotations)
  );
}
