// The ExternalSecret reconciler with all its real parts over a cluster in memory, a fake provider and a fake clock.
// News of objects arrives at once, unless `holdsTargets` keeps those of target Secrets back.

import { setImmediate } from "node:timers/promises";
import { type ObjectKey, objectKey } from "../../src/core/object-key.ts";
import { type CompactExternalSecret, createCompactParser } from "../../src/core/spec/compact-external-secret.ts";
import { parseSecretStore } from "../../src/core/spec/parse-secret-store.ts";
import type { SecretStoreRecord } from "../../src/core/spec/records.ts";
import type { ExternalSecretStatus } from "../../src/core/status/external-secret-status.ts";
import type { Logger } from "../../src/core/logger.ts";
import { recordOf, textOf } from "../../src/core/unknown.ts";
import { objectPath, resources } from "../../src/kubernetes/resource-path.ts";
import {
  createExternalSecretReconciler,
  type ReconcileExternalSecret,
} from "../../src/reconcilers/external-secret/reconcile.ts";
import { createLiveLook } from "../../src/reconcilers/external-secret/live-look.ts";
import { createStatusWriter } from "../../src/reconcilers/external-secret/status-writer.ts";
import { createStoreDirectory } from "../../src/reconcilers/external-secret/store-directory.ts";
import { createSyncState } from "../../src/reconcilers/external-secret/sync-state.ts";
import { createTargetWriter } from "../../src/reconcilers/external-secret/target-writer.ts";
import {
  createTargets,
  parseTarget,
  targetIndexes,
  type TargetRecord,
} from "../../src/reconcilers/external-secret/targets.ts";
import {
  createTriggers,
  externalSecretIndexes,
  type Triggers,
} from "../../src/reconcilers/external-secret/triggers.ts";
import { compareResourceVersions } from "../../src/core/resource-version.ts";
import { createStoreSessions, storeName, type StoreSessions } from "../../src/refresh/store-sessions.ts";
import type { ReconcileResult } from "../../src/runtime/reconcile-result.ts";
import { createObjectStore } from "../../src/runtime/object-store.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeCluster, type Json } from "./fake-cluster.ts";
import { FakeProvider } from "./fake-provider.ts";
import { NO_CREDENTIALS } from "./store-rig.ts";

export const MINUTE_MS = 60_000;
const NAMESPACE = "team-a";
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  failure: () => undefined,
  with: () => SILENT,
};

export class SyncRig {
  readonly clock = new FakeClock();
  readonly cluster = new FakeCluster();
  readonly provider = new FakeProvider();
  readonly events: string[] = [];
  readonly watched = new Map<string, () => void>();
  /** `RESOURCE VERSION` of each own write that the caches will show. */
  readonly told: string[] = [];
  /** Stores that are there, but not in the cache. */
  readonly unseenStores = new Set<string>();
  holdsTargets = false;
  /** The cache of ExternalSecrets stays as it is, whatever happens to them. */
  holdsExternalSecrets = false;
  /** Else a throw of a reconcile fails the test. */
  toleratesThrows = false;
  readonly #externalSecrets = createObjectStore<CompactExternalSecret>(externalSecretIndexes);
  readonly #parseExternalSecret = createCompactParser();
  readonly #targets = createObjectStore<TargetRecord>(targetIndexes);
  #reachedVersion = "0";
  readonly #queued = new Set<ObjectKey>();
  readonly #due = new Map<ObjectKey, number>();
  readonly #held: (() => void)[] = [];
  readonly #heldExternalSecrets: (() => void)[] = [];
  #store = storeRecord(1);
  readonly #sessions: StoreSessions;
  #triggers: Triggers | undefined;
  #reconcile: ReconcileExternalSecret | undefined;

