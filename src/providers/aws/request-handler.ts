// What the SDK sends through instead of sockets of its own: our connection. Answers that are no success end here, so
// that the SDK neither retries nor makes errors of the texts in them.

import type { HttpRequest } from "../http/http-message.ts";
import type { AwsConnection } from "./connection.ts";
import { AwsFailure, errorOfReply } from "./map-error.ts";

/** What the SDK gives us: signed, and with the bytes of its body (@smithy/types, HttpRequest). */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface SdkCallOptions {
  readonly abortSignal: AbortSignal;
}

export interface SdkRequestHandler {
  handle(
    request: SdkRequest,
    options?: object,
  ): Promise<{
    readonly response: {
      readonly statusCode: number;
      readonly headers: Record<string, string>;
      readonly body: Uint8Array;
    };
  }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

export function createRequestHandler(connection: AwsConnection): SdkRequestHandler {
  return {
    handle: async (request, options = {}) => {
      const signal =
        "abortSignal" in options && options.abortSignal instanceof AbortSignal ? options.abortSignal : NEVER;
      const reply = await connection.send(plainRequest(request, signal));
      if (!reply.ok) throw new AwsFailure(reply.error);
      const { status, headers, body } = reply.value;
      if (status < 200 || status >= 300) throw new AwsFailure(errorOfReply(reply.value));
      return { response: { statusCode: status, headers: { ...headers }, body } };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

const NEVER = new AbortController().signal;

/** All services that we call are asked by POST to `/` without a query; each call of ours only reads. */
function plainRequest(request: SdkRequest, signal: AbortSignal): HttpRequest {
  const { protocol, hostname, port, path, method, headers, body } = request;
  const url = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
  return { method, url, headers: withoutLength(headers), body: bytesOf(body), signal, isRepeatable: true };
}

/** The transport sets the length itself. */
function withoutLength(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length"));
}

function bytesOf(body: unknown): Buffer | undefined {
  if (typeof body === "string") return Buffer.from(body);
  // The SDK's own kind of bytes has string methods that warn on the console, and Buffer.from(body) would call one.
  return body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : undefined;
}
