// The requests of one informer: pages of a list, and streams. Turns effects of the watch machine into requests, and
// answers into its inputs. At most one list or stream is in flight; of one that was given up nothing is heard any more.

import { failed, ok, type Result } from "../core/result.ts";
import { type ApiError, errorFromFailure } from "../kubernetes/api-error.ts";
import type { ApiCall, KubernetesClient, Query } from "../kubernetes/rest-client.ts";
import { type ListPage, metadataAccept, parseListPage } from "./list-page.ts";
import { parseWatchLine } from "./watch-event.ts";
import type { FetchPage, OpenStream, WatchInput } from "./watch-state.ts";

export interface WatchedCollection {
  readonly path: string;
  readonly selectors: Query;
  readonly metadataOnly: boolean;
}

export interface WatchListener {
  input(input: WatchInput): void;
  /** Told before the input that says so. */
  page(items: readonly unknown[]): void;
  /** The server showed life. */
  alive(): void;
}

export interface WatchRequests {
  fetchPage(page: FetchPage): void;
  openStream(stream: OpenStream): void;
  /** Gives up what is in flight. */
  abandon(): void;
}

/** For one page of a list. */
const PAGE_DEADLINE_MS = 60_000;

export function createWatchRequests(
  client: KubernetesClient,
  collection: WatchedCollection,
  listener: WatchListener,
): WatchRequests {
  const parts = { client, collection, listener };
  let inFlight = new AbortController();
  const next = (): AbortSignal => {
    inFlight.abort();
    inFlight = new AbortController();
    return inFlight.signal;
  };
  return {
    fetchPage: (page) => void fetchPage(parts, page, next()),
    openStream: (stream) => void openStream(parts, stream, next()),
    abandon: () => inFlight.abort(),
  };
}

interface Parts {
  readonly client: KubernetesClient;
  readonly collection: WatchedCollection;
  readonly listener: WatchListener;
}

async function fetchPage(
  { client, collection, listener }: Parts,
  { limit, continueToken }: FetchPage,
  signal: AbortSignal,
): Promise<void> {
  const page = await readPage(client, pageCall(collection, { limit, continue: continueToken }), signal);
  if (signal.aborted) return;
  if (!page.ok) {
    listener.input({ kind: "listFailed", error: page.error });
    return;
  }
  const { items, continueToken: more, resourceVersion } = page.value;
  listener.alive();
  listener.page(items);
  listener.input({ kind: "page", continueToken: more, resourceVersion });
}

async function openStream(parts: Parts, stream: OpenStream, signal: AbortSignal): Promise<void> {
  const { client, collection, listener } = parts;
  const handlers = {
    opened(): void {
      if (stream.verify && !signal.aborted) void verify(parts, signal);
    },
    line(text: string): void {
      if (!signal.aborted) listener.input({ kind: "event", event: parseWatchLine(text) });
    },
    alive: () => listener.alive(),
  };
  const end = await client.watch(streamCall(collection, stream), handlers, signal);
  if (!signal.aborted) listener.input({ kind: "streamEnded", error: end.ok ? undefined : end.error });
}

/** Its failure says nothing: the stream is open, and the end of that will be heard. */
async function verify({ client, collection, listener }: Parts, signal: AbortSignal): Promise<void> {
  const page = await readPage(client, pageCall(collection, { limit: 1 }), signal);
  if (page.ok && !signal.aborted)
    listener.input({ kind: "serverVersion", resourceVersion: page.value.resourceVersion });
}

async function readPage(
  client: KubernetesClient,
  call: ApiCall,
  signal: AbortSignal,
): Promise<Result<ListPage, ApiError>> {
  const answer = await client.call(call, signal);
  if (!answer.ok) return answer;
  const page = parseListPage(answer.value);
  return page === undefined ? failed(errorFromFailure("malformed", undefined, false)) : ok(page);
}

/** No resourceVersion: consistent, never from a cache that may be behind. */
function pageCall({ path, selectors, metadataOnly }: WatchedCollection, query: Query): ApiCall {
  const accept = metadataOnly ? { accept: metadataAccept.list } : {};
  return { method: "GET", path, query: { ...selectors, ...query }, deadlineMs: PAGE_DEADLINE_MS, ...accept };
}

/**
 * Without a version the stream begins with the state of everything, as new as a consistent list would be:
 * kubernetes/apimachinery pkg/apis/meta/v1/types.go, ListOptions.SendInitialEvents.
 */
function streamCall(
  { path, selectors, metadataOnly }: WatchedCollection,
  { resourceVersion, timeoutSeconds }: OpenStream,
) {
  const from =
    resourceVersion === undefined
      ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }
      : { resourceVersion };
  const accept = metadataOnly ? { accept: metadataAccept.object } : {};
  return { path, query: { ...selectors, ...from, timeoutSeconds, allowWatchBookmarks: true }, ...accept };
}
