// A TCP connection to a server through a proxy: RFC 9110, section 9.3.6 (CONNECT). TLS with the server is spoken
// inside it, so the proxy sees host and port, and nothing else.

import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { TransportFailure } from "./api-error.ts";
import type { Proxy } from "./proxy.ts";

export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
}

/** For the way to the proxy and its own way to the server. */
const TUNNEL_LIMIT_MS = 10_000;
const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * No server behind a proxy is asked for anything before the tunnel stands: its failure is never ambiguous. `signal` ends
 * the tunnel, also while it is made.
 */
export function openTunnel(
  proxy: Proxy,
  target: TunnelTarget,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Result<Duplex, TransportFailure>> {
  return new Promise((resolve) => {
    const call = connectRequest(proxy, target, signal);
    const finish = (result: Result<Duplex, TransportFailure>): void => {
      cancel();
      resolve(result);
      if (!result.ok) call.destroy();
    };
    const cancel = clock.setTimer(TUNNEL_LIMIT_MS, () => finish(failed("proxyConnect")));
    call.on("error", () => finish(failed("proxyConnect")));
    call.on("connect", (response: IncomingMessage, socket: Duplex, head: Buffer) => {
      const failure = refusalOf(response.statusCode ?? 0);
      if (failure !== undefined) socket.destroy();
      else if (head.length > 0) socket.unshift(head);
      if (socket instanceof Socket) socket.setNoDelay(true);
      finish(failure === undefined ? ok(socket) : failed(failure));
    });
    call.end();
  });
}

function connectRequest(proxy: Proxy, target: TunnelTarget, signal: AbortSignal | undefined): ClientRequest {
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const { credentials } = proxy;
  const login =
    credentials === undefined
      ? {}
      : { "proxy-authorization": `Basic ${Buffer.from(credentials.revealBytes()).toString("base64")}` };
  return (proxy.tls ? httpsRequest : httpRequest)({
    agent: false,
    host: proxy.host,
    port: proxy.port,
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...login },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Any 2xx stands for a tunnel. */
function refusalOf(status: number): TransportFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === PROXY_AUTHENTICATION_REQUIRED) return "proxyLogin";
  return status >= 500 ? "proxyGateway" : "proxyRefused";
}
