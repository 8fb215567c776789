// A TLS server in the test's process that answers as the test says, over HTTP/1.1 and (unless told otherwise) HTTP/2,
// with a gate before it that can swallow all bytes: the peer is then silent while TCP still acknowledges.

import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createServer as createHttp1Server } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { Connection } from "../../src/kubernetes/connection.ts";
import { testTls } from "./tls.ts";

export interface FakeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Over HTTP/1.1 it is node:http's response, which has the same methods. */
export type FakeResponse = Http2ServerResponse;

export type FakeHandler = (request: FakeRequest, response: FakeResponse) => void;

export interface FakeApiServer {
  readonly connection: Connection;
  readonly requests: readonly FakeRequest[];
  /** TCP connections ever made. */
  connections(): number;
  /** TCP connections open now. */
  open(): number;
  /** From now on no byte passes in either direction, and nobody is told. */
  silence(): void;
  /** Closes every connection in the middle of whatever it carries. */
  cut(): void;
  /** Says GOAWAY on every HTTP/2 connection: streams go on, new ones must go elsewhere. */
  goAway(): void;
  /** Resolves when no connection is open any more. */
  allClosed(): Promise<void>;
}

export interface FakeApiServerOptions {
  readonly http2?: boolean;
  readonly credentials?: Partial<Awaited<ReturnType<Connection["loadCredentials"]>>>;
}

/** Runs until the test is finished. */
export async function startFakeApiServer(
  handler: FakeHandler,
  options: FakeApiServerOptions = {},
): Promise<FakeApiServer> {
  const requests: FakeRequest[] = [];
  const onRequest = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(seen);
      handler(seen, response);
    });
  };
  const tls = { cert: testTls.server.cert, key: testTls.server.key };
  const server =
    options.http2 === false
      ? createHttp1Server(tls).on("request", onRequest)
      : createSecureServer({ ...tls, allowHTTP1: true }, onRequest);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => sessions.add(session));
  server.on("sessionError", () => undefined);
  const gate = await startGate(await listen(server));
  onTestFinished(() => {
    gate.close();
    server.close();
  });
  const goAway = (): void => sessions.forEach((session) => session.goaway());
  return { ...gate, goAway, requests, connection: connectionTo(gate.port, options.credentials) };
}

function connectionTo(port: number, credentials: FakeApiServerOptions["credentials"]): Connection {
  return {
    serverUrl: `https://localhost:${port}`,
    tlsServerName: undefined,
    namespace: undefined,
    inCluster: false,
    loadCredentials: () =>
      Promise.resolve({
        caPem: testTls.ca,
        clientCertificate: undefined,
        bearerToken: SecretValue.ofUtf8("token-1"),
        ...credentials,
      }),
  };
}

async function startGate(targetPort: number) {
  const sockets = new Set<Socket>();
  let connections = 0;
  let silent = false;
  let onClosed = (): void => undefined;
  const join = (from: Socket, to: Socket): void => {
    from.on("data", (chunk) => {
      if (!silent) to.write(chunk);
    });
    from.on("end", () => {
      if (!silent) to.end();
    });
    from.on("close", () => {
      if (!silent) to.destroy();
    });
    from.on("error", () => undefined);
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    sockets.add(client);
    const target = connect({ port: targetPort, host: "localhost", allowHalfOpen: true });
    join(client, target);
    join(target, client);
    client.on("close", () => {
      target.destroy();
      sockets.delete(client);
      if (sockets.size === 0) onClosed();
    });
  });
  const port = await listen(server);
  return {
    port,
    connections: () => connections,
    open: () => sockets.size,
    cut: () => sockets.forEach((socket) => void socket.destroy()),
    silence: () => void (silent = true),
    allClosed: () =>
      new Promise<void>((resolve) => {
        onClosed = resolve;
        if (sockets.size === 0) resolve();
      }),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "localhost", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
