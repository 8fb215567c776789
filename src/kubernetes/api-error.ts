// Why a call to the API server did not succeed, as a value. Nothing of the server's text is in it: servers quote label
// values, and those may be anything. Only codes, closed lists, field paths and flags pass.

import { type FieldCause, noStatusFacts, type StatusFacts, type StatusReason } from "./status-body.ts";

export type ApiErrorKind =
  /** 400, 405, 406, 415 and other 4xx: the request can never work as it is. */
  | "badRequest"
  | "unauthorized"
  | "forbidden"
  | "notFound"
  | "alreadyExists"
  /** Any other 409. */
  | "conflict"
  /** 410: the resourceVersion or continue token is too old. */
  | "gone"
  /** 413. */
  | "tooLarge"
  /** 422. */
  | "invalid"
  /** 429. */
  | "throttled"
  /** 5xx, no connection, a cut answer, the deadline. */
  | "unavailable"
  /** An answer that is not what was asked for: no JSON, over the size cap, a redirect. */
  | "malformed"
  /** The caller's signal fired. */
  | "aborted";

/** What broke below HTTP. */
export type TransportFailure =
  | "deadline"
  | "connect"
  | "tls"
  | "reset"
  /** A watch was cut before anybody answered it: as if there were no connection. */
  | "unanswered"
  | "pingTimeout"
  | "idleTimeout"
  | "bodyTooLarge"
  /** Our certificates or token could not be read. */
  | "credentials"
  /** The caller withdrew it before it was sent. */
  | "withheld"
  /** The proxy cannot be reached, or says nothing. */
  | "proxyConnect"
  /** The proxy wants (other) credentials. */
  | "proxyLogin"
  /** The proxy cannot reach the server: every 5xx. */
  | "proxyGateway"
  /** Any other answer of the proxy that makes no tunnel. */
  | "proxyRefused";

export interface ApiError {
  readonly kind: ApiErrorKind;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  readonly reason: StatusReason | undefined;
  readonly failure: TransportFailure | undefined;
  /** What the server asked for, milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly FieldCause[];
  readonly quotaExceeded: boolean;
  readonly namespaceTerminating: boolean;
  /** A write that may have been committed although we saw no success. Always false for reads. */
  readonly ambiguous: boolean;
}

const kindByStatus: ReadonlyMap<number, ApiErrorKind> = new Map([
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "notFound"],
  [409, "conflict"],
  [410, "gone"],
  [413, "tooLarge"],
  [422, "invalid"],
  [429, "throttled"],
]);

function kindOf(status: number, reason: StatusReason | undefined): ApiErrorKind {
  if (reason === "AlreadyExists") return "alreadyExists";
  const known = kindByStatus.get(status);
  if (known !== undefined) return known;
  if (status >= 500) return "unavailable";
  return status >= 400 ? "badRequest" : "malformed";
}

/** An answer other than 2xx. `headerRetryAfterMs` goes before what the body says. */
export function errorFromStatus(
  status: number,
  facts: StatusFacts,
  request: { readonly write: boolean; readonly headerRetryAfterMs?: number | undefined },
): ApiError {
  return {
    kind: kindOf(status, facts.reason),
    status,
    reason: facts.reason,
    failure: undefined,
    retryAfterMs: request.headerRetryAfterMs ?? facts.retryAfterMs,
    causes: facts.causes,
    quotaExceeded: facts.quotaExceeded,
    namespaceTerminating: facts.namespaceTerminating,
    // A 5xx may come from behind the commit (a timeout in the server or a proxy); one with Retry-After comes from before it.
    ambiguous: request.write && status >= 500 && request.headerRetryAfterMs === undefined,
  };
}

/** No usable answer. `write`: it was a write whose bytes may have reached the server. */
export function errorFromFailure(
  kind: "unavailable" | "malformed" | "aborted",
  failure: TransportFailure | undefined,
  write: boolean,
): ApiError {
  const { reason, retryAfterMs, causes, quotaExceeded, namespaceTerminating } = noStatusFacts;
  return {
    kind,
    status: undefined,
    reason,
    failure,
    retryAfterMs,
    causes,
    quotaExceeded,
    namespaceTerminating,
    ambiguous: write,
  };
}

const failureText = {
  deadline: "no answer in time",
  connect: "no connection",
  tls: "TLS failed",
  reset: "the connection was cut",
  unanswered: "the connection was cut before an answer",
  pingTimeout: "the connection went silent",
  idleTimeout: "the connection went silent",
  bodyTooLarge: "the answer was too large",
  credentials: "the operator's credentials could not be read",
  withheld: "the call was not sent",
  proxyConnect: "no connection to the proxy",
  proxyLogin: "the proxy refused (HTTP 407)",
  proxyGateway: "the proxy has no connection",
  proxyRefused: "the proxy refused",
} as const satisfies Record<TransportFailure, string>;

/** One clause in our own words, such as `HTTP 403 Forbidden` or `no answer in time`; fit for messages and logs. */
export function describeApiError(error: ApiError): string {
  if (error.failure !== undefined) return failureText[error.failure];
  if (error.status === undefined)
    return error.kind === "aborted" ? "the call was given up" : "the answer could not be read";
  const fields = error.causes.flatMap((cause) => (cause.field === undefined ? [] : [cause.field]));
  const where = fields.length === 0 ? "" : ` (${[...new Set(fields)].slice(0, 3).join(", ")})`;
  return `HTTP ${error.status}${error.reason === undefined ? "" : ` ${error.reason}`}${where}`;
}
