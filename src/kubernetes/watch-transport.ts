// Streams for watches: many on one HTTP/2 connection, or one connection each where a proxy speaks HTTP/1.1 only.

import type { TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { CurrentCredentials } from "./credential-cache.ts";
import { openHttp1Stream } from "./http1-stream.ts";
import { createHttp2Session, type Http2Session, type PingTimes } from "./http2-session.ts";
import type { StreamEnd, StreamHandlers, StreamRequest } from "./stream.ts";
import { connectTls } from "./tls-connect.ts";
import type { Endpoint } from "./tls-options.ts";

export interface WatchTransport {
  open(
    request: StreamRequest & { readonly credentials: CurrentCredentials },
    handlers: StreamHandlers,
    signal: AbortSignal,
  ): Promise<StreamEnd>;
  close(): void;
}

export interface WatchTransportOptions {
  readonly pings: PingTimes;
  /** Longest silence of an HTTP/1.1 watch, milliseconds. */
  readonly idleMs: number;
  /** Told when the server has not answered a ping: other connections to it may be as dead. */
  readonly onSilent: () => void;
}

type Carrier =
  | { readonly kind: "session"; readonly session: Http2Session }
  | { readonly kind: "socket"; readonly socket: TLSSocket };

/** A server that takes a connection and refuses its streams at once is asked so often before the watch fails. */
const MAX_CONNECTS = 3;

export function createWatchTransport(endpoint: Endpoint, clock: Clock, options: WatchTransportOptions): WatchTransport {
  const carriers = createCarriers(endpoint, clock, options);
  return {
    open({ path: relative, headers, credentials }, handlers, signal) {
      const path = endpoint.pathPrefix + relative;
      const limits = { signal, clock, idleMs: options.idleMs };
      return carriers.use(credentials, (carrier) =>
        carrier.kind === "session"
          ? carrier.session.open({ path, headers }, handlers, signal)
          : openHttp1Stream(carrier.socket, { host: endpoint.host, path, headers }, handlers, limits),
      );
    },
    close: carriers.close,
  };
}

interface Carriers {
  /** Finds or makes a connection and calls `open` at once, so that nobody else takes its last free place. */
  use(current: CurrentCredentials, open: (carrier: Carrier) => Promise<StreamEnd>): Promise<StreamEnd>;
  close(): void;
}

function createCarriers(endpoint: Endpoint, clock: Clock, { pings, onSilent }: WatchTransportOptions): Carriers {
  const sessions = new Map<Http2Session, number>();
  const sockets = new Set<TLSSocket>();
  /** HTTP/2 connections are shared, so only one is made at a time; HTTP/1.1 ones are not. */
  let connecting: Promise<Result<Carrier, TransportFailure>> | undefined;
  let shared = true;
  let closed = false;

  const connect = async (current: CurrentCredentials): Promise<Result<Carrier, TransportFailure>> => {
    const socket = await connectTls(endpoint, current.credentials, ["h2", "http/1.1"], clock);
    connecting = undefined;
    if (!socket.ok) return socket;
    holdOpen(sockets, socket.value);
    if (closed) socket.value.destroy();
    if (closed) return failed("connect");
    shared = socket.value.alpnProtocol === "h2";
    if (!shared) return ok({ kind: "socket", socket: socket.value });
    const onClose = (): void => void sessions.delete(session);
    const session = createHttp2Session(socket.value, endpoint.origin, { clock, pings, onClose, onSilent });
    sessions.set(session, current.tlsGeneration);
    return ok({ kind: "session", session });
  };

  return {
    async use(current, open) {
      for (let connects = 0; connects < MAX_CONNECTS; connects += 1) {
        const session = usableSession(sessions, current.tlsGeneration);
        if (session !== undefined) return open({ kind: "session", session });
        const probing = shared;
        const made = await (probing ? (connecting ??= connect(current)) : connect(current));
        if (!made.ok) return { kind: "failed", failure: made.error };
        if (made.value.kind === "session") continue;
        if (!probing) return open(made.value);
        made.value.socket.destroy(); // Several may wait for this one connection; over HTTP/1.1 each needs its own.
      }
      return { kind: "failed", failure: "connect" };
    },
    close() {
      closed = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

function holdOpen(sockets: Set<TLSSocket>, socket: TLSSocket): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

function usableSession(sessions: ReadonlyMap<Http2Session, number>, tlsGeneration: number): Http2Session | undefined {
  return [...sessions].find(([session, generation]) => generation === tlsGeneration && session.usable)?.[0];
}
