// The steps that lead from one state of the watch machine into another: begin a list, open a stream, wait and retry.

import type { ApiError } from "../kubernetes/api-error.ts";
import { streamLifetime, watchBackoffMs } from "./watch-backoff.ts";
import type { Relist, Resume, WatchEffect, WatchEnvironment, WatchHistory, WatchStep } from "./watch-state.ts";

/** Objects per page: what client-go's pager asks for. */
export const PAGE_LIMIT = 500;
/** Backstop only: each page has a shorter deadline of its own. */
export const PAGE_TIMER_MS = 90_000;
/** A server that does not know `sendInitialEvents` ignores it and never says that the state is complete. */
const COMPLETE_WITHIN_MS = 30_000;

export const relist: Relist = { kind: "list", pageLimit: PAGE_LIMIT };

/** Streams the state of everything, or reads it in pages where that did not work lately. */
export function list({ pageLimit }: Relist, history: WatchHistory, env: WatchEnvironment): WatchStep {
  return env.nowMs < history.pagesUntilMs ? listPages(pageLimit, history) : gather(history, env);
}

function listPages(pageLimit: number | undefined, history: WatchHistory): WatchStep {
  return {
    state: { kind: "list", pageLimit, history },
    effects: [
      { kind: "fetchPage", limit: pageLimit, continueToken: undefined },
      { kind: "setTimer", delayMs: PAGE_TIMER_MS },
    ],
  };
}

function gather(history: WatchHistory, { nowMs, random }: WatchEnvironment): WatchStep {
  const { timeoutSeconds, limitMs } = streamLifetime(random);
  return {
    state: { kind: "gather", history, sinceMs: nowMs, limitMs, began: false },
    effects: [
      { kind: "openStream", resourceVersion: undefined, timeoutSeconds, verify: false },
      { kind: "setTimer", delayMs: COMPLETE_WITHIN_MS },
    ],
  };
}

export interface StreamStart {
  readonly resourceVersion: string;
  readonly fromList: boolean;
  readonly verify: boolean;
}

export function stream(start: StreamStart, history: WatchHistory, { nowMs, random }: WatchEnvironment): WatchStep {
  const { resourceVersion, fromList, verify } = start;
  const { timeoutSeconds, limitMs } = streamLifetime(random);
  return {
    state: { kind: "stream", history, resourceVersion, openedAt: resourceVersion, fromList, sinceMs: nowMs },
    effects: [
      { kind: "openStream", resourceVersion, timeoutSeconds, verify },
      { kind: "setTimer", delayMs: limitMs },
    ],
  };
}

export interface Retry {
  readonly next: Resume | Relist;
  readonly error: ApiError | undefined;
  /** Counts this failure. */
  readonly history: WatchHistory;
}

export function retry({ next, error, history }: Retry, { random }: WatchEnvironment): WatchStep {
  const delayMs = watchBackoffMs(history.failures, error, random);
  return {
    state: { kind: "backoff", history, next },
    effects: [
      { kind: "abandon" },
      { kind: "retrying", error, relist: next.kind === "list", delayMs },
      { kind: "setTimer", delayMs },
    ],
  };
}

export function progress(resourceVersion: string): WatchEffect {
  return { kind: "progress", resourceVersion };
}
