// The memories of all ExternalSecrets. Most of them rest for hours, so they rest packed; those of the last visits are at
// hand as they are.

import type { ObjectKey } from "../object-key.ts";
import { createJsonPacker, type PackedJson } from "../packed-json.ts";
import { sampleExternalSecret, sampleStatus } from "../spec/sample-external-secret.ts";
import type { SyncMemory } from "./memory.ts";

export interface MemoryStore {
  get(key: ObjectKey): SyncMemory | undefined;
  set(key: ObjectKey, memory: SyncMemory): void;
  delete(key: ObjectKey): void;
}

/** More than there are visits at a time: a memory that changes twice in one visit is packed once. */
const MAX_AT_HAND = 64;

export function createMemoryStore(): MemoryStore {
  const packer = createJsonPacker(jsonOf(sampleMemory));
  const atHand = new Map<ObjectKey, SyncMemory>();
  const resting = new Map<ObjectKey, PackedJson<MemoryJson>>();
  const restOldest = (): void => {
    const [oldest] = atHand;
    if (oldest === undefined) return;
    const [key, memory] = oldest;
    atHand.delete(key);
    resting.set(key, packer.pack(jsonOf(memory)));
  };
  return {
    get(key) {
      const packed = resting.get(key);
      return atHand.get(key) ?? (packed && memoryOf(packer.unpack(packed)));
    },
    set(key, memory) {
      atHand.delete(key);
      atHand.set(key, memory);
      if (atHand.size > MAX_AT_HAND) restOldest();
    },
    delete(key) {
      atHand.delete(key);
      resting.delete(key);
    },
  };
}

type Entries<V> = readonly (readonly [string, V])[];

interface MemoryJson extends Omit<SyncMemory, "provenance" | "confirmations"> {
  readonly provenance: Entries<string>;
  /** Null: confirmed for good, which memory says by a time that JSON cannot say. */
  readonly confirmations: Entries<number | null>;
}

function jsonOf(memory: SyncMemory): MemoryJson {
  const confirmations = [...memory.confirmations];
  return {
    ...memory,
    provenance: [...memory.provenance],
    confirmations: confirmations.map(([id, sinceMs]) => [id, Number.isFinite(sinceMs) ? sinceMs : null]),
  };
}

function memoryOf(json: MemoryJson): SyncMemory {
  return {
    ...json,
    provenance: new Map(json.provenance),
    confirmations: new Map(json.confirmations.map(([id, sinceMs]) => [id, sinceMs ?? -Infinity])),
  };
}

const { metadata } = sampleExternalSecret;
const entry = '["SecretStore","store","app/database",null]';
/** As most memories look: only their size depends on it. */
const sampleMemory: SyncMemory = {
  uid: metadata.uid,
  specVersion: "1-0123456789ab",
  forceSync: undefined,
  target: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
  dueMs: 3_600_000.000001,
  outageSinceMs: undefined,
  failures: 0,
  versions: JSON.stringify([[`None ${entry}`, "1 2026-01-01T00:00:00.000000000Z"]]),
  refused: undefined,
  provenance: new Map(["username", "password"].map((key) => [key, JSON.stringify(["data", entry, key, key])] as const)),
  confirmations: new Map(),
  heals: [],
  unpublished: undefined,
  formerRefusals: 0,
  written: { status: sampleStatus, basedOn: metadata.resourceVersion, resourceVersion: metadata.resourceVersion },
};
