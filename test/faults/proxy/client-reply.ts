// The client's side of one exchange, over HTTP/1.1 and HTTP/2 alike: answer, stream, cut, or notice that it went away.

import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, Http2ServerResponse } from "node:http2";

export type ClientRequest = IncomingMessage | Http2ServerRequest;
export type ClientResponse = ServerResponse | Http2ServerResponse;
export type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface ClientReply {
  head(status: number, headers: Headers): void;
  /** Resolves when the bytes are on their way; at once where the client is gone. */
  write(bytes: Buffer): Promise<void>;
  end(): void;
  /** Ends it at once, with a reset, whatever is on its way. */
  reset(): void;
  /** Ends it in mid-answer, after what was written. */
  breakOff(): void;
  /** Fires when the client has gone away, or the answer is complete. */
  readonly gone: AbortSignal;
}

/** Headers that belong to a connection, not to the message: RFC 9110, section 7.6.1, and HTTP/2's pseudo-headers. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "upgrade",
  "http2-settings",
]);

/** `resetConnection`: resets the TCP connection of an HTTP/1.1 client, which arrived from this port. */
export function clientReply(
  response: ClientResponse,
  resetConnection: (innerPort: number | undefined) => void,
): ClientReply {
  const gone = new AbortController();
  const innerPort = response.req.socket.remotePort;
  const writing = new Set<() => void>();
  const leave = (): void => {
    gone.abort();
    for (const resolve of writing) resolve();
  };
  response.on("close", leave);
  response.on("error", leave);
  const unlessGone = (act: () => void): void => {
    if (!gone.signal.aborted) act();
  };
  const cut = (connection: () => void): void => {
    if (response instanceof Http2ServerResponse) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else connection();
  };
  return {
    head: (status, headers) =>
      unlessGone(() => {
        if (response instanceof ServerResponse) {
          for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
          response.writeHead(status).flushHeaders();
        } else {
          for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
          response.writeHead(status);
        }
      }),
    write: (bytes) =>
      new Promise((resolve) => {
        const done = (): void => {
          writing.delete(done);
          resolve();
        };
        writing.add(done);
        if (gone.signal.aborted || bytes.length === 0) done();
        else if (response instanceof ServerResponse) response.write(bytes, done);
        else response.write(bytes, done);
      }),
    end: () => unlessGone(() => void response.end()),
    reset: () => unlessGone(() => cut(() => resetConnection(innerPort))),
    breakOff: () => unlessGone(() => cut(() => response.destroy())),
    gone: gone.signal,
  };
}

export function endToEnd(headers: IncomingHttpHeaders): Readonly<Record<string, string | string[]>> {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || name.startsWith(":") || HOP_BY_HOP.has(name) ? [] : [[name, value] as const],
  );
  return Object.fromEntries(kept);
}
