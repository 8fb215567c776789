// The sessions of all stores. A session belongs to a slot (store, and tenant namespace where credentials come from
// there); when the store's identity changes, the slot gets a new session and the old one is revoked.

import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ObjectKey } from "../core/object-key.ts";
import { objectKey } from "../core/object-key.ts";
import type { CredentialReader } from "../core/provider/credentials.ts";
import { providerError, type ProviderError } from "../core/provider/error.ts";
import type { SecretProvider, StoreHealth } from "../core/provider/port.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { SecretStoreRecord } from "../core/spec/records.ts";
import type { StoreKind } from "../core/spec/external-secret.ts";
import type { SecretStoreSpec } from "../core/spec/secret-store.ts";
import { forceSyncToken } from "../core/status/force-sync.ts";
import { takesTenantCredentials } from "../core/spec/credential-refs.ts";
import { createLimiterPool, type Limiter, type LimiterOptions } from "./limiter.ts";
import { refuseOlderAnswers } from "./newest-answers.ts";
import { createStoreSession, type StoreSession } from "./store-session.ts";

export interface StoreName {
  readonly kind: StoreKind;
  /** Empty for ClusterSecretStores. */
  readonly namespace: string;
  readonly name: string;
}

/** What a provider of the registry is built from. */
export interface ProviderSource {
  readonly spec: SecretStoreSpec;
  readonly credentials: CredentialReader;
  readonly limiter: Limiter;
}

export interface StoreSessionsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: LimiterOptions;
  readonly createProvider: (source: ProviderSource) => SecretProvider;
  readonly credentialsFor: (store: StoreName, tenant: string | undefined) => CredentialReader;
  /** `waiting`: ExternalSecrets that wait for this store, told of its first outcome, and when it turns ready. */
  readonly onHealthChange: (store: StoreName, session: StoreSession, waiting: readonly ObjectKey[]) => void;
  /** Does an ExternalSecret of `tenant` still use the ClusterSecretStore? Else its login there is given up at the next check. */
  readonly isNeeded: (store: StoreName, tenant: string) => boolean;
}

export interface ReadyStoreRecord extends SecretStoreRecord {
  readonly spec: { readonly ok: true; readonly value: SecretStoreSpec };
}

export interface StoreSessions {
  /** The session for ExternalSecrets of `tenant`; created on first use. Undefined: the store itself asks. */
  acquire(store: ReadyStoreRecord, tenant: string | undefined): StoreSession;
  /** Has `waiter` told when the store turns ready for `tenant`. */
  await(store: ReadyStoreRecord, tenant: string | undefined, waiter: ObjectKey): void;
  /** Credentials changed: log in anew, and say which ExternalSecrets waited. */
  renew(store: StoreName): readonly ObjectKey[];
  /** The store is gone or cannot be used. */
  remove(store: StoreName): Promise<void>;
  closeAll(): Promise<void>;
}

interface Slot {
  readonly store: StoreName;
  readonly session: StoreSession;
  readonly waiters: Set<ObjectKey>;
}

export function createStoreSessions(deps: StoreSessionsDeps): StoreSessions {
  const slots = new Map<string, Slot>();
  const limiters = createLimiterPool();
  let epoch = 0;

  function slotFor(record: ReadyStoreRecord, tenant: string | undefined): Slot {
    const store = storeName(record);
    const owner = ownerOf(record, tenant);
    const id = slotId(store, owner);
    const identity = identityOf(record, owner);
    const known = slots.get(id);
    if (known?.session.identity.startsWith(`${identity}#`)) return known;
    const waiters = new Set(known?.waiters);
    if (known !== undefined) void known.session.close();
    epoch += 1;
    const limiter = limiters.take(slotId(store, undefined), limitsOf(record, deps.limits));
    const parts = { record, limiter, owner, identity: `${identity}#${epoch}` };
    const drops = { slot: () => slots.get(id), drop: () => void drop([[id, slot]]) };
    const slot: Slot = { store, session: newSession(deps, { ...parts, ...drops }), waiters };
    slots.set(id, slot);
    return slot;
  }

  const drop = async (entries: readonly [string, Slot][]): Promise<void> => {
    for (const [id] of entries) slots.delete(id);
    await Promise.all(entries.map(([, slot]) => slot.session.close()));
  };

  return {
    acquire: (record, tenant) => slotFor(record, tenant).session,
    await: (record, tenant, waiter) => void slotFor(record, tenant).waiters.add(waiter),
    renew(store) {
      const entries = slotsOf(slots, store);
      void drop(entries);
      return entries.flatMap(([, slot]) => [...slot.waiters]);
    },
    remove(store) {
      limiters.forget(slotId(store, undefined));
      return drop(slotsOf(slots, store));
    },
    closeAll: () => drop([...slots]),
  };
}

