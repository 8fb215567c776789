// The kept-alive connections that calls go over (node:https), straight to the server or through a proxy.

import { Agent } from "node:https";
import { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { failed, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { Credentials } from "./connection.ts";
import { connectTls } from "./tls-connect.ts";
import { type Endpoint, tlsOptions } from "./tls-options.ts";

/** Connections to the API server at most; more calls wait for one. */
export const MAX_SOCKETS = 16;

export interface CallPool {
  readonly agent: Agent;
  /** TLS stands: what is written now leaves now. */
  isReady(socket: Socket): boolean;
  dropIdle(): void;
  /** Calls in flight finish; no connection is kept for another. */
  retire(): void;
  /** Cuts all connections, those in use too. */
  close(): void;
}

/** Why a connection of the pool could not be made, where that is known better than from an error of Node. */
export class ConnectFailure extends Error {
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure) {
    super(failure);
    this.failure = failure;
  }
}

export function createCallPool(endpoint: Endpoint, credentials: Credentials, clock: Clock): CallPool {
  const agent = new Agent({ ...tlsOptions(endpoint, credentials), keepAlive: true, maxSockets: MAX_SOCKETS });
  const ready = new WeakSet<Socket>();
  let closed = false;
  const connect = async (): Promise<Result<TLSSocket, TransportFailure>> => {
    const socket = await connectTls(endpoint, credentials, ["http/1.1"], clock);
    if (!socket.ok || !closed) return socket;
    socket.value.destroy();
    return failed("connect");
  };
  if (endpoint.proxy === undefined) noteReady(agent, ready);
  else connectBy(agent, ready, connect);
  const dropIdle = (): void => {
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  };
  return {
    agent,
    isReady: (socket) => ready.has(socket),
    dropIdle,
    retire() {
      agent.maxFreeSockets = 0;
      dropIdle();
    },
    close() {
      closed = true;
      agent.destroy();
    },
  };
}

/** The agent hands a connection on once TLS stands. */
function connectBy(
  agent: Agent,
  ready: WeakSet<Socket>,
  connect: () => Promise<Result<TLSSocket, TransportFailure>>,
): void {
  agent.createConnection = (_options, give) => {
    void connect().then((socket) => {
      if (!socket.ok) {
        give?.(new ConnectFailure(socket.error), new Socket()); // Its type wants a socket also where there is none.
        return;
      }
      ready.add(socket.value);
      give?.(null, socket.value);
    });
    return undefined;
  };
}

/** The agent hands a connection on before TLS stands. */
function noteReady(agent: Agent, ready: WeakSet<Socket>): void {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, give) => {
    const socket = create(options, give);
    if (socket instanceof Socket) socket.once("secureConnect", () => ready.add(socket));
    return socket;
  };
}
