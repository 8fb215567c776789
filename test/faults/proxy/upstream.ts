// The real server's side: calls with their whole answer, and watches as open answers. A watch has a connection of its own.

import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { endToEnd, type Headers } from "./client-reply.ts";

export interface OnwardRequest {
  readonly method: string;
  /** With query. */
  readonly target: string;
  /** As the client sent them, end to end. */
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface RealAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Upstream {
  /** Undefined: the server gave no (whole) answer, or `signal` fired. */
  call(request: OnwardRequest, signal: AbortSignal): Promise<RealAnswer | undefined>;
  /** The answer from its head on; the caller reads or destroys it. */
  open(request: OnwardRequest, signal: AbortSignal): Promise<IncomingMessage | undefined>;
  close(): void;
}

/** The proxy's own connections that idle are closed before the servers do (Vault: 5 minutes; Go's default for others: 90 s). */
const IDLE_MS = 60_000;

export function createUpstream(origin: string, caPem: string): Upstream {
  const kept = new Agent({ keepAlive: true, timeout: IDLE_MS, ca: caPem });
  const single = new Agent({ keepAlive: false, ca: caPem });
  const send = (request: OnwardRequest, agent: Agent, signal: AbortSignal): Promise<IncomingMessage | undefined> =>
    answerTo(
      new URL(request.target, origin),
      { agent, signal, method: request.method, headers: onward(request) },
      request.body,
    );
  return {
    async call(request, signal) {
      const answer = await send(request, kept, signal);
      return answer === undefined ? undefined : wholeAnswer(answer);
    },
    open: (request, signal) => send(request, single, signal),
    close() {
      kept.destroy();
      single.destroy();
    },
  };
}

/** Content comes uncompressed, so that rules can read it. */
function onward({ headers, body }: OnwardRequest): Record<string, string | string[]> {
  const kept = Object.entries(headers)
    .filter(([name]) => name !== "host" && name !== "accept-encoding" && name !== "content-length")
    .map(([name, value]) => [name, typeof value === "string" ? value : [...value]] as const);
  const length = body.length > 0 ? { "content-length": String(body.length) } : {};
  return { ...Object.fromEntries(kept), ...length };
}

function answerTo(url: URL, options: RequestOptions, body: Buffer): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const request = httpsRequest(url, options);
    request.on("error", () => resolve(undefined));
    request.on("response", resolve);
    request.end(body);
  });
}

export function wholeAnswer(answer: IncomingMessage): Promise<RealAnswer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("error", () => resolve(undefined));
    answer.on("end", () => {
      resolve({
        status: answer.statusCode ?? 0,
        headers: endToEnd({ ...answer.headers, "content-length": undefined }),
        body: Buffer.concat(chunks),
      });
    });
  });
}
