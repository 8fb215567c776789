// HTTP(S) to any number of servers: kept connections, proxies, a deadline per request, no redirects, a cap on the
// answer's size, and no way to addresses that are refused. It knows nothing of any store. Failures are values; what a
// server says is for the caller to judge.

import http from "node:http";
import https from "node:https";
import type { Clock } from "../../core/clock.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import { type ConnectionPools, createConnectionPools, type PoolOptions } from "./connection-pools.ts";
import type { Egress } from "./egress.ts";
import type { HttpReply, HttpRequest } from "./http-message.ts";
import { errorOfRequest } from "./map-network-error.ts";

export interface TransportOptions extends PoolOptions {
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
}

export interface Transport {
  send(request: HttpRequest): Promise<Result<HttpReply, ProviderError>>;
  /** Ends all sockets; requests under way fail. */
  destroy(): void;
}

/** Far above any secret (Vault's own limit is 1 MiB) and any list that we follow, far below what hurts. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** A server that asks for more is asked again all the same: a slip of its clock must not park a store for years. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** The one form that servers may send: RFC 9110, section 5.6.7, IMF-fixdate. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

class AnswerTooLarge extends Error {}

export function createTransport(options: TransportOptions): Transport {
  const pools = createConnectionPools(options);
  const ending = new AbortController();
  return {
    send: async (request) => {
      const url = URL.parse(request.url);
      const fault = url === null ? "the server's address is no URL" : urlFault(url, options.egress);
      if (url === null || fault !== undefined) return failed(providerError("invalidConfig", fault ?? ""));
      return sendWithDeadline({ ...options, pools, ending: ending.signal }, url, request);
    },
    destroy: () => {
      ending.abort();
      pools.destroy();
    },
  };
}

/** Why nothing may be sent to this URL, as a clause; undefined: it may. Names are judged when they are resolved. */
export function urlFault(url: URL, egress: Egress): string | undefined {
  if (!["http:", "https:"].includes(url.protocol)) return "the server's address is no http:// or https:// URL";
  if (url.protocol === "http:" && !egress.allowInsecureHttp) {
    return "the server must be asked by https:// (or run the operator with --allow-insecure-http)";
  }
  if (egress.allowsAddress(url.hostname.replace(/^\[|\]$/g, ""))) return undefined;
  return "the server is a link-local or metadata address (refused unless the operator runs with --allow-link-local-servers)";
}

interface Sender extends TransportOptions {
  readonly pools: ConnectionPools;
  readonly ending: AbortSignal;
}

async function sendWithDeadline(
  sender: Sender,
  url: URL,
  request: HttpRequest,
): Promise<Result<HttpReply, ProviderError>> {
  const deadline = new AbortController();
  const cancelTimer = sender.clock.setTimer(sender.requestTimeoutMs, () => deadline.abort());
  const bounded = { ...request, signal: AbortSignal.any([request.signal, deadline.signal, sender.ending]) };
  try {
    return ok(await exchange(sender.pools.agentFor(url), url, bounded));
  } catch (cause) {
    if (request.signal.aborted) return failed(abortedRequest());
    if (deadline.signal.aborted) return failed(overdueRequest(sender.requestTimeoutMs));
    if (cause instanceof AnswerTooLarge) return failed(providerError("malformedPayload", "the answer is over 8 MiB"));
    return failed(errorOfRequest(cause));
  } finally {
    cancelTimer();
  }
}

/** The caller gave up, or its deadline passed. */
export function abortedRequest(): ProviderError {
  return providerError("unavailable", "the call was ended before the answer came");
}

function overdueRequest(timeoutMs: number): ProviderError {
  return providerError("unavailable", `no answer within ${timeoutMs / 1000} s`);
}

/**
 * A kept connection may be cut by the server just as we use it: such a read is tried once more on a fresh one
 * (nodejs/node issue 47130).
 */
async function exchange(agent: http.Agent, url: URL, request: HttpRequest): Promise<HttpReply> {
  const outgoing = start(agent, url, request);
  try {
    return await replyOf(outgoing, request.signal);
  } catch (cause) {
    const isStale = outgoing.reusedSocket && textOf(recordOf(cause)["code"]) === "ECONNRESET";
    const isRepeatable = request.isRepeatable ?? request.method === "GET";
    if (!isStale || !isRepeatable || request.signal.aborted) throw cause;
    return await replyOf(start(agent, url, request), request.signal);
  }
}

function start(agent: http.Agent, url: URL, request: HttpRequest): http.ClientRequest {
  const { method, headers, body, signal } = request;
  const length = body === undefined ? {} : { "Content-Length": body.byteLength };
  const { request: open } = url.protocol === "https:" ? https : http;
  const outgoing = open(url, { method, agent, signal, headers: { ...headers, ...length } });
  outgoing.end(body);
  return outgoing;
}

/**
 * Node tells a request of its end only once it has a socket: one that waits for a proxy would not hear of it. The listener
 * must go: Node keeps a signal of AbortSignal.any that has one for as long as its sources live (gcPersistentSignals).
 */
async function replyOf(outgoing: http.ClientRequest, signal: AbortSignal): Promise<HttpReply> {
  const reply = Promise.withResolvers<HttpReply>();
  const onAbort = (): void => reply.reject(new Error("the request was ended"));
  signal.addEventListener("abort", onAbort, { once: true });
  outgoing.on("error", reply.reject);
  outgoing.on("response", (incoming) => collect(incoming, reply.resolve, reply.reject));
  try {
    return await reply.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function collect(
  incoming: http.IncomingMessage,
  resolve: (reply: HttpReply) => void,
  reject: (cause: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  incoming.on("error", reject);
  incoming.on("data", (chunk: Buffer) => {
    size += chunk.byteLength;
    chunks.push(chunk);
    if (size > MAX_ANSWER_BYTES) incoming.destroy(new AnswerTooLarge());
  });
  incoming.on("end", () => {
    const body = Buffer.concat(chunks);
    for (const chunk of chunks) chunk.fill(0);
    const { headers } = incoming;
    resolve({ status: incoming.statusCode ?? 0, headers: headerTexts(headers), body, ...headerTimes(headers) });
  });
}

function headerTexts(headers: http.IncomingHttpHeaders): HttpReply["headers"] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]));
}

/** RFC 9110, section 10.2.3: Retry-After is seconds or a date; a date counts from the server's own clock. */
function headerTimes(headers: http.IncomingHttpHeaders): Pick<HttpReply, "retryAfterMs" | "serverTimeMs"> {
  const serverTimeMs = dateMs(headers.date);
  const retryAfter = headers["retry-after"];
  if (retryAfter === undefined) return { retryAfterMs: undefined, serverTimeMs };
  const askedMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : untilDateMs(retryAfter, serverTimeMs);
  const retryAfterMs = askedMs === undefined ? undefined : Math.min(Math.max(0, askedMs), MAX_RETRY_AFTER_MS);
  return { retryAfterMs, serverTimeMs };
}

function untilDateMs(date: string, serverTimeMs: number | undefined): number | undefined {
  const untilMs = dateMs(date);
  return untilMs === undefined || serverTimeMs === undefined ? undefined : untilMs - serverTimeMs;
}

/** Date.parse alone would take "-1" for a year. */
function dateMs(text: string | undefined): number | undefined {
  return text !== undefined && HTTP_DATE.test(text) ? Date.parse(text) : undefined;
}
