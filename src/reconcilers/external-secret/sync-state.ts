// The memories of all ExternalSecrets of this process, and who was woken for a reason that no object shows.

import type { ObjectKey } from "../../core/object-key.ts";
import type { SyncMemory, UnsureWrite } from "../../core/sync/memory.ts";
import { createMemoryStore } from "../../core/sync/memory-store.ts";

export interface SyncState {
  recall(key: ObjectKey, uid: string): SyncMemory | undefined;
  remember(key: ObjectKey, memory: SyncMemory): void;
  forget(key: ObjectKey): void;
  /** A write whose answer was lost, until a visit has told what became of it (undefined). */
  noteUnsure(key: ObjectKey, uid: string, write: UnsureWrite | undefined): void;
  unsure(key: ObjectKey, uid: string): UnsureWrite | undefined;
  /** The next visit syncs, whatever the objects show. */
  wake(key: ObjectKey): void;
  /** True once after a wake. */
  takeWake(key: ObjectKey): boolean;
  /** Secret keys that the ExternalSecret last rendered; undefined if it did not yet. */
  renderedKeys(key: ObjectKey): ReadonlySet<string> | undefined;
}

export function createSyncState(): SyncState {
  const memories = createMemoryStore();
  const woken = new Set<ObjectKey>();
  const unsureWrites = new Map<ObjectKey, { readonly uid: string; readonly write: UnsureWrite }>();
  return {
    recall(key, uid) {
      const memory = memories.get(key);
      return memory?.uid === uid ? memory : undefined;
    },
    remember: (key, memory) => memories.set(key, memory),
    forget(key) {
      memories.delete(key);
      woken.delete(key);
      unsureWrites.delete(key);
    },
    noteUnsure(key, uid, write) {
      if (write === undefined) unsureWrites.delete(key);
      else unsureWrites.set(key, { uid, write });
    },
    unsure(key, uid) {
      const noted = unsureWrites.get(key);
      return noted?.uid === uid ? noted.write : undefined;
    },
    wake: (key) => void woken.add(key),
    takeWake: (key) => woken.delete(key),
    renderedKeys(key) {
      const provenance = memories.get(key)?.provenance;
      return provenance === undefined || provenance.size === 0 ? undefined : new Set(provenance.keys());
    },
  };
}
