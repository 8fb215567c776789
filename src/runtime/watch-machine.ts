// What to do next to keep a cache equal to the API server: list, then stream, then resume. Pure: it takes what happened
// and returns the next state and the effects; the informer performs them. One timer is armed in every state, every end
// of a stream takes the same path (resume at the last resourceVersion, relist on 410), and nothing stops it for good.
// Reference: kubernetes/client-go tools/cache/reflector.go.

import { compareResourceVersions } from "../core/resource-version.ts";
import { type ApiError, errorFromFailure } from "../kubernetes/api-error.ts";
import { countedFailures, STABLE_MS, streamLifetime, watchBackoffMs } from "./watch-backoff.ts";
import type { WatchEvent } from "./watch-event.ts";
import type {
  Listing,
  PageArrived,
  Relist,
  Resume,
  Streaming,
  WatchEffect,
  WatchEnvironment,
  WatchInput,
  WatchState,
  WatchStep,
} from "./watch-state.ts";

/** Objects per page: what client-go's pager asks for. */
const PAGE_LIMIT = 500;
/** Backstop only: each page has a shorter deadline of its own. */
const PAGE_TIMER_MS = 90_000;
/** So many failures in a row that the server had a say in, and the resourceVersion itself may be what it cannot serve. */
const FAILURES_BEFORE_RELIST = 5;

export const initialWatchState: WatchState = { kind: "list", pageLimit: PAGE_LIMIT, failures: 0 };

/** Inputs that do not fit the state (an answer that was overtaken) change nothing. */
export function nextWatchStep(state: WatchState, input: WatchInput, env: WatchEnvironment): WatchStep {
  if (input.kind === "start") return list({ kind: "list", pageLimit: PAGE_LIMIT }, 0);
  if (input.kind === "timer") return afterTimer(state, env);
  if (state.kind === "list") return whileListing(state, input, env);
  if (state.kind === "stream") return whileStreaming(state, input, env);
  return { state, effects: [] };
}

function whileListing(state: Listing, input: WatchInput, env: WatchEnvironment): WatchStep {
  if (input.kind === "page") return afterPage(state, input, env);
  if (input.kind === "listFailed") return listFailed(state, input.error, env);
  return { state, effects: [] };
}

function whileStreaming(state: Streaming, input: WatchInput, env: WatchEnvironment): WatchStep {
  if (input.kind === "event") return afterEvent(state, input.event, env);
  if (input.kind === "streamEnded") return streamEnded(state, input.error, env);
  return { state, effects: [] };
}

function list(next: Relist, failures: number): WatchStep {
  return {
    state: { ...next, failures },
    effects: [
      { kind: "fetchPage", limit: next.pageLimit, continueToken: undefined },
      { kind: "setTimer", delayMs: PAGE_TIMER_MS },
    ],
  };
}

function afterPage(state: Listing, { continueToken, resourceVersion }: PageArrived, env: WatchEnvironment): WatchStep {
  if (continueToken !== undefined) {
    const fetch: WatchEffect = { kind: "fetchPage", limit: state.pageLimit, continueToken };
    return { state, effects: [fetch, { kind: "setTimer", delayMs: PAGE_TIMER_MS }] };
  }
  const opened = stream({ resourceVersion, fromList: true, failures: state.failures }, env);
  return { state: opened.state, effects: [{ kind: "commitList" }, ...opened.effects] };
}

function listFailed(state: Listing, error: ApiError, env: WatchEnvironment): WatchStep {
  return retry(
    { kind: "list", pageLimit: nextPageLimit(state.pageLimit, error) },
    { error, failures: countedFailures(state.failures, error) },
    env,
  );
}

/** A continue token that expires between pages asks for one page; an answer over the cap asks for smaller ones. */
function nextPageLimit(limit: number | undefined, error: ApiError): number | undefined {
  if (error.kind === "gone") return undefined;
  if (error.failure !== "bodyTooLarge") return limit;
  return limit === undefined ? PAGE_LIMIT : Math.max(1, Math.floor(limit / 5));
}

function stream(from: Omit<Streaming, "kind" | "sinceMs">, { nowMs, random }: WatchEnvironment): WatchStep {
  const { timeoutSeconds, limitMs } = streamLifetime(random);
  return {
    state: { kind: "stream", ...from, sinceMs: nowMs },
    effects: [
      { kind: "openStream", resourceVersion: from.resourceVersion, timeoutSeconds },
      { kind: "setTimer", delayMs: limitMs },
    ],
  };
}

function afterEvent(state: Streaming, event: WatchEvent, env: WatchEnvironment): WatchStep {
  switch (event.kind) {
    case "changed":
    case "deleted":
    case "bookmark": {
      const order = compareResourceVersions(event.resourceVersion, state.resourceVersion);
      const isBookmark = event.kind === "bookmark";
      if (isBookmark ? order < 0 : order <= 0) return { state, effects: [{ kind: "ignored", why: "stale" }] };
      const next = { ...state, resourceVersion: event.resourceVersion };
      if (isBookmark) return { state: next, effects: [] };
      return { state: next, effects: [{ kind: "apply", deleted: event.kind === "deleted", object: event.object }] };
    }
    case "unknown":
      return { state, effects: [{ kind: "ignored", why: "unknown" }] };
    case "error":
      return streamEnded(state, event.error, env);
    case "malformed":
      return streamEnded(state, errorFromFailure("malformed", undefined, false), env);
  }
}

function streamEnded(state: Streaming, error: ApiError | undefined, env: WatchEnvironment): WatchStep {
  const { resourceVersion } = state;
  const stable = env.nowMs - state.sinceMs >= STABLE_MS;
  if (stable && error === undefined) {
    const opened = stream({ resourceVersion, fromList: false, failures: 0 }, env);
    return { state: opened.state, effects: [{ kind: "abandon" }, ...opened.effects] };
  }
  // A server that was away for long answers 410 to who resumes: it is back, and only a list is wanted.
  const backAgain = error?.kind === "gone" && !state.fromList;
  const failures = countedFailures(stable || backAgain ? 0 : state.failures, error);
  const next: Resume | Relist = mustRelist(error, failures)
    ? { kind: "list", pageLimit: PAGE_LIMIT }
    : { kind: "stream", resourceVersion };
  return retry(next, { error, failures }, env);
}

function mustRelist(error: ApiError | undefined, failures: number): boolean {
  if (error === undefined || error.kind === "throttled") return false;
  const answered = error.status !== undefined || error.kind === "malformed";
  return error.kind === "gone" || (answered && failures >= FAILURES_BEFORE_RELIST);
}

interface Failure {
  readonly error: ApiError | undefined;
  readonly failures: number;
}

function retry(next: Resume | Relist, { error, failures }: Failure, { random }: WatchEnvironment): WatchStep {
  const delayMs = watchBackoffMs(failures, error, random);
  return {
    state: { kind: "backoff", failures, next },
    effects: [
      { kind: "abandon" },
      { kind: "retrying", error, relist: next.kind === "list", delayMs },
      { kind: "setTimer", delayMs },
    ],
  };
}

function afterTimer(state: WatchState, env: WatchEnvironment): WatchStep {
  const overdue = errorFromFailure("unavailable", "deadline", false);
  switch (state.kind) {
    case "list":
      return listFailed(state, overdue, env);
    case "stream":
      return streamEnded(state, overdue, env);
    case "backoff":
      return state.next.kind === "list"
        ? list(state.next, state.failures)
        : stream({ resourceVersion: state.next.resourceVersion, fromList: false, failures: state.failures }, env);
  }
}
