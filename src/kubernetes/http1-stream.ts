// A watch stream over HTTP/1.1, on a connection of its own. There are no pings, so silence is the only sign of a dead
// peer: bookmarks, which the server sends about once a minute, must arrive.

import { request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { retryAfterMs } from "./http-exchange.ts";
import { createStreamReader, type StreamEnd, type StreamHandlers, type StreamRequest } from "./stream.ts";

export interface IdleLimit {
  readonly clock: Clock;
  readonly idleMs: number;
}

export function openHttp1Stream(
  socket: TLSSocket,
  request: StreamRequest & { readonly host: string },
  handlers: StreamHandlers,
  { signal, clock, idleMs }: IdleLimit & { readonly signal: AbortSignal },
): Promise<StreamEnd> {
  return new Promise((resolve) => {
    const reader = createStreamReader(handlers);
    const call = httpsRequest({
      createConnection: () => socket,
      host: request.host,
      path: request.path,
      headers: request.headers,
      signal,
    });
    const finish = (end: StreamEnd): void => {
      idle.stop();
      resolve(end);
      socket.destroy();
    };
    const idle = startIdleTimer({ clock, idleMs }, () => finish({ kind: "failed", failure: "idleTimeout" }));
    call.on("error", () => finish({ kind: "failed", failure: "reset" }));
    call.on("response", (response) => {
      reader.head(response.statusCode ?? 0, retryAfterMs(response.headers));
      response.on("data", (chunk: Buffer) => {
        idle.touch();
        reader.data(chunk);
      });
      response.on("error", () => finish({ kind: "failed", failure: "reset" }));
      response.on("end", () => finish(reader.end()));
    });
    call.end();
  });
}

/** Fires once when `touch` was not called for `idleMs`. */
function startIdleTimer({ clock, idleMs }: IdleLimit, fire: () => void): { touch(): void; stop(): void } {
  let lastMs = clock.monotonicMs();
  const arm = (delayMs: number): (() => void) =>
    clock.setTimer(delayMs, () => {
      const leftMs = lastMs + idleMs - clock.monotonicMs();
      if (leftMs <= 0) fire();
      else cancel = arm(leftMs);
    });
  let cancel = arm(idleMs);
  return {
    touch: () => (lastMs = clock.monotonicMs()),
    stop: () => cancel(),
  };
}
