// A small HTTP(S) server for stand-ins: hands each request to one function, keeps a record of what came, and can be told
// to answer otherwise for a path.

import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { ServerTraffic } from "../../support/server-traffic.ts";

export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON. */
  readonly body?: object | string;
}

/** Answers in place of the stand-in; `undefined`: says nothing, and the connection stays. */
export type Fault = (response: http.ServerResponse) => void;

export interface StandInServer {
  readonly origin: string;
  /** In the order of their coming. */
  readonly calls: readonly Call[];
  /** By path, exact. */
  readonly faults: Map<string, Fault>;
  readonly traffic: ServerTraffic;
  /** Resolves when a call for the path is there. */
  arrival(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Undefined: plain HTTP, as the metadata endpoint of a machine is. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly host: string;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

export async function startServer({ tls, host, answer }: ServerOptions): Promise<StandInServer> {
  const calls: Call[] = [];
  const faults = new Map<string, Fault>();
  const waiting = new Map<string, (() => void)[]>();
  const sockets = new Set<Socket>();
  let origin = "";
  const serve = async (incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const call = await received(incoming, origin);
    calls.push(call);
    for (const tell of waiting.get(call.url.pathname)?.splice(0) ?? []) tell();
    const fault = faults.get(call.url.pathname);
    if (fault === undefined) send(response, await answer(call));
    else fault(response);
  };
  const listener = (incoming: http.IncomingMessage, response: http.ServerResponse): void => {
    // A stand-in that fails must fail the test: what it throws stays unhandled, unless the client went away.
    void serve(incoming, response).catch((cause: unknown) => {
      response.destroy();
      if (!incoming.readableAborted) throw cause;
    });
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer({ ...tls }, listener);
  const traffic = new ServerTraffic(server);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  origin = `${tls === undefined ? "http" : "https"}://${host}:${address.port}`;
  return {
    origin,
    calls,
    faults,
    traffic,
    arrival: (path) =>
      new Promise((resolve) => {
        waiting.set(path, [...(waiting.get(path) ?? []), resolve]);
      }),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function send(response: http.ServerResponse, { status, headers = {}, body = "" }: Answer): void {
  const type = typeof body === "string" ? {} : { "Content-Type": "application/json; charset=utf-8" };
  response.writeHead(status, { ...type, ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function received(incoming: http.IncomingMessage, origin: string): Promise<Call> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return {
    method: incoming.method ?? "",
    url: new URL(incoming.url ?? "/", origin),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
