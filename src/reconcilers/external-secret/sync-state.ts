// The memories of all ExternalSecrets of this process, and who was woken for a reason that no object shows.

import type { ObjectKey } from "../../core/object-key.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";

export interface SyncState {
  recall(key: ObjectKey, uid: string): SyncMemory | undefined;
  remember(key: ObjectKey, memory: SyncMemory): void;
  forget(key: ObjectKey): void;
  /** The next visit syncs, whatever the objects show. */
  wake(key: ObjectKey): void;
  /** True once after a wake. */
  takeWake(key: ObjectKey): boolean;
  /** Secret keys that the ExternalSecret last rendered; undefined if it did not yet. */
  renderedKeys(key: ObjectKey): ReadonlySet<string> | undefined;
}

export function createSyncState(): SyncState {
  const memories = new Map<ObjectKey, SyncMemory>();
  const woken = new Set<ObjectKey>();
  return {
    recall(key, uid) {
      const memory = memories.get(key);
      return memory?.uid === uid ? memory : undefined;
    },
    remember: (key, memory) => void memories.set(key, memory),
    forget(key) {
      memories.delete(key);
      woken.delete(key);
    },
    wake: (key) => void woken.add(key),
    takeWake: (key) => woken.delete(key),
    renderedKeys(key) {
      const provenance = memories.get(key)?.provenance;
      return provenance === undefined || provenance.size === 0 ? undefined : new Set(provenance.keys());
    },
  };
}
