// A TLS server in the test's process that stands for the real server behind a fault proxy. For the tests of the proxy.

import type { ServerResponse } from "node:http";
import https from "node:https";
import { onTestFinished } from "vitest";
import { testTls } from "../../support/tls.ts";
import { listen, portOf } from "./link.ts";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Of the answer; for watches it stays open. */
  readonly response: ServerResponse;
}

export interface StubUpstream {
  readonly server: string;
  readonly seen: readonly SeenRequest[];
  /** Resolves with the next request that comes. */
  next(): Promise<SeenRequest>;
}

export async function startStubUpstream(answer: (request: SeenRequest) => void): Promise<StubUpstream> {
  const seen: SeenRequest[] = [];
  const waiting: ((request: SeenRequest) => void)[] = [];
  const server = https.createServer(testTls.server, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString(), response };
      seen.push(request);
      answer(request);
      for (const resolve of waiting.splice(0)) resolve(request);
    });
  });
  await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    server: `https://localhost:${portOf(server)}`,
    seen,
    next: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
