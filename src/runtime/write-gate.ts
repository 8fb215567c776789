// Keeps a reconcile from acting on a cache that does not show yet what the reconcile before it wrote: a key with such a
// write is closed until the cache has caught up, or until it is plain that it never will.
// Idea: Kubernetes KEP-5647 (stale controller handling), per key.

import type { CancelTimer, Clock } from "../core/clock.ts";
import { compareResourceVersions } from "../core/resource-version.ts";

export interface WriteGate {
  /** The key wrote an object of the resource (plural name, as in its path), which then had this version. */
  wrote(key: string, resource: string, resourceVersion: string): void;
  /** The cache of the resource shows everything up to this version. It may go back (etcd restored from a backup). */
  seen(resource: string, resourceVersion: string): void;
  /** False: put the key aside until `onOpen` tells of it. */
  isOpen(key: string): boolean;
  /** Ends the timer; `onOpen` is not called any more. */
  stop(): void;
}

export interface WriteGateOptions {
  readonly clock: Clock;
  /** A key opens so long after its last write at the latest, milliseconds. */
  readonly maxWaitMs?: number;
  /**
   * Told of each key that wrote, once the caches show it, whether or not anybody asked for it: an object that came and went
   * while a cache was behind is shown by no event, so this is the one time to see that it is missing.
   */
  readonly onOpen: (key: string) => void;
}

/** A cache that lags longer is stuck or was set back; each write has its own precondition all the same. */
const MAX_WAIT_MS = 30_000;

export function createWriteGate({ clock, maxWaitMs = MAX_WAIT_MS, onOpen }: WriteGateOptions): WriteGate {
  return new VersionGate(clock, maxWaitMs, onOpen);
}

/** A key with writes that its caches do not show yet. */
interface ClosedKey {
  readonly key: string;
  unseen: number;
  opensAtMs: number;
}

interface Write {
  readonly version: string;
  readonly of: ClosedKey;
}

class VersionGate implements WriteGate {
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly #onOpen: (key: string) => void;
  /** In the order of `opensAtMs`. */
  readonly #closed = new Map<string, ClosedKey>();
  readonly #seen = new Map<string, string>();
  /** By resource, rising versions. */
  readonly #writes = new Map<string, Write[]>();
  #cancelTimer: CancelTimer | undefined;
  #stopped = false;

  constructor(clock: Clock, maxWaitMs: number, onOpen: (key: string) => void) {
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
    this.#onOpen = onOpen;
  }

  wrote(key: string, resource: string, resourceVersion: string): void {
    // Only of a text that is no version "0" is the newer one. The watch event may be here before the answer to the write.
    if (this.#stopped || compareResourceVersions("0", resourceVersion) > 0) return;
    if (isReached(resourceVersion, this.#seen.get(resource))) {
      if (this.isOpen(key)) this.#onOpen(key);
      return;
    }
    const closed = this.#closed.get(key) ?? { key, unseen: 0, opensAtMs: 0 };
    closed.unseen += 1;
    closed.opensAtMs = this.#clock.monotonicMs() + this.#maxWaitMs;
    this.#closed.delete(key);
    this.#closed.set(key, closed);
    this.#insert(resource, { version: resourceVersion, of: closed });
    this.#cancelTimer ??= this.#clock.setTimer(this.#maxWaitMs, () => this.#openOverdue());
  }

  seen(resource: string, resourceVersion: string): void {
    this.#seen.set(resource, resourceVersion);
    const writes = this.#writes.get(resource);
    const unreached = writes?.findIndex(({ version }) => !isReached(version, resourceVersion));
    for (const { of } of writes?.splice(0, unreached === -1 ? writes.length : unreached) ?? []) {
      of.unseen -= 1;
      if (of.unseen === 0) this.#open(of);
    }
  }

  isOpen(key: string): boolean {
    return !this.#closed.has(key);
  }

  stop(): void {
    this.#stopped = true;
    this.#closed.clear();
    this.#writes.clear();
    this.#endTimer();
  }

  /** Answers come almost in the order of their versions, so the place is at or near the end. */
  #insert(resource: string, write: Write): void {
    const writes = this.#writes.get(resource) ?? [];
    this.#writes.set(resource, writes);
    const before = writes.findLastIndex(({ version }) => compareResourceVersions(version, write.version) <= 0);
    writes.splice(before + 1, 0, write);
  }

  #open(closed: ClosedKey): void {
    this.#closed.delete(closed.key);
    if (this.#closed.size === 0) this.#endTimer();
    this.#onOpen(closed.key);
  }

  #openOverdue(): void {
    const nowMs = this.#clock.monotonicMs();
    const overdue = new Set<ClosedKey>();
    for (const closed of this.#closed.values()) {
      if (closed.opensAtMs > nowMs) break;
      overdue.add(closed);
    }
    this.#dropWrites(({ of }) => overdue.has(of));
    for (const closed of overdue) this.#open(closed);
    this.#endTimer();
    const next = this.#closed.values().next().value;
    if (next !== undefined) this.#cancelTimer = this.#clock.setTimer(next.opensAtMs - nowMs, () => this.#openOverdue());
  }

  #dropWrites(isDropped: (write: Write) => boolean): void {
    for (const [resource, writes] of this.#writes)
      this.#writes.set(
        resource,
        writes.filter((write) => !isDropped(write)),
      );
  }

  #endTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

function isReached(version: string, seen: string | undefined): boolean {
  return seen !== undefined && compareResourceVersions(version, seen) <= 0;
}
