// What the watch machine knows (state), hears (input) and wants done (effect).

import type { Random } from "../core/clock.ts";
import type { ApiError } from "../kubernetes/api-error.ts";
import type { WatchEvent } from "./watch-event.ts";

export type WatchState = Listing | Streaming | Waiting;

export interface Listing {
  readonly kind: "list";
  /** Undefined: everything on one page. */
  readonly pageLimit: number | undefined;
  readonly failures: number;
}

export interface Streaming {
  readonly kind: "stream";
  /** Of the last list, event or bookmark. */
  readonly resourceVersion: string;
  /** It began at the version of a list, and was not resumed. */
  readonly fromList: boolean;
  readonly sinceMs: number;
  readonly failures: number;
}

export interface Waiting {
  readonly kind: "backoff";
  readonly failures: number;
  readonly next: Resume | Relist;
}

export interface Resume {
  readonly kind: "stream";
  readonly resourceVersion: string;
}

export interface Relist {
  readonly kind: "list";
  readonly pageLimit: number | undefined;
}

export interface PageArrived {
  readonly kind: "page";
  /** Undefined: it was the last. */
  readonly continueToken: string | undefined;
  readonly resourceVersion: string;
}

export type WatchInput =
  | { readonly kind: "start" }
  | PageArrived
  | { readonly kind: "listFailed"; readonly error: ApiError }
  | { readonly kind: "event"; readonly event: WatchEvent }
  /** Undefined: the server ended it in order. */
  | { readonly kind: "streamEnded"; readonly error: ApiError | undefined }
  | { readonly kind: "timer" };

/** Without a token: the first page; what was gathered before is to be thrown away. */
export interface FetchPage {
  readonly kind: "fetchPage";
  readonly limit: number | undefined;
  readonly continueToken: string | undefined;
}

export interface OpenStream {
  readonly kind: "openStream";
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
}

/** Something ended before its time; a report only. */
export interface Retrying {
  readonly kind: "retrying";
  readonly error: ApiError | undefined;
  readonly relist: boolean;
  readonly delayMs: number;
}

export type WatchEffect =
  | FetchPage
  | OpenStream
  | Retrying
  /** The pages gathered are the whole truth: replace the cache, and derive deletes by comparison. */
  | { readonly kind: "commitList" }
  | { readonly kind: "apply"; readonly deleted: boolean; readonly object: unknown }
  /** Give up the request in flight, if any; nothing of it may be heard any more. */
  | { readonly kind: "abandon" }
  /** Replaces the timer armed before. */
  | { readonly kind: "setTimer"; readonly delayMs: number }
  | { readonly kind: "ignored"; readonly why: "stale" | "unknown" };

export interface WatchStep {
  readonly state: WatchState;
  readonly effects: readonly WatchEffect[];
}

export interface WatchEnvironment {
  /** Monotonic. */
  readonly nowMs: number;
  readonly random: Random;
}
