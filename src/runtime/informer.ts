// Keeps an object store equal to what the API server holds: performs what the watch machine decides, and tells its
// handlers what changed.

import type { CancelTimer, Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { compareResourceVersions } from "../core/resource-version.ts";
import { assertNever } from "../core/result.ts";
import { describeApiError } from "../kubernetes/api-error.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import { collectionPath, type ResourceType } from "../kubernetes/resource-path.ts";
import { type ChangeHandler, createInformerCache, type InformerCache } from "./informer-cache.ts";
import type { IndexFunction, ObjectReader, StoredObject } from "./object-store.ts";
import { initialWatchState, nextWatchStep } from "./watch-machine.ts";
import { createWatchRequests, type WatchRequests } from "./watch-requests.ts";
import type { Retrying, WatchEffect, WatchInput, WatchState } from "./watch-state.ts";

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
  /**
   * Told of the version that the store has reached, after the store and all handlers have seen everything up to it: for
   * each event, bookmark and complete list. Versions rise, except that a list is the truth also where it is older (etcd
   * restored from a backup).
   */
  readonly onProgress?: (resourceVersion: string) => void;
}

/**
 * What is worth counting: lists (streamed or in pages) and streams begun, lists that could not be streamed, events left
 * out, and what went wrong on our side.
 */
export type InformerCount =
  "list" | "stream" | "retry" | "fellBack" | "serverWentBack" | "stale" | "unknown" | "unreadable" | "handlerThrew";

export interface Informer<T extends StoredObject> {
  readonly store: ObjectReader<T>;
  /** Resolves when the first complete list is in the store. Never rejects; stays open if stopped before. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /**
   * Highest version up to which the store and all handlers have seen everything, what came and went between two lists
   * included. It never falls, also when the server's versions do (etcd restored from a backup). Undefined: none yet.
   */
  readonly reachedVersion: string | undefined;
  /** Monotonic time of the last sign of life from the server; undefined before the first. */
  readonly lastActivityMs: number | undefined;
  /** Monotonic time of the last HTTP answer that was an error; undefined before the first. */
  readonly lastRefusalMs: number | undefined;
  /** Adds a handler, which hears what changes from now on, the first list included. Returns its removal. */
  onChange(handler: ChangeHandler<T>): () => void;
  start(): void;
  /** Ends the list or stream in flight, for good. */
  stop(): void;
}

type RequestEffect = Extract<WatchEffect, { kind: "fetchPage" | "openStream" | "abandon" | "setTimer" }>;
type CacheEffect = Extract<WatchEffect, { kind: "gather" | "commitList" | "apply" | "progress" }>;

export function createInformer<T extends StoredObject>(options: InformerOptions<T>): Informer<T> {
  return new WatchInformer(options);
}

class WatchInformer<T extends StoredObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #options: InformerOptions<T>;
  readonly #log: Logger;
  readonly #cache: InformerCache<T>;
  readonly #requests: WatchRequests;
  readonly #resolveSynced: () => void;
  #state: WatchState = initialWatchState;
  #cancelTimer: CancelTimer = () => {};
  #hasSynced = false;
  #reachedVersion: string | undefined;
  #lastActivityMs: number | undefined;
  #lastRefusalMs: number | undefined;
  #stopped = false;

  constructor(options: InformerOptions<T>) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.synced = promise;
    this.#resolveSynced = () => resolve(undefined);
    this.#options = options;
    this.#log = options.log.with({ resource: options.type.plural });
    this.#cache = createInformerCache({
      parse: options.parse,
      indexes: options.indexes ?? {},
      log: this.#log,
      onCount: (what) => this.#count(what),
    });
    const collection = {
      path: collectionPath(options.type, options.namespace),
      selectors: { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector },
      metadataOnly: options.metadataOnly === true,
    };
    this.#requests = createWatchRequests(options.client, collection, {
      input: (input) => this.#input(input),
      page: (items) => this.#cache.addPage(items),
      alive: () => (this.#lastActivityMs = options.clock.monotonicMs()),
    });
  }

  get store(): ObjectReader<T> {
    return this.#cache.store;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get reachedVersion(): string | undefined {
    return this.#reachedVersion;
  }

  get lastActivityMs(): number | undefined {
    return this.#lastActivityMs;
  }

  get lastRefusalMs(): number | undefined {
    return this.#lastRefusalMs;
  }

  onChange(handler: ChangeHandler<T>): () => void {
    return this.#cache.onChange(handler);
  }

  start(): void {
    this.#input({ kind: "start" });
  }

  stop(): void {
    this.#stopped = true;
    this.#requests.abandon();
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
    if (effect.kind === "fetchPage") {
      if (effect.continueToken === undefined) this.#beginList();
      this.#requests.fetchPage(effect);
    } else if (effect.kind === "openStream") {
      if (effect.resourceVersion === undefined) this.#beginList();
      this.#count("stream");
      this.#requests.openStream(effect);
    } else if (effect.kind === "abandon") {
      this.#requests.abandon();
    } else if (effect.kind === "setTimer") {
      this.#cancelTimer();
      this.#cancelTimer = this.#options.clock.setTimer(effect.delayMs, () => this.#input({ kind: "timer" }));
    } else this.#change(effect);
  }

  #change(effect: Exclude<WatchEffect, RequestEffect>): void {
    if (effect.kind === "gather") this.#cache.gather(effect.object, effect.deleted);
    else if (effect.kind === "apply") this.#cache.apply(effect.object, effect.deleted);
    else if (effect.kind === "progress") this.#tellProgress(effect.resourceVersion);
    else if (effect.kind === "commitList") {
      this.#cache.commitList();
      this.#hasSynced = true;
      this.#resolveSynced();
    } else this.#report(effect);
  }

  #report(effect: Exclude<WatchEffect, RequestEffect | CacheEffect>): void {
    switch (effect.kind) {
      case "retrying":
        this.#reportRetry(effect);
        return;
      case "ignored":
        this.#count(effect.why);
        return;
      case "fellBack":
        this.#count("fellBack");
        this.#log.info("Lists could not be streamed, reading pages", { why: effect.why });
        return;
      case "serverWentBack":
        this.#count("serverWentBack");
        this.#log.warn("API server was behind what it told before, listing anew");
        return;
      default:
        assertNever(effect);
    }
  }

  #beginList(): void {
    this.#count("list");
    this.#cache.beginList();
  }

  #tellProgress(resourceVersion: string): void {
    const reached = this.#reachedVersion;
    if (reached === undefined || compareResourceVersions(reached, resourceVersion) < 0)
      this.#reachedVersion = resourceVersion;
    try {
      this.#options.onProgress?.(resourceVersion);
    } catch (error) {
      this.#count("handlerThrew");
      this.#log.failure("Progress handler threw", error);
    }
  }

  #reportRetry({ error, relist, delayMs }: Retrying): void {
    this.#count("retry");
    if (error === undefined) return;
    if (error.status !== undefined) this.#lastRefusalMs = this.#options.clock.monotonicMs();
    this.#log.warn("Watch failed, trying again", {
      cause: describeApiError(error),
      kind: error.kind,
      relist,
      delayMs: Math.round(delayMs),
    });
  }

  #count(what: InformerCount): void {
    this.#options.onCount?.(what);
  }
}
