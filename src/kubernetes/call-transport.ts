// Calls over a bounded pool of keep-alive TLS connections (node:https). A call that is given up takes its connection
// with it, so that no dead one is used again.

import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import { type CallPool, ConnectFailure, createCallPool, MAX_SOCKETS } from "./call-pool.ts";
import { createCallSlots } from "./call-slots.ts";
import type { CurrentCredentials } from "./credential-cache.ts";
import { type HttpFailure, type HttpRequest, type HttpResponse, isReset, retryAfterMs } from "./http-exchange.ts";
import type { Endpoint } from "./tls-options.ts";

export interface CallTransport {
  send(
    request: HttpRequest,
    credentials: CurrentCredentials,
    signal: AbortSignal,
  ): Promise<Result<HttpResponse, HttpFailure>>;
  /** Drops the connections that are idle: one of them has shown that they may be dead. */
  dropIdle(): void;
  /** The server fell silent: drops idle connections too, and cuts calls that have waited so long for an answer. */
  cutSilent(waitedMs: number): void;
  close(): void;
}

export function createCallTransport(endpoint: Endpoint, maxBodyBytes: number, clock: Clock): CallTransport {
  const slots = createCallSlots(MAX_SOCKETS);
  const inFlight = new Map<ClientRequest, number>();
  let current: { readonly pool: CallPool; readonly tlsGeneration: number } | undefined;

  const poolFor = ({ credentials, tlsGeneration }: CurrentCredentials): CallPool => {
    if (current?.tlsGeneration === tlsGeneration) return current.pool;
    current?.pool.retire();
    current = { pool: createCallPool(endpoint, credentials, clock), tlsGeneration };
    return current.pool;
  };

  return {
    async send(request, credentials, signal) {
      const exchange = async (): Promise<Attempt> => {
        if (!(await slots.take(signal))) return failedAttempt("withheld", false);
        const pool = poolFor(credentials);
        const onSent = (call: ClientRequest): void => void inFlight.set(call, clock.monotonicMs());
        const onClose = (call: ClientRequest): void => {
          inFlight.delete(call);
          slots.free();
        };
        return attempt({ endpoint, pool, request, maxBodyBytes, onSent, onClose }, signal);
      };
      const first = await exchange();
      if (!first.staleConnection || request.method !== "GET" || signal.aborted) return first.result;
      poolFor(credentials).dropIdle();
      return (await exchange()).result;
    },
    dropIdle: () => current?.pool.dropIdle(),
    cutSilent(waitedMs) {
      current?.pool.dropIdle();
      for (const [call, sentMs] of inFlight) if (clock.monotonicMs() - sentMs >= waitedMs) call.destroy();
    },
    close() {
      current?.pool.close();
      current = undefined;
    },
  };
}

interface Exchange {
  readonly endpoint: Endpoint;
  readonly pool: CallPool;
  readonly request: HttpRequest;
  readonly maxBodyBytes: number;
  /** It is on its way. */
  readonly onSent: (call: ClientRequest) => void;
  /** It holds no connection any more, nor waits for one. */
  readonly onClose: (call: ClientRequest) => void;
}

interface Attempt {
  readonly result: Result<HttpResponse, HttpFailure>;
  /** The server had closed the kept connection before it saw the request (nodejs/node#47130). */
  readonly staleConnection: boolean;
}

function failedAttempt(failure: TransportFailure, sent: boolean, staleConnection = false): Attempt {
  return { result: failed({ failure, sent }), staleConnection };
}

function attempt(
  { endpoint, pool, request, maxBodyBytes, onSent, onClose }: Exchange,
  signal: AbortSignal,
): Promise<Attempt> {
  return new Promise((resolve) => {
    let sent = false;
    const call = httpsRequest({
      agent: pool.agent,
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path: endpoint.pathPrefix + request.path,
      headers: request.headers,
      signal,
    });
    const fail = (failure: TransportFailure, staleConnection = false): void =>
      resolve(failedAttempt(failure, sent, staleConnection));
    // While its connection is still being made, a request that is given up says so only once that stands.
    const giveUp = (): void => fail("reset");
    signal.addEventListener("abort", giveUp, { once: true });
    sendOnceConnected(call, request, (isSent) => {
      sent = isSent;
      if (isSent) onSent(call);
      else fail("withheld");
    });
    call.on("error", (error) =>
      sent ? fail("reset", call.reusedSocket && isReset(error)) : fail(unsentFailure(error)),
    );
    call.on("response", (response) => {
      readBody(response, maxBodyBytes, (body) => {
        if (body.ok) resolve({ result: ok(httpResponse(response, body.value)), staleConnection: false });
        else fail(body.error);
      });
    });
    call.once("close", () => {
      signal.removeEventListener("abort", giveUp);
      onClose(call);
    });
  });
}

/** Nothing of a request leaves before: neither while it waits, nor while its connection is being made. */
function sendOnceConnected(call: ClientRequest, request: HttpRequest, tell: (isSent: boolean) => void): void {
  call.on("socket", () => {
    const maySend = request.maySend?.() !== false;
    tell(maySend);
    if (maySend) call.end(request.body);
    else call.destroy();
  });
}

function unsentFailure(error: Error): TransportFailure {
  return error instanceof ConnectFailure ? error.failure : "connect";
}

function httpResponse({ statusCode: status = 0, headers }: IncomingMessage, body: Buffer): HttpResponse {
  return { status, retryAfterMs: retryAfterMs(headers), body };
}

function readBody(
  response: IncomingMessage,
  maxBytes: number,
  finish: (body: Result<Buffer, "reset" | "bodyTooLarge">) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= maxBytes) return;
    finish(failed("bodyTooLarge"));
    response.destroy();
  });
  response.on("error", () => finish(failed("reset")));
  response.on("end", () => finish(ok(Buffer.concat(chunks, size))));
}
