// What to do next to keep a cache equal to the API server: list, then stream, then resume. Pure: it takes what happened
// and returns the next state and the effects; the informer performs them. One timer is armed in every state, every end
// of a stream takes the same path (resume at the last resourceVersion, relist on 410), and nothing stops it for good.
// Reference: kubernetes/client-go tools/cache/reflector.go.

import { compareResourceVersions } from "../core/resource-version.ts";
import { type ApiError, errorFromFailure } from "../kubernetes/api-error.ts";
import { countedFailures, STABLE_MS } from "./watch-backoff.ts";
import type { WatchEvent } from "./watch-event.ts";
import { gatherOverdue, listFailed, whileGathering, whileListing } from "./watch-lists.ts";
import type {
  Resume,
  Relist,
  Streaming,
  WatchEffect,
  WatchEnvironment,
  WatchHistory,
  WatchInput,
  WatchState,
  WatchStep,
} from "./watch-state.ts";
import { list, progress, relist, retry, stream } from "./watch-steps.ts";

/** So many failures in a row that the server had a say in, and the resourceVersion itself may be what it cannot serve. */
const FAILURES_BEFORE_RELIST = 5;

/** Waits for `start`. */
export const initialWatchState: WatchState = {
  kind: "backoff",
  history: { failures: 0, brokenLists: 0, pagesUntilMs: 0 },
  next: relist,
};

/** Inputs that do not fit the state (an answer that was overtaken) change nothing. */
export function nextWatchStep(state: WatchState, input: WatchInput, env: WatchEnvironment): WatchStep {
  if (input.kind === "start") return list(relist, initialWatchState.history, env);
  if (input.kind === "timer") return afterTimer(state, env);
  switch (state.kind) {
    case "list":
      return whileListing(state, input, env);
    case "gather":
      return whileGathering(state, input, env);
    case "stream":
      return whileStreaming(state, input, env);
    case "backoff":
      return { state, effects: [] };
  }
}

function whileStreaming(state: Streaming, input: WatchInput, env: WatchEnvironment): WatchStep {
  if (input.kind === "event") return afterEvent(state, input.event, env);
  if (input.kind === "streamEnded") return streamEnded(state, input.error, env);
  if (input.kind === "serverVersion") return afterServerVersion(state, input.resourceVersion, env);
  return { state, effects: [] };
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
      const reached = progress(event.resourceVersion);
      if (isBookmark) return { state: next, effects: [reached] };
      const deleted = event.kind === "deleted";
      return { state: next, effects: [{ kind: "apply", deleted, object: event.object }, reached] };
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
    // Bookmarks come about once a minute: a stream without any may be open at a version that the server has yet to reach.
    const verify = resourceVersion === state.openedAt;
    const opened = stream({ resourceVersion, fromList: false, verify }, { ...state.history, failures: 0 }, env);
    return { state: opened.state, effects: [{ kind: "abandon" }, ...opened.effects] };
  }
  // A server that was away for long answers 410 to who resumes: it is back, and only a list is wanted, at once. No hot
  // loop: whoever resumes has waited before.
  if (error?.kind === "gone" && !state.fromList)
    return relistNow({ kind: "retrying", error, relist: true, delayMs: 0 }, state.history, env);
  const failures = countedFailures(stable ? 0 : state.history.failures, error);
  const next: Resume | Relist = mustRelist(error, failures) ? relist : { kind: "stream", resourceVersion };
  return retry({ next, error, history: { ...state.history, failures } }, env);
}

function relistNow(report: WatchEffect, history: WatchHistory, env: WatchEnvironment): WatchStep {
  const step = list(relist, history, env);
  return { state: step.state, effects: [{ kind: "abandon" }, report, ...step.effects] };
}

function mustRelist(error: ApiError | undefined, failures: number): boolean {
  if (error === undefined || error.kind === "throttled") return false;
  const answered = error.status !== undefined || error.kind === "malformed";
  return error.kind === "gone" || (answered && failures >= FAILURES_BEFORE_RELIST);
}

/**
 * A watch at a version that the server has not reached yet is not refused: it stays silent until then, and what happens
 * before is lost (kubernetes/apiserver v0.36.3 pkg/storage/cacher/watch_cache.go, getAllEventsSinceLocked). That is where
 * an etcd restored from a backup leaves us. Asked only after a resume, so a list at once makes no hot loop.
 */
function afterServerVersion(state: Streaming, resourceVersion: string, env: WatchEnvironment): WatchStep {
  if (compareResourceVersions(resourceVersion, state.openedAt) >= 0) return { state, effects: [] };
  return relistNow({ kind: "serverWentBack" }, state.history, env);
}

function afterTimer(state: WatchState, env: WatchEnvironment): WatchStep {
  const overdue = errorFromFailure("unavailable", "deadline", false);
  switch (state.kind) {
    case "list":
      return listFailed(state, overdue, env);
    case "gather":
      return gatherOverdue(state, env);
    case "stream":
      return streamEnded(state, overdue, env);
    case "backoff":
      return state.next.kind === "list"
        ? list(state.next, state.history, env)
        : stream({ ...state.next, fromList: false, verify: true }, state.history, env);
  }
}