/** The tenant whose credentials a session uses; undefined: the store's own. */
function ownerOf({ kind, spec }: ReadyStoreRecord, tenant: string | undefined): string | undefined {
  return kind === "ClusterSecretStore" && takesTenantCredentials(spec.value) ? tenant : undefined;
}

function slotsOf(slots: ReadonlyMap<string, Slot>, store: StoreName): [string, Slot][] {
  const prefix = slotId(store, undefined);
  return [...slots].filter(([id]) => id.startsWith(prefix));
}

function limitsOf({ spec }: ReadyStoreRecord, defaults: LimiterOptions): LimiterOptions {
  const { maxInFlight, requestsPerSecond } = spec.value.limits;
  return {
    maxInFlight: maxInFlight ?? defaults.maxInFlight,
    requestsPerSecond: requestsPerSecond ?? defaults.requestsPerSecond,
  };
}

interface NewSession {
  readonly record: ReadyStoreRecord;
  readonly limiter: Limiter;
  readonly owner: string | undefined;
  readonly identity: string;
  readonly slot: () => Slot | undefined;
  readonly drop: () => void;
}

function newSession(deps: StoreSessionsDeps, parts: NewSession): StoreSession {
  const { record, limiter, owner, identity, slot, drop } = parts;
  const spec = record.spec.value;
  const store = storeName(record);
  const answering = deps.createProvider({ spec, credentials: deps.credentialsFor(store, owner), limiter });
  const provider = refuseOlderAnswers(answering, deps.clock);
  return createStoreSession({
    identity,
    provider,
    clock: deps.clock,
    random: deps.random,
    log: deps.log.with({ kind: store.kind, store: objectKey(store) }),
    revalidateMs: spec.refreshIntervalMs,
    accept: acceptBackend(record),
    onHealthChange(session, before) {
      const current = slot();
      if (current?.session !== session) return;
      const isAwaited = session.health.kind === "ready" || before.kind === "unproved";
      const waiting = isAwaited ? [...current.waiters] : [];
      if (isAwaited) current.waiters.clear();
      deps.onHealthChange(store, session, waiting);
    },
    isNeeded: () => owner === undefined || deps.isNeeded(store, owner),
    onUnneeded: drop,
  });
}

/**
 * The first backend that a session sees is the one it stays with. After a restart it is the one that status names, if
 * that status is of the same generation: a hint that can only make us more careful. A force-sync annotation that status
 * does not show as served accepts what is there now.
 */
function acceptBackend(record: ReadyStoreRecord): (health: StoreHealth) => Result<StoreHealth, ProviderError> {
  const isCurrent = record.status?.observedGeneration === record.meta.generation;
  const token = forceSyncToken(record.meta.annotations);
  const isServed = token === undefined || token === record.status?.lastHandledForceSync;
  let accepted = isCurrent && isServed ? record.status.backendIdentity : undefined;
  return (health) => {
    const seen = health.backendIdentity;
    if (seen !== undefined) accepted ??= seen;
    if (seen === undefined || seen === accepted) return ok(health);
    return failed(
      providerError(
        "mountChanged",
        "what is mounted there is not what was there before; if that is wanted, annotate the store with a new fairlead.dev/force-sync value",
      ),
    );
  };
}

export function storeName(record: SecretStoreRecord): StoreName {
  return { kind: record.kind, namespace: record.meta.namespace, name: record.meta.name };
}

function slotId(store: StoreName, owner: string | undefined): string {
  return `${store.kind}:${objectKey(store)}:${owner ?? ""}`;
}

function identityOf(record: ReadyStoreRecord, owner: string | undefined): string {
  return JSON.stringify([
    record.meta.uid,
    record.meta.generation,
    forceSyncToken(record.meta.annotations) ?? null,
    owner ?? null,
  ]);
}
