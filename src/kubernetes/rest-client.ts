// Calls and watches of the Kubernetes API, with deadlines, safe retries and errors as values.
// It knows no resource: paths come from resource-path.ts.

import type { Clock } from "../core/clock.ts";
import type { Result } from "../core/result.ts";
import type { ApiError } from "./api-error.ts";
import { createCallTransport } from "./call-transport.ts";
import type { Connection } from "./connection.ts";
import { createCredentialCache } from "./credential-cache.ts";
import type { PingTimes } from "./http2-session.ts";
import { createCaller } from "./rest-call.ts";
import { createWatcher } from "./rest-watch.ts";
import { endpointOf } from "./tls-options.ts";
import { createWatchTransport } from "./watch-transport.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiCall {
  readonly method: Method;
  /** From resource-path.ts: every segment encoded, no query. */
  readonly path: string;
  /** Undefined members are left out. */
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  /** For all attempts together, milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Asked right before the bytes of each attempt leave; false ends the call as `aborted`, and nothing was sent. */
  readonly maySend?: () => boolean;
}

export interface WatchCall {
  readonly path: string;
  /** `watch=1` is added. */
  readonly query: Query;
  /** Default `application/json`. */
  readonly accept?: string;
}

/** None of them may throw. */
export interface WatchHandlers {
  /** The server answered 200: events follow. */
  opened?(): void;
  /** One line of the stream, without its newline. */
  line(text: string): void;
  /** The peer showed life: headers, bytes, an answered ping. */
  alive?(): void;
}

export interface KubernetesClient {
  /**
   * One call; the value is the parsed JSON body, undefined where the answer has none. 429 and 503 with Retry-After are
   * repeated within the deadline (they were not processed), a 401 once with fresh credentials, a GET once when a kept
   * connection was reset. A write that may have been processed is never repeated: its error says `ambiguous`.
   * Never rejects.
   */
  call(call: ApiCall, signal: AbortSignal): Promise<Result<unknown, ApiError>>;
  /** Streams until the server ends it (ok), it fails, or `signal` fires (`aborted`). Never rejects. */
  watch(call: WatchCall, handlers: WatchHandlers, signal: AbortSignal): Promise<Result<undefined, ApiError>>;
  /** Closes all connections; what is in flight ends as `unavailable`. */
  close(): void;
}

/**
 * Told once per HTTP request: method (`WATCH` for watches), status code or `<error>` as client-go's
 * rest_client_requests_total has it, and milliseconds until the answer (for watches: until its head or failure).
 */
export type OnRequest = (method: string, code: string, durationMs: number) => void;

export interface KubernetesClientOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Such as `fairlead/0.1.0`. */
  readonly userAgent: string;
  readonly onRequest?: OnRequest;
  /** For tests; defaults below. */
  readonly limits?: Partial<ClientLimits>;
}

export interface ClientLimits {
  readonly callDeadlineMs: number;
  /** Largest answer to a call; one page of a list is the largest thing we ask for. */
  readonly maxBodyBytes: number;
  /** Largest watch event; etcd holds 1.5 MiB per object. */
  readonly maxLineBytes: number;
  /** Until the head of a watch's answer. */
  readonly watchOpenMs: number;
  readonly pings: PingTimes;
  /** Longest silence of an HTTP/1.1 watch: bookmarks come about once a minute. */
  readonly watchIdleMs: number;
}

const defaultLimits: ClientLimits = {
  callDeadlineMs: 30_000,
  maxBodyBytes: 256 * 1024 * 1024,
  maxLineBytes: 8 * 1024 * 1024,
  watchOpenMs: 30_000,
  pings: { everyMs: 4_000, answerWithinMs: 4_000 },
  watchIdleMs: 90_000,
};

export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  const { connection, clock, userAgent } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const endpoint = endpointOf(connection);
  const calls = createCallTransport(endpoint, limits.maxBodyBytes, clock);
  const watches = createWatchTransport(endpoint, clock, {
    pings: limits.pings,
    idleMs: limits.watchIdleMs,
    onSilent: () => calls.cutSilent(limits.pings.answerWithinMs),
  });
  const shared = {
    clock,
    userAgent,
    limits,
    credentials: createCredentialCache(connection, clock),
    onRequest: options.onRequest ?? ((): void => {}),
  };
  return {
    call: createCaller({ ...shared, transport: calls }),
    watch: createWatcher({ ...shared, transport: watches }),
    close() {
      calls.close();
      watches.close();
    },
  };
}
