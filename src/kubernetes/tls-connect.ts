// One TLS connection, straight or through a proxy, established or not within a time limit.

import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { Credentials } from "./connection.ts";
import { connectFailure } from "./http-exchange.ts";
import { openTunnel } from "./proxy-tunnel.ts";
import { type Endpoint, tlsOptions } from "./tls-options.ts";

/** A connection takes a few round trips. A server that starts accepts it, but says nothing for long: better a new one. */
const CONNECT_LIMIT_MS = 5_000;
/** TCP's own probes: they end a connection whose peer is gone where nothing else is sent. */
const KEEP_ALIVE_AFTER_MS = 15_000;

/** `protocols`: what is offered; `alpnProtocol` of the socket says which holds. */
export async function connectTls(
  endpoint: Endpoint,
  credentials: Credentials,
  protocols: readonly string[],
  clock: Clock,
): Promise<Result<TLSSocket, TransportFailure>> {
  const options = { ...tlsOptions(endpoint, credentials), ALPNProtocols: [...protocols], noDelay: true };
  if (endpoint.proxy === undefined) return handshake(options, clock);
  const tunnel = await openTunnel(endpoint.proxy, endpoint, clock);
  return tunnel.ok ? handshake({ ...options, socket: tunnel.value }, clock) : tunnel;
}

function handshake(options: ConnectionOptions, clock: Clock): Promise<Result<TLSSocket, TransportFailure>> {
  return new Promise((resolve) => {
    const socket = connect(options);
    const finish = (result: Result<TLSSocket, TransportFailure>): void => {
      cancel();
      socket.off("error", onError);
      resolve(result);
      if (!result.ok) socket.on("error", ignore).destroy();
    };
    const onError = (error: Error): void => finish(failed(connectFailure(error)));
    const cancel = clock.setTimer(CONNECT_LIMIT_MS, () => finish(failed("connect")));
    socket.on("error", onError);
    socket.once("secureConnect", () => {
      socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
      finish(ok(socket));
    });
  });
}

/** What a socket says after we gave it up. */
function ignore(): void {}
