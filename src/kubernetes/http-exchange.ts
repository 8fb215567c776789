// One HTTP exchange as the transports see it, before anything of Kubernetes is known.

import type { IncomingHttpHeaders } from "node:http";
import type { TransportFailure } from "./api-error.ts";

export interface HttpRequest {
  readonly method: string;
  /** With query, without the server's path prefix. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Asked right before the bytes leave. */
  readonly maySend?: (() => boolean) | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** From the header Retry-After in seconds, milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly body: Buffer;
}

export interface HttpFailure {
  readonly failure: TransportFailure;
  /** The request may have reached the server. */
  readonly sent: boolean;
}

export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const seconds = headers["retry-after"];
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

/** What an error before any byte was sent means. Codes: nodejs.org/api/errors.html and OpenSSL's X509_V_ERR names. */
export function connectFailure(error: unknown): "tls" | "connect" {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" &&
    /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_)/.test(code)
    ? "tls"
    : "connect";
}

export function isReset(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return code === "ECONNRESET" || code === "EPIPE";
}
