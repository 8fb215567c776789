// What the watch machine knows (state), hears (input) and wants done (effect).

import type { Random } from "../core/clock.ts";
import type { ApiError } from "../kubernetes/api-error.ts";
import type { WatchEvent } from "./watch-event.ts";

export type WatchState = Listing | Gathering | Streaming | Waiting;

/** What outlives a single state. */
export interface WatchHistory {
  /** In a row. */
  readonly failures: number;
  /** Streams in a row that began with the state of everything and broke off before it was complete. */
  readonly brokenLists: number;
  /** Until then (monotonic) lists are read in pages, because streaming them did not work. */
  readonly pagesUntilMs: number;
}

/** Reads the state of everything page by page. */
export interface Listing {
  readonly kind: "list";
  readonly history: WatchHistory;
  /** Undefined: everything on one page. */
  readonly pageLimit: number | undefined;
}

/** Reads the state of everything from the beginning of a stream, which goes on with changes once that is complete. */
export interface Gathering {
  readonly kind: "gather";
  readonly history: WatchHistory;
  readonly sinceMs: number;
  /** How long the stream may last, milliseconds. */
  readonly limitMs: number;
  /** An object came. */
  readonly began: boolean;
}

export interface Streaming {
  readonly kind: "stream";
  readonly history: WatchHistory;
  /** Of the last list, event or bookmark. */
  readonly resourceVersion: string;
  /** Version at which the stream was opened or, from a list, went on. */
  readonly openedAt: string;
  /** It began at the version of a list, and was not resumed. */
  readonly fromList: boolean;
  readonly sinceMs: number;
}

export interface Waiting {
  readonly kind: "backoff";
  readonly history: WatchHistory;
  readonly next: Resume | Relist;
}

export interface Resume {
  readonly kind: "stream";
  readonly resourceVersion: string;
}

export interface Relist {
  readonly kind: "list";
  /** If it must be pages. */
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
  /** Where the server is, read after the stream was opened. */
  | { readonly kind: "serverVersion"; readonly resourceVersion: string }
  | { readonly kind: "timer" };

/** Without a token: the first page; what was gathered before is to be thrown away. */
export interface FetchPage {
  readonly kind: "fetchPage";
  readonly limit: number | undefined;
  readonly continueToken: string | undefined;
}

export interface OpenStream {
  readonly kind: "openStream";
  /** Undefined: begin with the state of everything; what was gathered before is to be thrown away. */
  readonly resourceVersion: string | undefined;
  readonly timeoutSeconds: number;
  /** Once it is open ask where the server is, and tell by `serverVersion`. */
  readonly verify: boolean;
}

/** Something ended before its time; a report only. */
export interface Retrying {
  readonly kind: "retrying";
  readonly error: ApiError | undefined;
  readonly relist: boolean;
  readonly delayMs: number;
}

/** Why a list could not be streamed: the server refused to, never said that it is complete, or broke off again and again. */
export type FallbackReason = "refused" | "endless" | "broken";

export type WatchEffect =
  | FetchPage
  | OpenStream
  | Retrying
  /** An object, or its end, that belongs to the state being gathered. */
  | { readonly kind: "gather"; readonly deleted: boolean; readonly object: unknown }
  /** What was gathered is the whole truth: replace the cache, and derive deletes by comparison. */
  | { readonly kind: "commitList" }
  | { readonly kind: "apply"; readonly deleted: boolean; readonly object: unknown }
  /** Everything up to this version is in the cache now. */
  | { readonly kind: "progress"; readonly resourceVersion: string }
  /** Give up the requests in flight, if any; nothing of them may be heard any more. */
  | { readonly kind: "abandon" }
  /** Replaces the timer armed before. */
  | { readonly kind: "setTimer"; readonly delayMs: number }
  | { readonly kind: "ignored"; readonly why: "stale" | "unknown" }
  /** From now on, for a while, lists are read in pages; a report only. */
  | { readonly kind: "fellBack"; readonly why: FallbackReason }
  /** The server is behind what it once told us: etcd was restored from a backup. A report only. */
  | { readonly kind: "serverWentBack" };

export interface WatchStep {
  readonly state: WatchState;
  readonly effects: readonly WatchEffect[];
}

export interface WatchEnvironment {
  /** Monotonic. */
  readonly nowMs: number;
  readonly random: Random;
}
