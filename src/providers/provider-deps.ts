// What every provider is given: the world as narrow interfaces. A provider builds nothing of this itself.

import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { CredentialReader } from "../core/provider/credentials.ts";
import type { ProviderErrorKind } from "../core/provider/error.ts";
import type { Egress } from "./http/egress.ts";

/** Runs `task` when the store's budget allows; rejects if `signal` aborts while it waits. */
export type RequestLimiter = <T>(task: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** One request that left for the store, or failed to. */
export interface RequestFacts {
  readonly method: string;
  /** Undefined: no answer came. */
  readonly httpStatus: number | undefined;
  readonly durationMs: number;
}

export interface ProviderDeps {
  readonly credentials: CredentialReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How requests may leave: proxies, refused addresses, plain HTTP. */
  readonly egress: Egress;
  /** Hosts beyond those of the known clouds that logins and tokens may go to, where a store names its own cloud. */
  readonly trustedHosts?: readonly string[];
  /** Every request to the store passes through it exactly once. */
  readonly limiter: RequestLimiter;
  /** How long one request may take once it is sent, milliseconds. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined;
  readonly onRequest?: ((request: RequestFacts) => void) | undefined;
  /** Told how each login ended: for metrics. */
  readonly onLogin?: ((outcome: "ok" | ProviderErrorKind) => void) | undefined;
}
