// The half of an informer that knows objects: parses them, keeps the store, derives what changed and tells the handlers.

import { type ObjectKey, objectKey } from "../core/object-key.ts";
import type { Logger } from "../core/logger.ts";
import { compareResourceVersions } from "../core/resource-version.ts";
import {
  createObjectStore,
  type IndexFunction,
  type ObjectReader,
  type ObjectStore,
  type StoredObject,
} from "./object-store.ts";
import { metadataText } from "./watch-event.ts";

/** Told of each change; `previous` and `current` may have different uids (deleted and made again unseen). */
export type ChangeHandler<T> = (previous: T | undefined, current: T | undefined) => void;

export interface InformerCacheOptions<T extends StoredObject> {
  readonly parse: (raw: unknown) => T | undefined;
  readonly indexes: Readonly<Record<string, IndexFunction<T>>>;
  readonly log: Logger;
  readonly onCount: (what: "unreadable" | "handlerThrew") => void;
}

export interface InformerCache<T> {
  readonly store: ObjectReader<T>;
  onChange(handler: ChangeHandler<T>): () => void;
  /** Forgets what was gathered so far. */
  beginList(): void;
  addPage(items: readonly unknown[]): void;
  /** An object, or its end, of the state being gathered; of one object the newest version counts. */
  gather(object: unknown, deleted: boolean): void;
  /** What was gathered is all there is: what is not in it is deleted. */
  commitList(): void;
  apply(object: unknown, deleted: boolean): void;
}

export function createInformerCache<T extends StoredObject>(options: InformerCacheOptions<T>): InformerCache<T> {
  return new ComparingCache(options);
}

interface Gathered<T> {
  readonly resourceVersion: string;
  /** Undefined: it is gone, or cannot be read and was not known. */
  readonly record: T | undefined;
}

class ComparingCache<T extends StoredObject> implements InformerCache<T> {
  readonly #options: InformerCacheOptions<T>;
  readonly #store: ObjectStore<T>;
  readonly #handlers = new Set<ChangeHandler<T>>();
  #gathered = new Map<ObjectKey, Gathered<T>>();

  constructor(options: InformerCacheOptions<T>) {
    this.#options = options;
    this.#store = createObjectStore(options.indexes);
  }

  get store(): ObjectReader<T> {
    return this.#store;
  }

  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  beginList(): void {
    this.#gathered = new Map();
  }

  addPage(items: readonly unknown[]): void {
    for (const item of items) this.gather(item, false);
  }

  gather(object: unknown, deleted: boolean): void {
    const key = keyOf(object);
    const resourceVersion = metadataText(object, "resourceVersion") ?? "";
    const before = this.#gathered.get(key);
    if (before !== undefined && compareResourceVersions(resourceVersion, before.resourceVersion) <= 0) return;
    const record = deleted ? undefined : (this.#read(object) ?? before?.record ?? this.#store.get(key));
    this.#gathered.set(key, { resourceVersion, record });
  }

  commitList(): void {
    const complete = this.#gathered;
    this.#gathered = new Map();
    for (const key of this.#store.keys()) {
      if (complete.get(key)?.record === undefined) this.#remove(key);
    }
    for (const { record } of complete.values()) {
      if (record !== undefined) this.#put(record);
    }
  }

  /** What an unreadable object leaves in place is the record that we have of it. */
  apply(object: unknown, deleted: boolean): void {
    const record = deleted ? undefined : this.#read(object);
    if (deleted) this.#remove(keyOf(object));
    else if (record !== undefined) this.#put(record);
  }

  #read(raw: unknown): T | undefined {
    const record = this.#parse(raw);
    if (record !== undefined) return Object.freeze(record);
    this.#options.onCount("unreadable");
    return undefined;
  }

  #parse(raw: unknown): T | undefined {
    try {
      return this.#options.parse(raw);
    } catch (error) {
      this.#options.log.failure("Object parser threw", error);
      return undefined;
    }
  }

  #put(record: T): void {
    const previous = this.#store.set(record);
    const same =
      previous?.meta.uid === record.meta.uid && previous.meta.resourceVersion === record.meta.resourceVersion;
    if (!same) this.#notify(previous, record);
  }

  #remove(key: ObjectKey): void {
    const previous = this.#store.delete(key);
    if (previous !== undefined) this.#notify(previous, undefined);
  }

  #notify(previous: T | undefined, current: T | undefined): void {
    for (const handler of this.#handlers) {
      try {
        handler(previous, current);
      } catch (error) {
        this.#options.onCount("handlerThrew");
        this.#options.log.failure("Change handler threw", error);
      }
    }
  }
}

function keyOf(raw: unknown): ObjectKey {
  return objectKey({ namespace: metadataText(raw, "namespace") ?? "", name: metadataText(raw, "name") ?? "" });
}
