// An HTTP proxy that knows CONNECT only, in the test's process: counts its tunnels, can ask for credentials, refuse, stay
// silent, and cut what it carries.

import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";
import { parseProxy, type Proxy } from "../../src/kubernetes/proxy.ts";
import { testTls } from "./tls.ts";

export interface ConnectProxy {
  /** What a client is to be told; with credentials, if given. */
  proxy(credentials?: string): Proxy;
  /** `host:port` of each tunnel asked for. */
  readonly asked: readonly string[];
  /** Tunnels that stand now. */
  open(): number;
  /** Cuts all tunnels. */
  cut(): void;
}

export interface ConnectProxyOptions {
  readonly tls?: boolean;
  /** `user:password` that it wants. */
  readonly login?: string;
  /** Answers this instead of making a tunnel; 0: never answers. */
  readonly refuseWith?: number;
  /** Names that only this proxy knows, and where they lead. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** Runs until the test is finished. */
export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const { tls = false, login, refuseWith, hosts = {} } = options;
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  const server = tls ? createHttpsServer(testTls.server) : createHttpServer();
  server.on("connection", (socket: Socket) => socket.on("error", () => undefined));
  server.on("connect", (request, client) => {
    asked.push(request.url ?? "");
    client.on("error", () => undefined);
    if (refuseWith === 0) return;
    const status = wanted === undefined || request.headers["proxy-authorization"] === wanted ? refuseWith : 407;
    if (status !== undefined) client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 7\r\n\r\nsecret!`);
    else join(client, resolved(request.url ?? "", hosts), sockets);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const cut = (): void => sockets.forEach((socket) => void socket.destroy());
  onTestFinished(() => {
    cut();
    server.closeAllConnections();
    server.close();
  });
  return {
    asked,
    cut,
    open: () => sockets.size,
    proxy(credentials) {
      const proxy = parseProxy(
        `${tls ? "https" : "http"}://${credentials === undefined ? "" : `${credentials}@`}localhost:${port}`,
      );
      if (!proxy.ok) throw new Error(proxy.error);
      return proxy.value;
    },
  };
}

function resolved(authority: string, hosts: Readonly<Record<string, string>>): string {
  const { hostname, host } = new URL(`http://${authority}`);
  return host.replace(hostname, hosts[hostname] ?? hostname);
}

function join(client: Duplex, authority: string, sockets: Set<Duplex>): void {
  const { hostname, port } = new URL(`http://${authority}`);
  const target = connect({ host: hostname, port: Number(port) }, () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    client.pipe(target).pipe(client);
  });
  target.on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  target.on("close", () => client.destroy());
  sockets.add(client);
  client.on("close", () => {
    sockets.delete(client);
    target.destroy();
  });
}
