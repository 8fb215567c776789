// The informer's cache: trimmed, frozen records by key, with secondary indexes. Everybody reads; only the informer writes.

import { type ObjectKey, type ObjectName, objectKey } from "../core/object-key.ts";

/** What every record must show; core's ObjectMeta fits. */
export interface StoredObject {
  readonly meta: ObjectName & { readonly uid: string; readonly resourceVersion: string };
}

/** The values under which a record is found in an index. */
export type IndexFunction<T> = (record: T) => readonly string[];

export interface ObjectReader<T> {
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** Records that the index function of this name yields `value` for. Throws on an index that was not declared. */
  byIndex(index: string, value: string): readonly T[];
}

export interface ObjectStore<T> extends ObjectReader<T> {
  /** Puts the record in and returns the one that was there. */
  set(record: T): T | undefined;
  /** Removes and returns the record. */
  delete(key: ObjectKey): T | undefined;
  keys(): readonly ObjectKey[];
}

export function createObjectStore<T extends StoredObject>(
  indexFunctions: Readonly<Record<string, IndexFunction<T>>> = {},
): ObjectStore<T> {
  const records = new Map<ObjectKey, T>();
  const indexes = new Map(Object.entries(indexFunctions).map(([name, of]) => [name, createIndex(of)]));
  const remove = (key: ObjectKey): T | undefined => {
    const previous = records.get(key);
    if (previous === undefined) return undefined;
    records.delete(key);
    for (const index of indexes.values()) index.remove(key, previous);
    return previous;
  };
  return {
    get size() {
      return records.size;
    },
    get: (key) => records.get(key),
    list: () => [...records.values()],
    keys: () => [...records.keys()],
    byIndex(name, value) {
      const index = indexes.get(name);
      if (index === undefined) throw new Error(`no index ${name}`);
      return index.keys(value).flatMap((key) => records.get(key) ?? []);
    },
    set(record) {
      const key = objectKey(record.meta);
      const previous = remove(key);
      records.set(key, record);
      for (const index of indexes.values()) index.add(key, record);
      return previous;
    },
    delete: remove,
  };
}

interface Index<T> {
  keys(value: string): readonly ObjectKey[];
  add(key: ObjectKey, record: T): void;
  remove(key: ObjectKey, record: T): void;
}

function createIndex<T>(valuesOf: IndexFunction<T>): Index<T> {
  const keysByValue = new Map<string, Set<ObjectKey>>();
  return {
    keys: (value) => [...(keysByValue.get(value) ?? [])],
    add(key, record) {
      for (const value of valuesOf(record)) {
        const keys = keysByValue.get(value);
        if (keys === undefined) keysByValue.set(value, new Set([key]));
        else keys.add(key);
      }
    },
    remove(key, record) {
      for (const value of valuesOf(record)) {
        const keys = keysByValue.get(value);
        keys?.delete(key);
        if (keys?.size === 0) keysByValue.delete(value);
      }
    },
  };
}
