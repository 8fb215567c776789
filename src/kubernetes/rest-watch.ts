// One watch stream: from its request to its end, with lines cut out of bytes.

import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import { type ApiError, errorFromFailure, errorFromStatus } from "./api-error.ts";
import type { CredentialCache } from "./credential-cache.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import type { HttpResponse } from "./http-exchange.ts";
import { createLineSplitter } from "./line-splitter.ts";
import { pathWithQuery, requestHeaders } from "./request-head.ts";
import type { KubernetesClient, OnRequest, WatchCall, WatchHandlers } from "./rest-client.ts";
import { parseJson, statusFacts } from "./status-body.ts";
import type { StreamEnd, StreamHandlers } from "./stream.ts";
import type { WatchTransport } from "./watch-transport.ts";

export interface WatcherDependencies {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly limits: { readonly watchOpenMs: number; readonly maxLineBytes: number };
  readonly credentials: CredentialCache;
  readonly onRequest: OnRequest;
  readonly transport: WatchTransport;
}

export function createWatcher(deps: WatcherDependencies): KubernetesClient["watch"] {
  return async (call, handlers, signal) => {
    const opening = startDeadline(deps.clock, deps.limits.watchOpenMs, signal);
    try {
      return await follow(deps, { call, handlers }, opening);
    } finally {
      opening.clear();
    }
  };
}

interface Watch {
  readonly call: WatchCall;
  readonly handlers: WatchHandlers;
}

async function follow(
  deps: WatcherDependencies,
  { call, handlers }: Watch,
  opening: Deadline,
): Promise<Result<undefined, ApiError>> {
  const current = await deps.credentials.current();
  if (!current.ok) return failed(errorFromFailure("unavailable", "credentials", false));
  const startMs = deps.clock.monotonicMs();
  const lines = createLineSplitter(deps.limits.maxLineBytes, (text) => handlers.line(text));
  const tooLong = new AbortController();
  let openedMs: number | undefined;
  const count = (code: string): void => deps.onRequest("WATCH", code, deps.clock.monotonicMs() - startMs);
  const request = {
    path: pathWithQuery(call.path, { ...call.query, watch: 1 }),
    headers: requestHeaders(current.value.credentials, deps.userAgent, call.accept),
    credentials: current.value,
  };
  const streamHandlers: StreamHandlers = {
    opened() {
      openedMs = deps.clock.monotonicMs();
      opening.lift();
      count("200");
      handlers.opened?.();
      handlers.alive?.();
    },
    data(chunk) {
      handlers.alive?.();
      if (!tooLong.signal.aborted && !lines.push(chunk)) tooLong.abort();
    },
    alive: () => handlers.alive?.(),
  };
  const end = await deps.transport.open(request, streamHandlers, AbortSignal.any([opening.signal, tooLong.signal]));
  if (openedMs === undefined) count(end.kind === "refused" ? String(end.response.status) : "<error>");
  if (end.kind === "refused" && end.response.status === 401) deps.credentials.refused();
  if (tooLong.signal.aborted) return failed(errorFromFailure("malformed", "bodyTooLarge", false));
  return outcome(end, opening, openedMs !== undefined);
}

function outcome(end: StreamEnd, opening: Deadline, wasOpen: boolean): Result<undefined, ApiError> {
  if (end.kind === "ended") return ok(undefined);
  if (end.kind === "refused") return failed(refusal(end.response));
  if (opening.expired) return failed(errorFromFailure("unavailable", "deadline", false));
  if (opening.signal.aborted) return failed(errorFromFailure("aborted", undefined, false));
  const isUnanswered = end.failure === "reset" && !wasOpen;
  return failed(errorFromFailure("unavailable", isUnanswered ? "unanswered" : end.failure, false));
}

function refusal({ status, body, retryAfterMs }: HttpResponse): ApiError {
  const json = parseJson(body);
  return errorFromStatus(status, statusFacts(json.ok ? json.value : undefined), {
    write: false,
    headerRetryAfterMs: retryAfterMs,
  });
}
