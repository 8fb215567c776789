// Calls over a bounded pool of keep-alive TLS connections (node:https). A call that is given up takes its connection
// with it, so that no dead one is used again.

import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { failed, ok, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { CurrentCredentials } from "./credential-cache.ts";
import {
  connectFailure,
  type HttpFailure,
  type HttpRequest,
  type HttpResponse,
  isReset,
  retryAfterMs,
} from "./http-exchange.ts";
import { type Endpoint, tlsOptions } from "./tls-options.ts";

/** Connections to the API server at most; more calls wait for one. */
const MAX_SOCKETS = 16;

export interface CallTransport {
  send(
    request: HttpRequest,
    credentials: CurrentCredentials,
    signal: AbortSignal,
  ): Promise<Result<HttpResponse, HttpFailure>>;
  /** Drops the connections that are idle: one of them has shown that they may be dead. */
  dropIdle(): void;
  close(): void;
}

export function createCallTransport(endpoint: Endpoint, maxBodyBytes: number): CallTransport {
  const established = new WeakSet<Socket>();
  let pool: { readonly agent: Agent; readonly tlsGeneration: number } | undefined;

  const agentFor = ({ credentials, tlsGeneration }: CurrentCredentials): Agent => {
    if (pool?.tlsGeneration === tlsGeneration) return pool.agent;
    if (pool !== undefined) retire(pool.agent);
    const agent = new Agent({ ...tlsOptions(endpoint, credentials), keepAlive: true, maxSockets: MAX_SOCKETS });
    pool = { agent, tlsGeneration };
    return agent;
  };

  return {
    async send(request, credentials, signal) {
      const exchange = (): Promise<Attempt> =>
        attempt({ endpoint, agent: agentFor(credentials), established, request, maxBodyBytes }, signal);
      const first = await exchange();
      if (!first.staleConnection || request.method !== "GET" || signal.aborted) return first.result;
      dropIdleSockets(agentFor(credentials));
      return (await exchange()).result;
    },
    dropIdle() {
      if (pool !== undefined) dropIdleSockets(pool.agent);
    },
    close() {
      pool?.agent.destroy();
      pool = undefined;
    },
  };
}

function dropIdleSockets(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of [...(sockets ?? [])]) socket.destroy();
  }
}

/** Calls in flight finish; no connection is kept for another. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  dropIdleSockets(agent);
}

interface Exchange {
  readonly endpoint: Endpoint;
  readonly agent: Agent;
  /** Sockets that carried a request before; `reusedSocket` knows nothing of those that a waiting call was handed. */
  readonly established: WeakSet<Socket>;
  readonly request: HttpRequest;
  readonly maxBodyBytes: number;
}

interface Attempt {
  readonly result: Result<HttpResponse, HttpFailure>;
  /** The server had closed the kept connection before it saw the request (nodejs/node#47130). */
  readonly staleConnection: boolean;
}

function attempt(
  { endpoint, agent, established, request, maxBodyBytes }: Exchange,
  signal: AbortSignal,
): Promise<Attempt> {
  return new Promise((resolve) => {
    let reused = false;
    let sent = false;
    const call = httpsRequest({
      agent,
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path: endpoint.pathPrefix + request.path,
      headers: request.headers,
      signal,
    });
    const fail = (failure: TransportFailure, staleConnection = false): void =>
      resolve({ result: failed({ failure, sent }), staleConnection });
    onceConnected(call, established, (isReused) => {
      reused = isReused;
      sent = request.maySend?.() !== false;
      if (sent) call.end(request.body);
      else {
        fail("withheld");
        call.destroy();
      }
    });
    call.on("error", (error) => (sent ? fail("reset", reused && isReset(error)) : fail(connectFailure(error))));
    call.on("response", (response) => {
      readBody(response, maxBodyBytes, (body) => {
        if (body.ok) resolve({ result: ok(httpResponse(response, body.value)), staleConnection: false });
        else fail(body.error);
      });
    });
  });
}

/** Nothing of a request has left before: neither for want of a free connection, nor while one is being made. */
function onceConnected(call: ClientRequest, established: WeakSet<Socket>, send: (isReused: boolean) => void): void {
  call.on("socket", (socket) => {
    const isReused = established.has(socket);
    established.add(socket);
    if (isReused) send(true);
    else socket.once("secureConnect", () => send(false));
  });
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
