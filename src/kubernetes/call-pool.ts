// The kept-alive connections that calls go over (node:https). Each is handed on once TLS stands, so that what is written
// to it leaves at once, and none is waited for longer than a handshake may take.

import { Agent } from "node:https";
import { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { failed, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { Credentials } from "./connection.ts";
import { connectTls } from "./tls-connect.ts";
import type { Endpoint } from "./tls-options.ts";

/** Connections to the API server at most. */
export const MAX_SOCKETS = 16;

export interface CallPool {
  readonly agent: Agent;
  dropIdle(): void;
  /** Calls in flight finish; no connection is kept for another. */
  retire(): void;
  /** Cuts all connections, those in use too. */
  close(): void;
}

/** Why a connection of the pool could not be made. */
export class ConnectFailure extends Error {
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure) {
    super(failure);
    this.failure = failure;
  }
}

export function createCallPool(endpoint: Endpoint, credentials: Credentials, clock: Clock): CallPool {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  let closed = false;
  const connect = async (): Promise<Result<TLSSocket, TransportFailure>> => {
    const socket = await connectTls(endpoint, credentials, ["http/1.1"], clock);
    if (!socket.ok || !closed) return socket;
    socket.value.destroy();
    return failed("connect");
  };
  agent.createConnection = (_options, give) => {
    void connect().then((socket) => {
      if (socket.ok) give?.(null, socket.value);
      else give?.(new ConnectFailure(socket.error), new Socket()); // Its type wants a socket also where there is none.
    });
    return undefined;
  };
  const dropIdle = (): void => {
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  };
  return {
    agent,
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
