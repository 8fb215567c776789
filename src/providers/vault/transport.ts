// HTTP(S) to one server: keep-alive, a deadline per request, no redirects, a cap on the answer's size. It knows
// nothing of Vault. Failures are values; what the server says is for the caller to judge.

import http from "node:http";
import https from "node:https";
import type { Clock } from "../../core/clock.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import { errorOfRequest } from "./map-network-error.ts";
import type { HttpReply } from "./vault-reply.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
}

export interface TransportOptions {
  readonly isTls: boolean;
  /** PEM; undefined: the roots that Node trusts. */
  readonly ca: string | undefined;
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
/** An idle connection is given up before servers and middleboxes (Vault: 5 minutes) cut it. */
const IDLE_SOCKET_MS = 60_000;
const TCP_KEEPALIVE_MS = 15_000;
/** The one form that servers may send: RFC 9110, section 5.6.7, IMF-fixdate. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

class AnswerTooLarge extends Error {}

export function createTransport(options: TransportOptions): Transport {
  const pool = { keepAlive: true, keepAliveMsecs: TCP_KEEPALIVE_MS, timeout: IDLE_SOCKET_MS };
  // `rejectUnauthorized` is said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
  const secure = { ...pool, rejectUnauthorized: true, ...(options.ca === undefined ? {} : { ca: options.ca }) };
  const agent = options.isTls ? new https.Agent(secure) : new http.Agent(pool);
  const ending = new AbortController();
  return {
    send: (request) => sendWithDeadline({ ...options, agent, ending: ending.signal }, request),
    destroy: () => {
      ending.abort();
      agent.destroy();
    },
  };
}

interface Sender extends TransportOptions {
  readonly agent: http.Agent;
  readonly ending: AbortSignal;
}

async function sendWithDeadline(sender: Sender, request: HttpRequest): Promise<Result<HttpReply, ProviderError>> {
  const deadline = new AbortController();
  const cancelTimer = sender.clock.setTimer(sender.requestTimeoutMs, () => deadline.abort());
  const bounded = { ...request, signal: AbortSignal.any([request.signal, deadline.signal, sender.ending]) };
  try {
    return ok(await exchange(sender.isTls, sender.agent, bounded));
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
async function exchange(isTls: boolean, agent: http.Agent, request: HttpRequest): Promise<HttpReply> {
  const outgoing = start(isTls, agent, request);
  try {
    return await replyOf(outgoing);
  } catch (cause) {
    const isStale = outgoing.reusedSocket && textOf(recordOf(cause)["code"]) === "ECONNRESET";
    if (!isStale || request.method !== "GET" || request.signal.aborted) throw cause;
    return await replyOf(start(isTls, agent, request));
  }
}

function start(isTls: boolean, agent: http.Agent, request: HttpRequest): http.ClientRequest {
  const { method, url, headers, body, signal } = request;
  const length = body === undefined ? {} : { "Content-Length": body.byteLength };
  const outgoing = (isTls ? https : http).request(url, { method, agent, signal, headers: { ...headers, ...length } });
  outgoing.end(body);
  return outgoing;
}

function replyOf(outgoing: http.ClientRequest): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => collect(incoming, resolve, reject));
  });
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
    resolve({ status: incoming.statusCode ?? 0, body, ...headerTimes(incoming.headers) });
  });
}

/** RFC 9110, section 10.2.3: Retry-After is seconds or a date; a date counts from the server's own clock. */
function headerTimes(headers: http.IncomingHttpHeaders): Pick<HttpReply, "retryAfterMs" | "serverTimeMs"> {
  const serverTimeMs = dateMs(headers.date);
  const retryAfter = headers["retry-after"];
  if (retryAfter === undefined) return { retryAfterMs: undefined, serverTimeMs };
  if (/^\d{1,9}$/.test(retryAfter)) return { retryAfterMs: Number(retryAfter) * 1000, serverTimeMs };
  const untilMs = dateMs(retryAfter);
  const isUsable = untilMs !== undefined && serverTimeMs !== undefined;
  return { retryAfterMs: isUsable ? Math.max(0, untilMs - serverTimeMs) : undefined, serverTimeMs };
}

/** Date.parse alone would take "-1" for a year. */
function dateMs(text: string | undefined): number | undefined {
  return text !== undefined && HTTP_DATE.test(text) ? Date.parse(text) : undefined;
}
