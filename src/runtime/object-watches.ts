// Watches of single objects, as metadata only, counted by reference: what else must wake us (credentials, CAs, absent
// or refused targets). Beyond a limit an object is looked at by a GET from time to time instead.

import { compareResourceVersions } from "../core/resource-version.ts";
import type { Clock, Random } from "../core/clock.ts";
import { objectKey } from "../core/object-key.ts";
import { collectionPath } from "../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import { type FollowedObject, followByPolling, followByWatching, type SeenVersion } from "./object-follower.ts";

export interface ObjectWatches {
  /**
   * Calls `onChange` whenever the object appears, changes or disappears, until the returned function releases it.
   * `seen` is what the caller knows already; without it `onChange` is also called once when the first state is known,
   * so that nothing is missed between the caller's read and the watch. `onChange` says only "look again", never
   * during `acquire`, and now and then once too often. Acquirers of one object share one watch.
   */
  acquire(object: FollowedObject, onChange: () => void, seen?: SeenVersion): () => void;
  /** Number of objects followed. */
  readonly size: number;
  /** Ends all watches, for good. */
  stop(): void;
}

export interface ObjectWatchesOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Streams at most; further objects are polled until they are released. Default 500. */
  readonly maxStreams?: number;
}

const MAX_STREAMS = 500;

export function createObjectWatches(options: ObjectWatchesOptions): ObjectWatches {
  const followed = new Map<string, FollowedObjectState>();
  let streams = 0;

  const follow = (id: string, object: FollowedObject): FollowedObjectState => {
    const streaming = streams < (options.maxStreams ?? MAX_STREAMS);
    if (streaming) streams += 1;
    const state = createFollowedObjectState();
    const follower = streaming ? followByWatching : followByPolling;
    void follower({ ...options, object, observe: state.observe }, state.abort.signal).then(() => {
      if (streaming) streams -= 1;
    });
    followed.set(id, state);
    return state;
  };

  return {
    get size() {
      return followed.size;
    },
    acquire(object, onChange, seen) {
      const id = `${collectionPath(object.type)} ${objectKey(object)}`;
      const state = followed.get(id) ?? follow(id, object);
      return state.add({ onChange, seen }, () => followed.delete(id));
    },
    stop() {
      for (const state of followed.values()) state.abort.abort();
      followed.clear();
    },
  };
}

interface Acquirer {
  readonly onChange: () => void;
  /** What this acquirer knows of the object. */
  seen: SeenVersion | undefined;
  /** The watch has told what it knows, or more: from then on also an older version is news (a backup was restored). */
  caughtUp: boolean;
}

interface FollowedObjectState {
  readonly abort: AbortController;
  readonly observe: (state: SeenVersion) => void;
  /** Returns the acquirer's release; the last one ends the following and calls `onUnused`. */
  add(acquirer: Pick<Acquirer, "onChange" | "seen">, onUnused: () => void): () => void;
}

function createFollowedObjectState(): FollowedObjectState {
  const acquirers = new Set<Acquirer>();
  const abort = new AbortController();
  let latest: SeenVersion | undefined;
  const tell = (acquirer: Acquirer): void => {
    if (latest === undefined || abort.signal.aborted || !acquirers.has(acquirer)) return;
    const order = comparedToSeen(acquirer.seen, latest);
    if (order < 0 && !acquirer.caughtUp) return;
    acquirer.caughtUp = true;
    if (order === 0) return;
    acquirer.seen = latest;
    acquirer.onChange();
  };
  return {
    abort,
    observe(state) {
      latest = state;
      for (const acquirer of [...acquirers]) tell(acquirer);
    },
    add({ onChange, seen }, onUnused) {
      const acquirer = { onChange, seen, caughtUp: false };
      acquirers.add(acquirer);
      void Promise.resolve().then(() => tell(acquirer));
      return () => {
        if (!acquirers.delete(acquirer) || acquirers.size > 0) return;
        abort.abort();
        onUnused();
      };
    },
  };
}

/** 0: the same; negative: the watch lags behind the caller's own read, unless the object itself went back. */
function comparedToSeen(seen: SeenVersion | undefined, state: SeenVersion): number {
  if (seen?.kind === "present" && state.kind === "present") {
    return compareResourceVersions(state.resourceVersion, seen.resourceVersion);
  }
  return seen?.kind === state.kind ? 0 : 1;
}
