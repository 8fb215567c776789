// What both kinds of watch streams (HTTP/2 and HTTP/1.1) have in common.

import type { HttpFailure, HttpRequest, HttpResponse } from "./http-exchange.ts";

/** Answers other than 200 are short; more than this is not read. */
const MAX_REFUSAL_BYTES = 64 * 1024;

export interface StreamHandlers {
  /** The server answered 200. */
  opened(): void;
  data(chunk: Buffer): void;
  /** A sign of life other than data: an answered ping. */
  alive(): void;
}

export type StreamEnd =
  /** The server ended a stream in order. */
  | { readonly kind: "ended" }
  /** An answer other than 200. */
  | { readonly kind: "refused"; readonly response: HttpResponse }
  | { readonly kind: "failed"; readonly failure: HttpFailure["failure"] };

export type StreamRequest = Pick<HttpRequest, "path" | "headers">;

/** Follows one stream from its head to its end. */
export interface StreamReader {
  head(status: number, retryAfterMs: number | undefined): void;
  data(chunk: Buffer): void;
  /** How a stream ended whose last byte came in order. */
  end(): StreamEnd;
}

export function createStreamReader(handlers: StreamHandlers): StreamReader {
  let refusal: { readonly status: number; readonly retryAfterMs: number | undefined } | undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    head(status, retryAfterMs) {
      if (status === 200) handlers.opened();
      else refusal = { status, retryAfterMs };
    },
    data(chunk) {
      if (refusal === undefined) handlers.data(chunk);
      else if (size < MAX_REFUSAL_BYTES) chunks.push(chunk);
      size += chunk.length;
    },
    end: () =>
      refusal === undefined
        ? { kind: "ended" }
        : { kind: "refused", response: { ...refusal, body: Buffer.concat(chunks) } },
  };
}
