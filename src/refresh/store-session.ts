// One logged-in client of one store identity, and what is known of its health. A failure that may belong to the store
// is judged by a probe of the store itself: only if that fails too, the store counts as failing, and nobody asks it
// again until a later probe succeeds.

import type { CancelTimer, Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ProviderError } from "../core/provider/error.ts";
import { providerError, providerErrorPolicy } from "../core/provider/error.ts";
import type { SecretProvider, StoreHealth } from "../core/provider/port.ts";
import { failed, type Result } from "../core/result.ts";

export type SessionHealth =
  | { readonly kind: "unproved" }
  | { readonly kind: "ready"; readonly health: StoreHealth }
  | { readonly kind: "failing"; readonly error: ProviderError };

export interface StoreSession {
  /** Store uid, generation, acknowledgement and tenant: two sessions with one identity would share nothing they may not. */
  readonly identity: string;
  readonly health: SessionHealth;
  readonly provider: SecretProvider;
  /**
   * Asks the store whether it is well, joining a probe under way. Never rejects. When `signal` fires, the probe goes on,
   * and what is known so far is the answer.
   */
  probe(signal?: AbortSignal): Promise<SessionHealth>;
  /** Revokes the login and ends all requests; never rejects. */
  close(): Promise<void>;
}

export interface StoreSessionDeps {
  readonly identity: string;
  readonly provider: SecretProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Between successful probes, milliseconds. */
  readonly revalidateMs: number;
  /** Judges a successful answer against what was seen before (a changed mount is a failure). */
  readonly accept: (health: StoreHealth) => Result<StoreHealth, ProviderError>;
  readonly onHealthChange: (session: StoreSession, before: SessionHealth) => void;
  /** Asked before each probe that nobody but time asks for. False: the session rests, and `onUnneeded` is told instead. */
  readonly isNeeded: () => boolean;
  readonly onUnneeded: () => void;
}

const PROBE_DEADLINE_MS = 25_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export function createStoreSession(deps: StoreSessionDeps): StoreSession {
  const closing = new AbortController();
  let health: SessionHealth = { kind: "unproved" };
  let failures = 0;
  let underWay: Promise<SessionHealth> | undefined;
  let cancelNext: CancelTimer = () => undefined;

  async function runProbe(): Promise<SessionHealth> {
    cancelNext();
    const answer = await probeOnce(deps, closing.signal);
    if (closing.signal.aborted) return health;
    const next = healthOf(answer);
    const before = health;
    health = next;
    failures = answer.ok ? 0 : failures + 1;
    cancelNext = deps.clock.setTimer(nextProbeMs(deps, health, failures), () =>
      deps.isNeeded() ? void session.probe() : deps.onUnneeded(),
    );
    if (!sameHealth(before, next)) deps.onHealthChange(session, before);
    return health;
  }

  const session: StoreSession = {
    identity: deps.identity,
    provider: deps.provider,
    get health() {
      return health;
    },
    probe(signal) {
      underWay ??= runProbe().finally(() => {
        underWay = undefined;
      });
      return signal === undefined ? underWay : untilFired(underWay, signal, () => health);
    },
    async close() {
      closing.abort();
      cancelNext();
      await closeProvider(deps);
    },
  };
  return session;
}

async function closeProvider({ provider, log }: StoreSessionDeps): Promise<void> {
  try {
    await provider.close();
  } catch (error) {
    // A provider never throws of itself: its code could not be loaded, and then there is nothing to revoke.
    log.failure("Session of a store did not close cleanly", error);
  }
}

async function probeOnce(deps: StoreSessionDeps, closing: AbortSignal): Promise<Result<StoreHealth, ProviderError>> {
  const deadline = new AbortController();
  const cancel = deps.clock.setTimer(PROBE_DEADLINE_MS, () => deadline.abort());
  try {
    const answer = await deps.provider.validate(AbortSignal.any([closing, deadline.signal]));
    return answer.ok ? deps.accept(answer.value) : answer;
  } catch (error) {
    // A provider never throws of itself: the limiter gave the call up, or its code could not be loaded.
    if (!deadline.signal.aborted && !closing.aborted) deps.log.failure("Check of a store threw", error);
    return failed(providerError("unavailable", "the check of the store was given up"));
  } finally {
    cancel();
  }
}

/** `answer`, or what `known` says when the signal fires before it is there. */
async function untilFired<T>(answer: Promise<T>, signal: AbortSignal, known: () => T): Promise<T> {
  const fired = Promise.withResolvers<T>();
  const onAbort = (): void => fired.resolve(known());
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([answer, fired.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function healthOf(answer: Result<StoreHealth, ProviderError>): SessionHealth {
  return answer.ok ? { kind: "ready", health: answer.value } : { kind: "failing", error: answer.error };
}

/** Early, never late, so that stores created together spread out. */
function nextProbeMs(deps: StoreSessionDeps, health: SessionHealth, failures: number): number {
  const spread = 1 - 0.1 * deps.random();
  if (health.kind !== "failing") return deps.revalidateMs * spread;
  const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS) * spread;
  return Math.max(backoffMs, health.error.retryAfterMs ?? 0);
}

function sameHealth(a: SessionHealth, b: SessionHealth): boolean {
  if (a.kind === "failing" && b.kind === "failing")
    return a.error.kind === b.error.kind && a.error.detail === b.error.detail;
  if (a.kind === "ready" && b.kind === "ready") return JSON.stringify(a.health) === JSON.stringify(b.health);
  return a.kind === b.kind;
}

/** Failures of these kinds may belong to the store as a whole. */
export function concernsStore(error: ProviderError): boolean {
  return providerErrorPolicy[error.kind].scope === "store";
}
