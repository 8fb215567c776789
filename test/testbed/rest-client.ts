// A plain JSON client over TLS for test code: keep-alive, one deadline per call, any status is an answer.
// It is not the operator's transport and shares nothing with it, so that a fault there cannot hide here.
import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { parseJson } from "./json.ts";

export interface RestTarget {
  /** For example https://127.0.0.1:6443 */
  readonly origin: string;
  readonly caPem: string;
  /** Client certificate and key, PEM. */
  readonly clientCertificate?: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface RestCall {
  readonly method: string;
  /** Path and query, starting with a slash. */
  readonly path: string;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

export interface RestReply {
  /** Method and path that were asked for. */
  readonly request: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed text, where it is JSON. */
  readonly body: unknown;
}

export interface RestClient {
  /** Rejects only where no complete answer came: connection, TLS, deadline. */
  call(call: RestCall): Promise<RestReply>;
  close(): void;
}

/** A call was answered with a status that the caller did not want. The message quotes the answer: never use it in src. */
export class RestError extends Error {
  readonly reply: RestReply;

  constructor(reply: RestReply) {
    super(`${reply.request} answered ${reply.status}: ${reply.text.slice(0, MAX_QUOTE_CHARS)}`);
    this.name = "RestError";
    this.reply = reply;
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_QUOTE_CHARS = 2000;

export function createRestClient(target: RestTarget): RestClient {
  const agent = new Agent({
    keepAlive: true,
    ca: target.caPem,
    cert: target.clientCertificate?.certificatePem,
    key: target.clientCertificate?.privateKeyPem,
  });
  return {
    call: async (call) => {
      const first = await attempt(target, agent, call);
      // The server had closed the idle connection before it read the call: one new connection is safe and enough.
      const last = first.kind === "staleConnection" ? await attempt(target, agent, call) : first;
      if (last.kind === "reply") {
        return last.reply;
      }
      throw new Error(`${call.method} ${target.origin}${call.path} failed: ${last.cause.message}`, {
        cause: last.cause,
      });
    },
    close: () => agent.destroy(),
  };
}

type Attempt =
  | { readonly kind: "reply"; readonly reply: RestReply }
  | { readonly kind: "staleConnection" | "failure"; readonly cause: Error };

function attempt(target: RestTarget, agent: Agent, call: RestCall): Promise<Attempt> {
  const payload = encodeBody(call.body);
  const headers = {
    accept: "application/json",
    ...(payload === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(payload)) }),
    ...target.headers,
    ...call.headers,
  };
  const signal = AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return new Promise((resolve) => {
    const outgoing = request(new URL(call.path, target.origin), { method: call.method, agent, headers, signal });
    outgoing.on("error", (cause) => {
      const stale = outgoing.reusedSocket && "code" in cause && cause.code === "ECONNRESET";
      resolve({ kind: stale ? "staleConnection" : "failure", cause });
    });
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", (cause) => resolve({ kind: "failure", cause }));
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const { headers: answered, statusCode: status = 0 } = incoming;
        const reply = {
          request: `${call.method} ${call.path}`,
          status,
          headers: answered,
          text,
          body: decodeBody(answered, text),
        };
        resolve({ kind: "reply", reply });
      });
    });
    outgoing.end(payload);
  });
}

function encodeBody(body: unknown): string | undefined {
  return body === undefined || typeof body === "string" ? body : JSON.stringify(body);
}

function decodeBody(headers: IncomingHttpHeaders, text: string): unknown {
  return headers["content-type"]?.includes("json") === true && text !== "" ? parseJson(text) : undefined;
}
