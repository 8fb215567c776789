// Shows a standby each state of the Lease as it comes, so that it neither polls nor waits longer than it must. One that
// fails is opened again; what it missed meanwhile shows when the standby tries to take the Lease.

import type { Clock, Random } from "../../core/clock.ts";
import type { ObjectName } from "../../core/object-key.ts";
import { pause, startDeadline } from "../../kubernetes/deadline.ts";
import { collectionPath, resources } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";
import { countedFailures, STABLE_MS, streamLifetime, watchBackoffMs } from "../watch-backoff.ts";
import { parseWatchLine } from "../watch-event.ts";

export interface LeaseWatchOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly lease: ObjectName;
  /** Told of the Lease as it is at first, and of each change; not of its deletion, which a failed write tells. */
  readonly onLease: (raw: unknown) => void;
}

/** Resolves once `signal` fires. */
export async function watchLease(options: LeaseWatchOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, lease, onLease } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startMs = clock.monotonicMs();
    const { timeoutSeconds, limitMs } = streamLifetime(random);
    const limit = startDeadline(clock, limitMs, signal);
    // Without a resourceVersion the server begins with the object as it is.
    const query = { fieldSelector: `metadata.name=${lease.name}`, timeoutSeconds };
    const line = (text: string): void => {
      const event = parseWatchLine(text);
      if (event.kind === "changed" && !signal.aborted) onLease(event.object);
    };
    const end = await client.watch(
      { path: collectionPath(resources.leases, lease.namespace), query },
      { line },
      limit.signal,
    );
    limit.clear();
    failures =
      clock.monotonicMs() - startMs >= STABLE_MS ? 0 : countedFailures(failures, end.ok ? undefined : end.error);
    if (failures > 0) await pause(clock, watchBackoffMs(failures, end.ok ? undefined : end.error, random), signal);
  }
}
