// Keeps an object store equal to what the API server holds: performs what the watch machine decides, and tells its
// handlers what changed.

import type { CancelTimer, Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { assertNever } from "../core/result.ts";
import { describeApiError, errorFromFailure } from "../kubernetes/api-error.ts";
import type { KubernetesClient, Query } from "../kubernetes/rest-client.ts";
import { collectionPath, type ResourceType } from "../kubernetes/resource-path.ts";
import { type ChangeHandler, createInformerCache, type InformerCache } from "./informer-cache.ts";
import { metadataAccept, parseListPage } from "./list-page.ts";
import type { IndexFunction, ObjectReader, StoredObject } from "./object-store.ts";
import { parseWatchLine } from "./watch-event.ts";
import { initialWatchState, nextWatchStep } from "./watch-machine.ts";
import type { FetchPage, OpenStream, Retrying, WatchEffect, WatchInput, WatchState } from "./watch-state.ts";

export interface InformerOptions<T extends StoredObject> {
  readonly type: ResourceType;
  /** Undefined: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Ask for PartialObjectMetadata: values never cross the wire. */
  readonly metadataOnly?: boolean;
  /** Makes a trimmed, frozen record. Undefined: unreadable; it is counted, and what the cache holds of the object stays. */
  readonly parse: (raw: unknown) => T | undefined;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onCount?: (what: InformerCount) => void;
}

/** What is worth counting: lists and streams begun, events left out, and what went wrong on our side. */
export type InformerCount = "list" | "stream" | "retry" | "stale" | "unknown" | "unreadable" | "handlerThrew";

export interface Informer<T extends StoredObject> {
  readonly store: ObjectReader<T>;
  /** Resolves when the first complete list is in the store. Never rejects; stays open if stopped before. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** Monotonic time of the last sign of life from the server; undefined before the first. */
  readonly lastActivityMs: number | undefined;
  /** Adds a handler, which hears what changes from now on, the first list included. Returns its removal. */
  onChange(handler: ChangeHandler<T>): () => void;
  start(): void;
  /** Ends the list or stream in flight, for good. */
  stop(): void;
}

/** For one page of a list. */
const PAGE_DEADLINE_MS = 60_000;

export function createInformer<T extends StoredObject>(options: InformerOptions<T>): Informer<T> {
  return new WatchInformer(options);
}

class WatchInformer<T extends StoredObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #options: InformerOptions<T>;
  readonly #path: string;
  readonly #selectors: Query;
  readonly #log: Logger;
  readonly #cache: InformerCache<T>;
  readonly #resolveSynced: () => void;
  #state: WatchState = initialWatchState;
  #request = new AbortController();
  #cancelTimer: CancelTimer = () => {};
  #hasSynced = false;
  #lastActivityMs: number | undefined;
  #stopped = false;

  constructor(options: InformerOptions<T>) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.synced = promise;
    this.#resolveSynced = () => resolve(undefined);
    this.#options = options;
    this.#path = collectionPath(options.type, options.namespace);
    this.#selectors = { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
    this.#log = options.log.with({ resource: options.type.plural });
    this.#cache = createInformerCache({
      parse: options.parse,
      indexes: options.indexes ?? {},
      log: this.#log,
      onCount: (what) => this.#count(what),
    });
  }

  get store(): ObjectReader<T> {
    return this.#cache.store;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get lastActivityMs(): number | undefined {
    return this.#lastActivityMs;
  }

  onChange(handler: ChangeHandler<T>): () => void {
    return this.#cache.onChange(handler);
  }

  start(): void {
    this.#input({ kind: "start" });
  }

  stop(): void {
    this.#stopped = true;
    this.#request.abort();
    this.#cancelTimer();
  }

  #input(input: WatchInput): void {
    if (this.#stopped) return;
    const { clock, random } = this.#options;
    const step = nextWatchStep(this.#state, input, { nowMs: clock.monotonicMs(), random });
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  #perform(effect: WatchEffect): void {
    if (this.#stopped) return; // A change handler may have stopped us between two effects.
    switch (effect.kind) {
      case "fetchPage":
        void this.#fetchPage(effect);
        return;
      case "commitList":
        this.#commitList();
        return;
      case "openStream":
        void this.#openStream(effect);
        return;
      case "apply":
        this.#cache.apply(effect.object, effect.deleted);
        return;
      case "abandon":
        this.#request.abort();
        return;
      case "setTimer":
        this.#cancelTimer();
        this.#cancelTimer = this.#options.clock.setTimer(effect.delayMs, () => this.#input({ kind: "timer" }));
        return;
      case "retrying":
        this.#reportRetry(effect);
        return;
      case "ignored":
        this.#count(effect.why);
        return;
      default:
        assertNever(effect);
    }
  }

  async #fetchPage({ limit, continueToken }: FetchPage): Promise<void> {
    if (continueToken === undefined) {
      this.#cache.beginList();
      this.#count("list");
    }
    const signal = this.#newRequest();
    const query = { ...this.#selectors, limit, continue: continueToken };
    const accept = this.#options.metadataOnly === true ? metadataAccept.list : undefined;
    const call = {
      method: "GET",
      path: this.#path,
      query,
      deadlineMs: PAGE_DEADLINE_MS,
      ...(accept && { accept }),
    } as const;
    const answer = await this.#options.client.call(call, signal);
    if (signal.aborted) return;
    const page = answer.ok ? parseListPage(answer.value) : undefined;
    if (page === undefined) {
      const error = answer.ok ? errorFromFailure("malformed", undefined, false) : answer.error;
      this.#input({ kind: "listFailed", error });
      return;
    }
    this.#alive();
    this.#cache.addPage(page.items);
    this.#input({ kind: "page", continueToken: page.continueToken, resourceVersion: page.resourceVersion });
  }

  async #openStream({ resourceVersion, timeoutSeconds }: OpenStream): Promise<void> {
    this.#count("stream");
    const signal = this.#newRequest();
    const query = { ...this.#selectors, resourceVersion, timeoutSeconds, allowWatchBookmarks: true };
    const accept = this.#options.metadataOnly === true ? metadataAccept.object : undefined;
    const handlers = {
      line: (text: string): void => {
        if (!signal.aborted) this.#input({ kind: "event", event: parseWatchLine(text) });
      },
      alive: () => this.#alive(),
    };
    const end = await this.#options.client.watch(
      { path: this.#path, query, ...(accept && { accept }) },
      handlers,
      signal,
    );
    if (!signal.aborted) this.#input({ kind: "streamEnded", error: end.ok ? undefined : end.error });
  }

  /** The signal of the one request in flight; the one before is given up. */
  #newRequest(): AbortSignal {
    this.#request.abort();
    this.#request = new AbortController();
    return this.#request.signal;
  }

  #commitList(): void {
    this.#cache.commitList();
    this.#hasSynced = true;
    this.#resolveSynced();
  }

  #reportRetry({ error, relist, delayMs }: Retrying): void {
    this.#count("retry");
    if (error === undefined) return;
    this.#log.warn("Watch failed, trying again", {
      cause: describeApiError(error),
      kind: error.kind,
      relist,
      delayMs: Math.round(delayMs),
    });
  }

  #alive(): void {
    this.#lastActivityMs = this.#options.clock.monotonicMs();
  }

  #count(what: InformerCount): void {
    this.#options.onCount?.(what);
  }
}
