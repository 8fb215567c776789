// Watches the objects that a store's login depends on, one by one, and only those: a rotated credential takes effect at
// once, and the operator never watches all Secrets.

import type { ObjectKey } from "../../core/object-key.ts";
import type { StoreKind } from "../../core/spec/external-secret.ts";
import { credentialRefs } from "../../core/spec/credential-refs.ts";
import { type ReadyStoreRecord, type StoreName, storeName } from "../../refresh/store-sessions.ts";
import { resources } from "../../kubernetes/resource-path.ts";
import type { FollowedObject } from "../../runtime/object-follower.ts";
import type { ObjectWatches } from "../../runtime/object-watches.ts";

export interface StoreSlot {
  readonly kind: StoreKind;
  readonly key: ObjectKey;
}

export interface CredentialWatches {
  /** Watches what the store's spec names now, and no longer what it named before. */
  keep(slot: StoreSlot, record: ReadyStoreRecord): void;
  release(slot: StoreSlot): void;
}

const resourceTypes = {
  Secret: resources.secrets,
  ConfigMap: resources.configMaps,
  ServiceAccount: resources.serviceAccounts,
} as const;

interface Watched {
  readonly objects: string;
  readonly releases: readonly (() => void)[];
}

/** `onChange`: a credential of the store appeared, changed or went. */
export function createCredentialWatches(
  watches: Pick<ObjectWatches, "acquire">,
  onChange: (store: StoreName) => void,
): CredentialWatches {
  const watched = new Map<string, Watched>();
  const release = ({ kind, key }: StoreSlot): void => {
    for (const end of watched.get(`${kind}:${key}`)?.releases ?? []) end();
    watched.delete(`${kind}:${key}`);
  };
  return {
    keep(slot, record) {
      const wanted = watchedObjects(record);
      const objects = JSON.stringify(wanted.map(({ type, namespace, name }) => [type.kind, namespace, name]));
      if (watched.get(`${slot.kind}:${slot.key}`)?.objects === objects) return;
      release(slot);
      const releases = wanted.map((object) =>
        watches.acquire(
          object,
          afterFirst(() => onChange(storeName(record))),
        ),
      );
      watched.set(`${slot.kind}:${slot.key}`, { objects, releases });
    },
    release,
  };
}

/** The first call tells the state that the store's first login reads anyway. */
function afterFirst(onChange: () => void): () => void {
  let isFirst = true;
  return () => {
    if (!isFirst) onChange();
    isFirst = false;
  };
}

/** Credentials of tenants are not watched: they are read at each login. */
function watchedObjects(record: ReadyStoreRecord): readonly FollowedObject[] {
  const own = record.kind === "SecretStore" ? record.meta.namespace : undefined;
  return credentialRefs(record.spec.value).flatMap(({ kind, name, namespace }) => {
    const where = namespace ?? own;
    return where === undefined ? [] : [{ type: resourceTypes[kind], name, namespace: where }];
  });
}
