// Follows one object: by a metadata watch and a GET once the watch is open, or by a GET from time to time. It asks for
// no list, so `get` and `watch` suffice as permissions, and it never stops until told to.

import type { Clock, Random } from "../core/clock.ts";
import type { ObjectName } from "../core/object-key.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { ApiError } from "../kubernetes/api-error.ts";
import { pause, startDeadline } from "../kubernetes/deadline.ts";
import { collectionPath, objectPath, type ResourceType } from "../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import { metadataAccept } from "./list-page.ts";
import { countedFailures, STABLE_MS, streamLifetime, watchBackoffMs } from "./watch-backoff.ts";
import { metadataText, parseWatchLine, type WatchEvent } from "./watch-event.ts";

export interface FollowedObject extends ObjectName {
  readonly type: ResourceType;
}

/** A state of an object, as far as it matters here. */
export type SeenVersion = { readonly kind: "absent" } | { readonly kind: "present"; readonly resourceVersion: string };

export interface FollowOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly object: FollowedObject;
  /** Told of each state seen, also of one that it knows. */
  readonly observe: (state: SeenVersion) => void;
}

const POLL_MS = 30_000;
/** Resolves once `signal` fires. */
export async function followByPolling(options: FollowOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const state = await fetchState(options, signal);
    if (state.ok) options.observe(state.value);
    await pause(options.clock, POLL_MS / 2 + (POLL_MS / 2) * options.random(), signal);
  }
}

/** Resolves once `signal` fires. */
export async function followByWatching(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { clock, random } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startMs = clock.monotonicMs();
    const error = await watchOnce(options, signal);
    const stable = clock.monotonicMs() - startMs >= STABLE_MS;
    if (stable) failures = 0;
    if (stable && error === undefined) continue;
    failures = countedFailures(failures, error);
    await pause(clock, watchBackoffMs(failures, error, random), signal);
  }
}

/**
 * The watch starts without a resourceVersion: the server sends an existing object first, and then what changes. An
 * absent one is known only by a GET; sent once the watch is open it leaves no gap, and any event is newer than it.
 */
async function watchOnce(
  { client, clock, random, object, observe }: FollowOptions,
  signal: AbortSignal,
): Promise<ApiError | undefined> {
  const { timeoutSeconds, limitMs } = streamLifetime(random);
  const limit = startDeadline(clock, limitMs, signal);
  const broken = new AbortController();
  let known = false;
  const look = async (): Promise<void> => {
    const state = await fetchState({ client, object }, limit.signal);
    if (!state.ok) broken.abort();
    else if (!known) observe(state.value);
  };
  const query = { fieldSelector: `metadata.name=${object.name}`, timeoutSeconds, allowWatchBookmarks: true };
  const call = { path: collectionPath(object.type, object.namespace), query, accept: metadataAccept.object };
  const stream = AbortSignal.any([limit.signal, broken.signal]);
  const handlers = {
    opened: () => void look(),
    line(text: string) {
      const event = parseWatchLine(text);
      const state = stateOf(event);
      if (state !== undefined && !stream.aborted) {
        known = true;
        observe(state);
      }
      if (event.kind === "error" || event.kind === "malformed") broken.abort();
    },
  };
  const end = await client.watch(call, handlers, stream);
  limit.clear();
  return end.ok ? undefined : end.error;
}

function stateOf(event: WatchEvent): SeenVersion | undefined {
  if (event.kind === "deleted") return { kind: "absent" };
  return event.kind === "changed" ? { kind: "present", resourceVersion: event.resourceVersion } : undefined;
}

async function fetchState(
  { client, object }: Pick<FollowOptions, "client" | "object">,
  signal: AbortSignal,
): Promise<Result<SeenVersion, ApiError | "malformed">> {
  const answer = await client.call(
    { method: "GET", path: objectPath(object.type, object), accept: metadataAccept.object },
    signal,
  );
  if (!answer.ok) return answer.error.kind === "notFound" ? ok({ kind: "absent" }) : answer;
  const resourceVersion = metadataText(answer.value, "resourceVersion");
  return resourceVersion === undefined ? failed("malformed") : ok({ kind: "present", resourceVersion });
}
