// One identity at Vault: the token that all requests of a store share. It logs in once, for all who wait, renews or
// replaces the token before it ends, checks a denial against a new login, and revokes the token at the end.

import type { CancelTimer, Clock, Random } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { closedConnection } from "../http/store-connection.ts";
import { abortedRequest } from "../http/transport.ts";
import { untilAborted } from "../http/until-aborted.ts";
import { requestPath } from "./key-path.ts";
import { type Login, leaseOf, type VaultToken } from "./login.ts";
import type { VaultApi } from "./vault-api.ts";

export interface Session {
  /** The token to use now; logs in if there is none. */
  token(signal: AbortSignal): Promise<Result<VaultToken, ProviderError>>;
  /**
   * After a denial of `denied`: another token if there is one, or if a new login may be made (one a minute);
   * else `denied` again, and the denial counts.
   */
  afterDenial(denied: VaultToken, signal: AbortSignal): Promise<Result<VaultToken, ProviderError>>;
  /** A token other than `dead`, by a new login if need be. */
  replace(dead: VaultToken, signal: AbortSignal): Promise<Result<VaultToken, ProviderError>>;
  /** Revokes the token, within 3 s; later calls answer `unavailable`. */
  close(): Promise<void>;
}

export interface SessionDeps {
  /** Makes ready what a login needs, then logs in. */
  readonly login: Login;
  /** Of the namespace that the tokens belong to. */
  readonly api: VaultApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Design: at most one login per identity and minute checks a denial. */
const DENIAL_CHECK_INTERVAL_MS = 60_000;
/** A token is renewed when between 60 % and 70 % of its life is over: about 2/3, and not all stores at once. */
const RENEWAL_POINT = 0.6;
const RENEWAL_SPREAD = 0.1;
/** A renewal that grants less than this share of the first life has met the maximum: next time a new login is due. */
const WORTHWHILE_RENEWAL = 0.5;
/** A token is not used in the last part of its life, so that it does not end on its way: this share of it, */
const LAST_PART = 0.05;
/** but no longer than this. It ends after the renewal point also for the shortest lives. */
const MAX_LAST_PART_MS = 1_000;
/** Between tries to replace a token that still serves. */
const MIN_RETRY_MS = 1_000;
const CLOSE_TIMEOUT_MS = 3_000;

const RENEW_SELF = requestPath("auth", "token", "renew-self");
const REVOKE_SELF = requestPath("auth", "token", "revoke-self");

interface Held {
  readonly token: VaultToken;
  /** By the monotonic clock; infinite for tokens that do not end. */
  readonly usableUntilMs: number;
  readonly isRenewable: boolean;
}

export class VaultSession implements Session {
  readonly #deps: SessionDeps;
  readonly #ending = new AbortController();
  readonly #background = new Set<Promise<void>>();
  #held: Held | undefined;
  #pending: Promise<Result<VaultToken, ProviderError>> | undefined;
  #denialCheckedAtMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;
  #isClosed = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  async token(signal: AbortSignal): Promise<Result<VaultToken, ProviderError>> {
    if (this.#isClosed) return failed(closedConnection());
    if (this.#held !== undefined && this.#remainingMs(this.#held) > 0) return ok(this.#held.token);
    return this.#sharedLogin(signal);
  }

  async afterDenial(denied: VaultToken, signal: AbortSignal): Promise<Result<VaultToken, ProviderError>> {
    const now = this.#deps.clock.monotonicMs();
    const isChecked = now - this.#denialCheckedAtMs < DENIAL_CHECK_INTERVAL_MS;
    if (isChecked && this.#held?.token === denied && this.#pending === undefined) return ok(denied);
    const fresh = await this.replace(denied, signal);
    // A login that was refused proves nothing about the key: the next denial asks again.
    if (fresh.ok) this.#denialCheckedAtMs = now;
    return fresh;
  }

  async replace(dead: VaultToken, signal: AbortSignal): Promise<Result<VaultToken, ProviderError>> {
    return this.#held?.token === dead ? this.#sharedLogin(signal) : this.token(signal);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTimer?.();
    const cancelDeadline = this.#deps.clock.setTimer(CLOSE_TIMEOUT_MS, () => this.#ending.abort());
    await untilAborted(this.#windUp(), this.#ending.signal, () => undefined);
    cancelDeadline();
    this.#ending.abort();
  }

  async #windUp(): Promise<void> {
    await Promise.allSettled([this.#pending, ...this.#background]);
    if (this.#held !== undefined) await this.#revoke(this.#held.token);
  }

  /** One login for all who wait; none of them can end it for the others. */
  #sharedLogin(signal: AbortSignal): Promise<Result<VaultToken, ProviderError>> {
    if (this.#isClosed) return Promise.resolve(failed(closedConnection()));
    this.#pending ??= this.#login().finally(() => {
      this.#pending = undefined;
    });
    return untilAborted(this.#pending, signal, () => failed(abortedRequest()));
  }

  async #login(): Promise<Result<VaultToken, ProviderError>> {
    const outcome = await this.#deps.login(this.#ending.signal);
    if (!outcome.ok) return outcome;
    const previous = this.#held;
    this.#hold(outcome.value, outcome.value);
    if (previous !== undefined && this.#remainingMs(previous) > 0) this.#inBackground(this.#revoke(previous.token));
    return outcome;
  }

  #hold(token: VaultToken, lease: Pick<VaultToken, "ttlMs" | "isRenewable">): void {
    const usableMs = lease.ttlMs - Math.min(lease.ttlMs * LAST_PART, MAX_LAST_PART_MS);
    const usableUntilMs = lease.ttlMs > 0 ? this.#deps.clock.monotonicMs() + usableMs : Number.POSITIVE_INFINITY;
    this.#held = { token, usableUntilMs, isRenewable: lease.isRenewable };
    const point = RENEWAL_POINT + RENEWAL_SPREAD * this.#deps.random();
    if (lease.ttlMs > 0) this.#wakeAfter(lease.ttlMs * point);
    else this.#cancelTimer?.();
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelTimer?.();
    if (this.#isClosed) return;
    this.#cancelTimer = this.#deps.clock.setTimer(delayMs, () => this.#inBackground(this.#keepAlive()));
  }

  async #keepAlive(): Promise<void> {
    const held = this.#held;
    if (held === undefined || this.#isClosed) return;
    if (held.isRenewable && (await this.#renewed(held))) return;
    const outcome = await this.#sharedLogin(this.#ending.signal);
    if (outcome.ok || this.#held !== held) return;
    this.#deps.log.warn("Could not replace the Vault token", {
      kind: outcome.error.kind,
      httpStatus: outcome.error.httpStatus,
    });
    const remainingMs = this.#remainingMs(held);
    if (remainingMs > 0) this.#wakeAfter(Math.max(remainingMs / 2, MIN_RETRY_MS));
  }

  async #renewed(held: Held): Promise<boolean> {
    const { api } = this.#deps;
    const exchange = await api.write(RENEW_SELF, {}, { token: held.token.value, signal: this.#ending.signal });
    const lease = exchange.ok && exchange.value.status === 200 ? leaseOf(exchange.value) : undefined;
    if (lease === undefined || lease.ttlMs <= 0) return false;
    const isWorthwhile = lease.ttlMs >= held.token.ttlMs * WORTHWHILE_RENEWAL;
    if (this.#held === held) this.#hold(held.token, { ...lease, isRenewable: lease.isRenewable && isWorthwhile });
    return true;
  }

  async #revoke(token: VaultToken): Promise<void> {
    if (!token.isRevocable) return;
    const { api, log } = this.#deps;
    const exchange = await api.write(REVOKE_SELF, {}, { token: token.value, signal: this.#ending.signal });
    if (!exchange.ok) log.warn("Could not revoke a Vault token", { kind: exchange.error.kind });
  }

  #remainingMs(held: Held): number {
    return held.usableUntilMs - this.#deps.clock.monotonicMs();
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((cause: unknown) => this.#deps.log.failure("Vault session failed", cause))
      .finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }
}