  constructor() {
    this.#sessions = createStoreSessions({
      clock: this.clock,
      random: () => 0,
      log: SILENT,
      limits: { maxInFlight: 10, requestsPerSecond: 100 },
      createProvider: () => this.provider,
      credentialsFor: () => NO_CREDENTIALS,
      onHealthChange: (store, session, waiting) =>
        session.health.kind === "ready"
          ? this.#triggers?.storeReady(store, waiting)
          : this.#triggers?.storeJudged(waiting),
      isNeeded: () => true,
    });
    this.restart();
    this.cluster.onChange = (path, previous, current) => this.#observe(path, previous, current);
  }

  /** A new process: memory is lost, the cluster stays. */
  restart(): void {
    const state = createSyncState();
    const writer = createTargetWriter(this.cluster);
    const wake = (key: ObjectKey): void => {
      state.wake(key);
      this.#queued.add(key);
    };
    const targets = createTargets({
      targets: this.#targets,
      reachedVersion: () => this.#reachedVersion,
      externalSecrets: this.#externalSecrets,
      watches: {
        acquire: (object, onChange) => {
          this.watched.set(object.name, onChange);
          queueMicrotask(onChange);
          return () => void this.watched.delete(object.name);
        },
      },
      state,
      wake,
    });
    this.#triggers = createTriggers({
      externalSecrets: this.#externalSecrets,
      enqueue: (key) => this.#queued.add(key),
      wake,
    });
    this.#reconcile = createExternalSecretReconciler({
      record: (key) => this.#externalSecrets.get(key),
      directory: createStoreDirectory({
        store: (ref) => (ref.name === "vault" ? this.#store : undefined),
        namespaceLabels: () => ({}),
        sessions: this.#sessions,
        exists: (ref) => Promise.resolve(this.unseenStores.has(ref.name)),
        isServed: () => true,
      }),
      targets,
      writer,
      liveLook: createLiveLook(this.cluster),
      statusWriter: createStatusWriter({
        limitOutage: (task) => task(),
        client: this.cluster,
        clock: this.clock,
        events: { record: (_, event) => void this.events.push(event.reason), stop: () => Promise.resolve() },
      }),
      state,
      clock: this.clock,
      random: () => 0,
      log: SILENT,
      showsPropertyNames: true,
      onSync: () => undefined,
      onGone: () => undefined,
      onWrote: (_, resource, resourceVersion) => void this.told.push(`${resource} ${resourceVersion}`),
    });
    for (const { meta } of this.#externalSecrets.list()) this.#queued.add(objectKey(meta));
  }

  /** Applies an ExternalSecret; `spec` is merged over one `data` entry of `app/db`, refreshed each hour. */
  apply(spec: Json = {}, metadata: Json = {}): void {
    const name = textOf(metadata["name"]) ?? "db";
    const path = objectPath(resources.externalSecrets, { namespace: NAMESPACE, name });
    const before = this.cluster.get(path);
    const wanted = before === undefined ? { ...DEFAULT_SPEC, ...spec } : spec;
    const isEdit = Object.keys(wanted).length > 0;
    const generation = Number(recordOf(before?.["metadata"])["generation"] ?? 0) + (isEdit ? 1 : 0);
    this.cluster.apply(path, {
      metadata: { namespace: NAMESPACE, name, ...metadata, generation },
      ...(isEdit ? { spec: wanted } : {}),
    });
  }

  /** Tells the news that `holdsTargets` held back. */
  showTargets(): void {
    this.holdsTargets = false;
    for (const tell of this.#held.splice(0)) tell();
  }

  /** Tells the news that `holdsExternalSecrets` held back. */
  showExternalSecrets(): void {
    this.holdsExternalSecrets = false;
    for (const tell of this.#heldExternalSecrets.splice(0)) tell();
  }

  /** An edit of the store, which then has another identity. */
  editStore(): void {
    this.#store = storeRecord(this.#store.meta.generation + 1);
    this.#triggers?.storeChanged(storeName(this.#store));
  }

  annotate(annotations: Json): void {
    this.apply({}, { annotations });
  }

  /** Runs all that is queued or due, until nothing is left. */
  async settle(): Promise<void> {
    for (let round = 0; round < 30; round += 1) {
      await setImmediate();
      for (const [key, dueMs] of this.#due) if (dueMs <= this.clock.monotonicMs()) this.#queued.add(key);
      if (this.#queued.size === 0) return;
      for (const key of [...this.#queued]) await this.#run(key);
    }
    throw new Error("does not come to rest");
  }

  /** Lets time pass in steps, syncing what falls due. */
  async pass(durationMs: number, stepMs = 10_000): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
      this.clock.advance(Math.min(stepMs, durationMs - passedMs));
      await this.settle();
    }
  }

  status(name = "db"): ExternalSecretStatus {
    const record = this.#externalSecrets.get(objectKey({ namespace: NAMESPACE, name }));
    if (record?.status === undefined) throw new Error("no status yet");
    return record.status;
  }

  ready(name = "db"): string {
    const ready = this.status(name).conditions.find(({ type }) => type === "Ready");
    return `${ready?.status ?? ""} ${ready?.reason ?? ""}`;
  }

  secretPath(name = "db"): string {
    return objectPath(resources.secrets, { namespace: NAMESPACE, name });
  }

  /** Decoded data of a Secret; undefined if there is none. */
  data(name = "db"): Record<string, string> | undefined {
    const secret = this.cluster.get(this.secretPath(name));
    if (secret === undefined) return undefined;
    const data = Object.entries(recordOf(secret["data"]));
    return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]));
  }

  metadata(name = "db"): Json {
    return recordOf(this.cluster.get(this.secretPath(name))?.["metadata"]);
  }

  /** A person's edit of a Secret. */
  edit(data: Record<string, string | null>, metadata: Json = {}, name = "db"): void {
    const encoded = Object.entries(data).map(([key, value]) => [
      key,
      value === null ? null : Buffer.from(value).toString("base64"),
    ]);
    this.cluster.apply(this.secretPath(name), {
      metadata: { namespace: NAMESPACE, ...metadata },
      data: Object.fromEntries(encoded),
    });
  }

  async #run(key: ObjectKey): Promise<void> {
    this.#queued.delete(key);
    this.#due.delete(key);
    let result: ReconcileResult | undefined;
    try {
      result = await this.#reconcile?.(key, AbortSignal.any([]));
    } catch (error) {
      if (!this.toleratesThrows) throw error;
      result = { kind: "retry", minDelayMs: 1_000, maxDelayMs: 1_000 };
    }
    const nowMs = this.clock.monotonicMs();
    if (result?.kind === "requeueAfter") this.#due.set(key, nowMs + result.delayMs);
    if (result?.kind === "retry") this.#due.set(key, nowMs + Math.max(1_000, result.minDelayMs));
  }

  #observe(path: string, previous: Json | undefined, current: Json | undefined): void {
    if (path.includes("/externalsecrets/")) {
      if (this.holdsExternalSecrets)
        this.#heldExternalSecrets.push(() => this.#observeExternalSecret(previous, current));
      else this.#observeExternalSecret(previous, current);
    }
    if (!path.includes("/secrets/")) return;
    if (this.holdsTargets) this.#held.push(() => this.#observeTarget(previous, current));
    else this.#observeTarget(previous, current);
  }

  #observeExternalSecret(previous: Json | undefined, current: Json | undefined): void {
    const record = this.#parseExternalSecret(current ?? previous);
    if (!record.ok) throw new Error("not an ExternalSecret");
    const key = objectKey(record.value.meta);
    const before = this.#externalSecrets.get(key);
    if (current === undefined) this.#externalSecrets.delete(key);
    else this.#externalSecrets.set(record.value);
    this.#triggers?.externalSecretChanged(before, current === undefined ? undefined : record.value);
  }

  #observeTarget(previous: Json | undefined, current: Json | undefined): void {
    const record = parseTarget(current ?? previous);
    if (!record.ok) throw new Error("not a Secret");
    const key = objectKey(record.value.meta);
    const before = this.#targets.get(key);
    const isShown = recordOf(recordOf(current?.["metadata"])["labels"])["fairlead.dev/managed"] === "true";
    if (isShown) this.#targets.set(record.value);
    else this.#targets.delete(key);
    if (isShown) this.#triggers?.targetChanged(before, record.value);
    else if (before !== undefined) this.#triggers?.targetChanged(record.value, undefined);
    this.#reachTargets(record.value.meta.resourceVersion);
    this.watched.get(record.value.meta.name)?.();
  }

  #reachTargets(resourceVersion: string): void {
    if (compareResourceVersions(this.#reachedVersion, resourceVersion) < 0) this.#reachedVersion = resourceVersion;
  }
}

/** A rig whose ExternalSecret `db` has made its Secret from version 1 of `app/db`. */
export async function synced(spec: Json = {}, metadata: Json = {}): Promise<SyncRig> {
  const rig = new SyncRig();
  rig.provider.put("app/db", 1, { password: "one", user: "app" });
  rig.apply(spec, metadata);
  await rig.settle();
  return rig;
}

const DEFAULT_SPEC: Json = {
  secretStoreRef: { name: "vault", kind: "SecretStore" },
  refreshPolicy: "Periodic",
  refreshInterval: "1h",
  target: { creationPolicy: "Owner", deletionPolicy: "Retain" },
  data: [{ secretKey: "password", remoteRef: { key: "app/db", property: "password" } }],
};

function storeRecord(generation: number): SecretStoreRecord {
  const auth = { tokenSecretRef: { name: "token", key: "token" } };
  const spec = { provider: { vault: { server: "https://vault.test", path: "kv", version: "v2", auth } } };
  const record = parseSecretStore(
    { metadata: { name: "vault", namespace: NAMESPACE, uid: "s", generation }, spec },
    "SecretStore",
  );
  if (!record.ok || !record.value.spec.ok) throw new Error("the store does not parse");
  return record.value;
}
