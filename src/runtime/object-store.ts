// The informer's cache: trimmed, frozen records by key, with secondary indexes. Everybody reads; only the informer writes.
// Records may be read from a packed form each time: who needs no more than names asks for keys.

import { type ObjectKey, type ObjectName, objectKey } from "../core/object-key.ts";

/** What every record must show; core's ObjectMeta fits. */
export interface StoredObject {
  readonly meta: ObjectName & {
    readonly uid: string;
    readonly resourceVersion: string;
    /** 0 or undefined: objects of this kind have none. */
    readonly generation?: number;
  };
}

/**
 * The values under which a record is found in an index. They may depend on its name, and on what its generation stands
 * for: where objects have one, only another generation is indexed anew.
 */
export type IndexFunction<T> = (record: T) => readonly string[];

export interface ObjectReader<T> {
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  keys(): readonly ObjectKey[];
  list(): readonly T[];
  /** Keys of the records that the index function of this name yields `value` for. Throws on an index not declared. */
  keysByIndex(index: string, value: string): readonly ObjectKey[];
  /** The same as records. */
  byIndex(index: string, value: string): readonly T[];
}

export interface ObjectStore<T> extends ObjectReader<T> {
  /** Puts the record in and returns the one that was there. */
  set(record: T): T | undefined;
  /** Removes and returns the record. */
  delete(key: ObjectKey): T | undefined;
}

export function createObjectStore<T extends StoredObject>(
  indexFunctions: Readonly<Record<string, IndexFunction<T>>> = {},
): ObjectStore<T> {
  const records = new Map<ObjectKey, T>();
  const indexes = new Map(Object.entries(indexFunctions).map(([name, of]) => [name, createIndex(of)]));
  const keysByIndex = (name: string, value: string): readonly ObjectKey[] => {
    const index = indexes.get(name);
    if (index === undefined) throw new Error(`no index ${name}`);
    return index.keys(value);
  };
  const reindex = (key: ObjectKey, previous: T | undefined, current: T | undefined): void => {
    for (const index of indexes.values()) {
      if (previous !== undefined) index.remove(key, previous);
      if (current !== undefined) index.add(key, current);
    }
  };
  return {
    get size() {
      return records.size;
    },
    get: (key) => records.get(key),
    list: () => [...records.values()],
    keys: () => [...records.keys()],
    keysByIndex,
    byIndex: (name, value) => keysByIndex(name, value).flatMap((key) => records.get(key) ?? []),
    set(record) {
      const key = objectKey(record.meta);
      const previous = records.get(key);
      records.set(key, record);
      if (!isSameGeneration(previous, record)) reindex(key, previous, record);
      return previous;
    },
    delete(key) {
      const previous = records.get(key);
      records.delete(key);
      reindex(key, previous, undefined);
      return previous;
    },
  };
}

function isSameGeneration(previous: StoredObject | undefined, { meta }: StoredObject): boolean {
  if (previous === undefined || (meta.generation ?? 0) === 0) return false;
  return previous.meta.uid === meta.uid && previous.meta.generation === meta.generation;
}

interface Index<T> {
  keys(value: string): readonly ObjectKey[];
  add(key: ObjectKey, record: T): void;
  remove(key: ObjectKey, record: T): void;
}

function createIndex<T>(valuesOf: IndexFunction<T>): Index<T> {
  /** A lone key stands without a set: most values have one, and a set of one takes 200 bytes. */
  const keysByValue = new Map<string, ObjectKey | Set<ObjectKey>>();
  const add = (value: string, key: ObjectKey): void => {
    const known = keysByValue.get(value);
    // What an object points to mostly has its own key: one text then serves both.
    if (known === undefined) keysByValue.set(value === key ? key : value, key);
    else if (typeof known !== "string") known.add(key);
    else if (known !== key) keysByValue.set(value, new Set([known, key]));
  };
  const remove = (value: string, key: ObjectKey): void => {
    const known = keysByValue.get(value);
    if (known === undefined) return;
    if (typeof known !== "string") known.delete(key);
    if (known === key || (typeof known !== "string" && known.size === 0)) keysByValue.delete(value);
  };
  return {
    keys(value) {
      const known = keysByValue.get(value) ?? [];
      return typeof known === "string" ? [known] : [...known];
    },
    add(key, record) {
      for (const value of valuesOf(record)) add(value, key);
    },
    remove(key, record) {
      for (const value of valuesOf(record)) remove(value, key);
    },
  };
}
