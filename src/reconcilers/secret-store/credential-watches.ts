// Watches the objects that a store's login depends on, one by one, and only those: a rotated credential takes effect at
// once, and the operator never watches all Secrets.

import type { ObjectKey } from "../../core/object-key.ts";
import type { StoreKind } from "../../core/spec/external-secret.ts";
import { credentialRefs } from "../../core/spec/credential-refs.ts";
import { type ReadyStoreRecord, type StoreName, storeName } from "../../refresh/store-sessions.ts";
import { resources } from "../../kubernetes/resource-path.ts";
import type { FollowedObject, SeenVersion } from "../../runtime/object-follower.ts";
import type { ObjectWatches } from "../../runtime/object-watches.ts";

export interface StoreSlot {
  readonly kind: StoreKind;
  readonly key: ObjectKey;
}

export interface CredentialWatches {
  /** Watches what the store's spec names now, and no longer what it named before. */
  keep(slot: StoreSlot, record: ReadyStoreRecord): void;
  /** A login of the store uses this state of the object: another one is news, however early it comes. */
  noteRead(slot: StoreSlot, object: FollowedObject, seen: SeenVersion): void;
  release(slot: StoreSlot): void;
}

const resourceTypes = {
  Secret: resources.secrets,
  ConfigMap: resources.configMaps,
  ServiceAccount: resources.serviceAccounts,
} as const;

interface Watched {
  readonly objects: string;
  readonly byObject: ReadonlyMap<string, WatchedObject>;
}

interface WatchedObject {
  /** Follows the object anew, as somebody who knows this state of it. */
  readonly know: (seen: SeenVersion) => void;
  readonly release: () => void;
}

/** `onChange`: a credential of the store appeared, changed or went. */
export function createCredentialWatches(
  watches: Pick<ObjectWatches, "acquire">,
  onChange: (store: StoreName) => void,
): CredentialWatches {
  const watched = new Map<string, Watched>();
  /** What logins have read, by store and object: a login may be quicker than our watch. */
  const read = new Map<string, Map<string, SeenVersion>>();
  const release = (slot: StoreSlot): void => {
    for (const object of watched.get(slotId(slot))?.byObject.values() ?? []) object.release();
    watched.delete(slotId(slot));
  };
  return {
    keep(slot, record) {
      const wanted = new Map(watchedObjects(record).map((object) => [objectId(object), object]));
      const objects = JSON.stringify([...wanted.keys()]);
      if (watched.get(slotId(slot))?.objects === objects) return;
      release(slot);
      const known = read.get(slotId(slot));
      for (const id of known?.keys() ?? []) if (!wanted.has(id)) known?.delete(id);
      const tell = (): void => onChange(storeName(record));
      const byObject = new Map([...wanted].map(([id, object]) => [id, watch(watches, object, tell, known?.get(id))]));
      watched.set(slotId(slot), { objects, byObject });
    },
    noteRead(slot, object, seen) {
      const current = watched.get(slotId(slot));
      const id = objectId(object);
      if (current !== undefined && !current.byObject.has(id)) return;
      const known = read.get(slotId(slot)) ?? new Map<string, SeenVersion>();
      if (!known.has(id)) current?.byObject.get(id)?.know(seen);
      read.set(slotId(slot), known.set(id, seen));
    },
    release(slot) {
      release(slot);
      read.delete(slotId(slot));
    },
  };
}

/** Until a login is known to have read the object, its first state is no news: the first login reads it anyway. */
function watch(
  watches: Pick<ObjectWatches, "acquire">,
  object: FollowedObject,
  onChange: () => void,
  seen: SeenVersion | undefined,
): WatchedObject {
  let release = watches.acquire(object, seen === undefined ? afterFirst(onChange) : onChange, seen);
  return {
    know(state) {
      // In this order, so that the stream goes on.
      const before = release;
      release = watches.acquire(object, onChange, state);
      before();
    },
    release: () => release(),
  };
}

function afterFirst(onChange: () => void): () => void {
  let isFirst = true;
  return () => {
    if (!isFirst) onChange();
    isFirst = false;
  };
}

function slotId({ kind, key }: StoreSlot): string {
  return `${kind}:${key}`;
}

function objectId({ type, namespace, name }: FollowedObject): string {
  return JSON.stringify([type.kind, namespace, name]);
}

/** Credentials of tenants are not watched: they are read at each login. */
function watchedObjects(record: ReadyStoreRecord): readonly FollowedObject[] {
  const own = record.kind === "SecretStore" ? record.meta.namespace : undefined;
  return credentialRefs(record.spec.value).flatMap(({ kind, name, namespace }) => {
    const where = namespace ?? own;
    return where === undefined ? [] : [{ type: resourceTypes[kind], name, namespace: where }];
  });
}
