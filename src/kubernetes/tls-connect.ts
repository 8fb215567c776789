// One TLS connection, established or not within a time limit.

import { connect, type TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { Credentials } from "./connection.ts";
import { connectFailure } from "./http-exchange.ts";
import { type Endpoint, tlsOptions } from "./tls-options.ts";

/** A handshake takes a few round trips; a server that needs longer is as good as away. */
const CONNECT_LIMIT_MS = 10_000;
/** TCP's own probes: they end a connection whose peer is gone where nothing else is sent. */
const KEEP_ALIVE_AFTER_MS = 15_000;

/** Offers HTTP/2 and HTTP/1.1; `alpnProtocol` of the socket says which holds. */
export function connectTls(
  endpoint: Endpoint,
  credentials: Credentials,
  clock: Clock,
): Promise<Result<TLSSocket, TransportFailure>> {
  return new Promise((resolve) => {
    const socket = connect({ ...tlsOptions(endpoint, credentials), ALPNProtocols: ["h2", "http/1.1"] });
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
