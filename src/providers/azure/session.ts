// One identity at Azure: the access token that all requests of a store share. It logs in once, for all who wait, and
// again while the old token still serves. Azure's access tokens cannot be revoked: at the end they are forgotten.

import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { closedConnection } from "../http/store-connection.ts";
import { abortedRequest } from "../http/transport.ts";
import { untilAborted } from "../http/until-aborted.ts";
import type { AzureToken, Login } from "./login.ts";

type TokenResult = Result<AzureToken, ProviderError>;

export interface SessionDeps {
  readonly login: Login;
  readonly clock: Clock;
  readonly log: Logger;
}

/** In the last part of its life a token is replaced while it serves: this share of it, */
const RENEWAL_SHARE = 0.25;
/** and not used in the very last part, so that it does not end on its way. */
const MIN_REMAINING_MS = 30_000;
/** Between tries to replace a token that still serves. */
const RETRY_MS = 30_000;

interface Held {
  readonly token: AzureToken;
  /** By the monotonic clock. */
  readonly renewAtMs: number;
  readonly usableUntilMs: number;
}

export class AzureSession {
  readonly #deps: SessionDeps;
  readonly #ending = new AbortController();
  #held: Held | undefined;
  #pending: Promise<TokenResult> | undefined;
  #nextTryAtMs = 0;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** The token to use now; logs in if there is none. */
  async token(signal: AbortSignal): Promise<TokenResult> {
    if (this.#ending.signal.aborted) return failed(closedConnection());
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#held === undefined || this.#held.usableUntilMs <= nowMs) {
      return untilAborted(this.#sharedLogin(), signal, () => failed(abortedRequest()));
    }
    if (this.#held.renewAtMs <= nowMs && this.#nextTryAtMs <= nowMs && this.#pending === undefined) this.#renew();
    return ok(this.#held.token);
  }

  /** The vault refuses it: the next who asks gets another one. */
  discard(dead: AzureToken): void {
    if (this.#held?.token === dead) this.#held = undefined;
  }

  /** Later calls answer `unavailable`. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#held = undefined;
    await Promise.allSettled([this.#pending]);
  }

  /** One login for all who wait; none of them can end it for the others. */
  #sharedLogin(): Promise<TokenResult> {
    this.#pending ??= this.#login().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #login(): Promise<TokenResult> {
    const outcome = await this.#deps.login(this.#ending.signal);
    if (this.#ending.signal.aborted) return failed(closedConnection());
    if (outcome.ok) this.#held = holding(outcome.value, this.#deps.clock.monotonicMs());
    return outcome;
  }

  /** Meanwhile the old token serves. */
  #renew(): void {
    const { clock, log } = this.#deps;
    this.#nextTryAtMs = clock.monotonicMs() + RETRY_MS;
    this.#sharedLogin().then(
      (outcome) => {
        if (!outcome.ok) log.warn("Could not replace the Azure token", { kind: outcome.error.kind });
      },
      (cause: unknown) => log.failure("Azure session failed", cause),
    );
  }
}

function holding(token: AzureToken, nowMs: number): Held {
  const untilMs = nowMs + token.ttlMs;
  const usableUntilMs = untilMs - Math.min(MIN_REMAINING_MS, token.ttlMs * RENEWAL_SHARE);
  return { token, renewAtMs: untilMs - token.ttlMs * RENEWAL_SHARE, usableUntilMs };
}
