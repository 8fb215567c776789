// One API call: attempts, retries and the deadline over all of them.

import type { Clock } from "../core/clock.ts";
import { failed, type Result } from "../core/result.ts";
import { type ApiError, errorFromFailure, errorFromStatus } from "./api-error.ts";
import type { CallTransport } from "./call-transport.ts";
import type { CredentialCache, CurrentCredentials } from "./credential-cache.ts";
import { type Deadline, pause, startDeadline } from "./deadline.ts";
import type { HttpFailure, HttpRequest, HttpResponse } from "./http-exchange.ts";
import { pathWithQuery, requestHeaders } from "./request-head.ts";
import type { ApiCall, KubernetesClient, OnRequest } from "./rest-client.ts";
import { parseJson, statusFacts } from "./status-body.ts";

export interface CallerDependencies {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly limits: { readonly callDeadlineMs: number };
  readonly credentials: CredentialCache;
  readonly onRequest: OnRequest;
  readonly transport: CallTransport;
}

/** As client-go: rest/request.go, maxRetries. */
const MAX_RETRIES = 10;
/** A server may ask for a retry after 0 seconds; that must not become a hot loop. */
const MIN_RETRY_MS = 100;

interface Attempt {
  readonly result: Result<unknown, ApiError>;
  /** The server did not process the request and may be asked again so much later, milliseconds. */
  readonly againAfterMs: number | undefined;
}

export function createCaller(deps: CallerDependencies): KubernetesClient["call"] {
  return async (call, signal) => {
    const deadline = startDeadline(deps.clock, call.deadlineMs ?? deps.limits.callDeadlineMs, signal);
    try {
      return await callWithin(deps, call, deadline);
    } finally {
      deadline.clear();
    }
  };
}

async function callWithin(
  deps: CallerDependencies,
  call: ApiCall,
  deadline: Deadline,
): Promise<Result<unknown, ApiError>> {
  for (let retries = 0; ; retries += 1) {
    const { result, againAfterMs } = await attempt(deps, call, deadline);
    if (result.ok || againAfterMs === undefined || retries === MAX_RETRIES || againAfterMs >= deadline.remainingMs())
      return result;
    if (againAfterMs > 0) await pause(deps.clock, againAfterMs, deadline.signal);
    if (deadline.signal.aborted) return result;
  }
}

async function attempt(deps: CallerDependencies, call: ApiCall, deadline: Deadline): Promise<Attempt> {
  const current = await deps.credentials.current();
  if (deadline.signal.aborted) return final(gaveUp(deadline, false));
  if (!current.ok) return final(errorFromFailure("unavailable", "credentials", false));
  const startMs = deps.clock.monotonicMs();
  const answer = await deps.transport.send(
    httpRequest(call, current.value, deps.userAgent),
    current.value,
    deadline.signal,
  );
  deps.onRequest(call.method, answer.ok ? String(answer.value.status) : "<error>", deps.clock.monotonicMs() - startMs);
  if (!answer.ok) return final(transportError(deps, answer.error, { call, deadline }));
  if (answer.value.status === 401)
    return { result: readAnswer(call, answer.value), againAfterMs: await afterRefusal(deps, current.value) };
  return { result: readAnswer(call, answer.value), againAfterMs: retryDelayMs(answer.value) };
}

function httpRequest(call: ApiCall, { credentials }: CurrentCredentials, userAgent: string): HttpRequest {
  const headers = requestHeaders(credentials, userAgent, call.accept);
  const path = pathWithQuery(call.path, call.query ?? {});
  const { method, maySend } = call;
  if (call.body === undefined) return { method, path, headers, body: undefined, maySend };
  const body = JSON.stringify(call.body);
  // Without a length node:http sends the body of a DELETE behind its request: the preconditions in it would not count.
  const content = {
    "content-type": call.contentType ?? "application/json",
    "content-length": String(Buffer.byteLength(body)),
  };
  return { method, path, maySend, headers: { ...headers, ...content }, body };
}

function transportError(
  deps: CallerDependencies,
  { failure, sent }: HttpFailure,
  { call, deadline }: { readonly call: ApiCall; readonly deadline: Deadline },
): ApiError {
  const ambiguous = sent && isWrite(call);
  if (deadline.expired) deps.transport.dropIdle();
  if (deadline.signal.aborted) return gaveUp(deadline, ambiguous);
  if (failure === "withheld") return errorFromFailure("aborted", undefined, false);
  return errorFromFailure(failure === "bodyTooLarge" ? "malformed" : "unavailable", failure, ambiguous);
}

function gaveUp(deadline: Deadline, ambiguous: boolean): ApiError {
  return deadline.expired
    ? errorFromFailure("unavailable", "deadline", ambiguous)
    : errorFromFailure("aborted", undefined, ambiguous);
}

function readAnswer(call: ApiCall, { status, body, retryAfterMs }: HttpResponse): Result<unknown, ApiError> {
  const json = parseJson(body);
  if (status >= 200 && status < 300)
    return json.ok ? json : failed(errorFromFailure("malformed", undefined, isWrite(call)));
  const facts = statusFacts(json.ok ? json.value : undefined);
  return failed(errorFromStatus(status, facts, { write: isWrite(call), headerRetryAfterMs: retryAfterMs }));
}

/** Both are answered before the request is processed: overload protection, and a server that starts or stops. */
function retryDelayMs({ status, retryAfterMs }: HttpResponse): number | undefined {
  return (status === 429 || status === 503) && retryAfterMs !== undefined
    ? Math.max(retryAfterMs, MIN_RETRY_MS)
    : undefined;
}

/** 0 if there are other credentials by now, else undefined. */
async function afterRefusal(deps: CallerDependencies, used: CurrentCredentials): Promise<number | undefined> {
  deps.credentials.refused();
  const fresh = await deps.credentials.current();
  return fresh.ok && !sameToken(fresh.value, used) ? 0 : undefined;
}

function sameToken(a: CurrentCredentials, b: CurrentCredentials): boolean {
  const [tokenA, tokenB] = [a.credentials.bearerToken, b.credentials.bearerToken];
  if (a.tlsGeneration !== b.tlsGeneration) return false;
  return tokenA === undefined || tokenB === undefined ? tokenA === tokenB : tokenA.equals(tokenB);
}

function isWrite(call: ApiCall): boolean {
  return call.method !== "GET";
}

function final(error: ApiError): Attempt {
  return { result: failed(error), againAfterMs: undefined };
}
