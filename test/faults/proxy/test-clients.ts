// Clients of both protocols, which tell how an answer came: its head, its text so far, whether it was complete. For the
// tests of the proxy.

import http2 from "node:http2";
import https from "node:https";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import type { FaultProxy } from "./proxy-port.ts";

export interface Call {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly text: string;
  /** The answer was complete. */
  readonly isWhole: boolean;
}

export interface OpenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Resolves with the text so far when it is enough. */
  until(isEnough: (text: string) => boolean): Promise<string>;
  readonly ended: Promise<Answered>;
  /** The client goes away. */
  abort(): void;
}

export interface Client {
  /** Resolves with the head of the answer. Rejects where none came. */
  open(call: Call): Promise<OpenAnswer>;
  /** An answered ping. HTTP/1.1 has none: always undefined. */
  readonly ping: (() => Promise<void>) | undefined;
}

export type Protocol = "HTTP/1.1" | "HTTP/2";
export const protocols: readonly Protocol[] = ["HTTP/1.1", "HTTP/2"];

/** The name in the certificate of test/support/tls. */
const servername = "localhost";

/** Lives until the test is finished. */
export function clientOf(protocol: Protocol, { address, caPem }: Pick<FaultProxy, "address" | "caPem">): Client {
  return protocol === "HTTP/2" ? http2Client(address, caPem) : http1Client(address, caPem);
}

/** The whole exchange. */
export async function call(client: Client, asked: Call): Promise<Answered & Pick<OpenAnswer, "status" | "headers">> {
  const { status, headers, ended } = await client.open(asked);
  return { status, headers, ...(await ended) };
}

function http1Client(address: string, caPem: string): Client {
  const agent = new https.Agent({ keepAlive: true, ca: caPem, servername });
  onTestFinished(() => agent.destroy());
  return {
    ping: undefined,
    open: ({ path, method = "GET", body, headers = {} }) =>
      new Promise((resolve, reject) => {
        const request = https.request(new URL(path, address), { agent, method, headers });
        request.on("error", reject);
        request.on("response", (answer) => {
          const isWhole = (): boolean => answer.complete;
          const abort = (): void => void request.destroy();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, ...follow(answer, isWhole), abort });
        });
        request.end(body);
      }),
  };
}

function http2Client(address: string, caPem: string): Client {
  let session = http2.connect(address, { ca: caPem, servername }).on("error", ignore);
  onTestFinished(() => session.destroy());
  const current = (): http2.ClientHttp2Session => {
    if (session.closed || session.destroyed)
      session = http2.connect(address, { ca: caPem, servername }).on("error", ignore);
    return session;
  };
  return {
    ping: () =>
      new Promise((resolve, reject) => {
        session.ping((error) => (error === null ? resolve() : reject(error)));
      }),
    open: ({ path, method = "GET", body, headers = {} }) =>
      new Promise((resolve, reject) => {
        const stream = current().request({ ":path": path, ":method": method, ...headers });
        let hasEnded = false;
        stream.on("end", () => (hasEnded = true));
        stream.on("error", reject);
        stream.on("close", () => reject(new Error("the stream was closed")));
        stream.on("response", (answer) => {
          const isWhole = (): boolean => hasEnded && stream.rstCode === 0 && !current().destroyed;
          const abort = (): void => stream.close(http2.constants.NGHTTP2_CANCEL);
          resolve({ status: answer[":status"] ?? 0, headers: answer, ...follow(stream, isWhole), abort });
        });
        stream.end(body);
      }),
  };
}

function follow(answer: Readable, isWhole: () => boolean): Pick<OpenAnswer, "until" | "ended"> {
  let text = "";
  const waiters = new Set<() => void>();
  answer.setEncoding("utf8");
  answer.on("data", (piece: string) => {
    text += piece;
    for (const look of waiters) look();
  });
  answer.on("error", ignore);
  return {
    ended: new Promise((resolve) => answer.on("close", () => resolve({ text, isWhole: isWhole() }))),
    until: (isEnough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isEnough(text)) return;
          waiters.delete(look);
          resolve(text);
        };
        waiters.add(look);
        look();
      }),
  };
}

function ignore(): void {}
