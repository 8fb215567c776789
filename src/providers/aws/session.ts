// One identity at AWS: the keys that all requests of a store share. It logs in once, for all who wait, and renews the
// keys shortly before they end, when somebody asks for them. AWS has no way to give keys back: they end by themselves.

import type { Clock } from "../../core/clock.ts";
import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok } from "../../core/result.ts";
import { closedConnection } from "../http/store-connection.ts";
import { abortedRequest } from "../http/transport.ts";
import { untilAborted } from "../http/until-aborted.ts";
import type { AwsCredentials, Credentials, Login } from "./credentials.ts";

export interface AwsSession {
  /** The keys of the last login that are still good. */
  readonly current: AwsCredentials | undefined;
  /** Logs in if there are none. */
  credentials(signal: AbortSignal): Promise<Credentials>;
  /** Keys other than `dead`, by a new login if need be. */
  replace(dead: AwsCredentials, signal: AbortSignal): Promise<Credentials>;
  /** Forgets the keys; later calls answer `unavailable`. */
  close(): void;
}

export interface AwsSessionDeps {
  readonly login: Login;
  readonly clock: Clock;
  /** Told of a renewal that failed while the old keys still serve. */
  readonly onRenewalFailed: (error: ProviderError) => void;
  /** Told of one that threw, because nobody waits for it. */
  readonly onRenewalThrew: (cause: unknown) => void;
}

/** Keys are renewed in the last quarter of their life, at most five minutes of it. */
const RENEWAL_SHARE = 0.25;
const MAX_RENEWAL_MS = 5 * 60_000;
/** Keys are not used in the last moments of their life, so that they do not end on their way. */
const MAX_LAST_MOMENTS_MS = 10_000;
/** Between tries to renew keys that still serve. */
const RENEWAL_PAUSE_MS = 10_000;

interface Held {
  readonly keys: AwsCredentials;
  /** By the monotonic clock; infinite for keys that do not end. */
  readonly renewFromMs: number;
  readonly usableUntilMs: number;
}

export function createAwsSession({ clock, ...deps }: AwsSessionDeps): AwsSession {
  const ending = new AbortController();
  let held: Held | undefined;
  let renewableAtMs = Number.NEGATIVE_INFINITY;

  const sharedLogin = shared(async () => {
    const outcome = await deps.login(ending.signal);
    if (ending.signal.aborted) return failed(closedConnection());
    if (outcome.ok) held = holding(outcome.value, clock.monotonicMs());
    return outcome;
  });
  const renewInBackground = async (): Promise<void> => {
    renewableAtMs = clock.monotonicMs() + RENEWAL_PAUSE_MS;
    const outcome = await sharedLogin();
    if (!outcome.ok && !ending.signal.aborted) deps.onRenewalFailed(outcome.error);
  };
  const usable = (): Held | undefined =>
    held !== undefined && clock.monotonicMs() < held.usableUntilMs ? held : undefined;

  const credentials: AwsSession["credentials"] = async (signal) => {
    if (ending.signal.aborted) return failed(closedConnection());
    const good = usable();
    if (good === undefined) return untilAborted(sharedLogin(), signal, aborted);
    const nowMs = clock.monotonicMs();
    if (nowMs >= good.renewFromMs && nowMs >= renewableAtMs) renewInBackground().catch(deps.onRenewalThrew);
    return ok(good.keys);
  };
  return {
    get current() {
      return usable()?.keys;
    },
    credentials,
    replace: async (dead, signal) => {
      if (held?.keys !== dead || ending.signal.aborted) return credentials(signal);
      return untilAborted(sharedLogin(), signal, aborted);
    },
    close: () => {
      ending.abort();
      held = undefined;
    },
  };
}

/** One login for all who wait. */
function shared(logIn: () => Promise<Credentials>): () => Promise<Credentials> {
  let pending: Promise<Credentials> | undefined;
  return () => {
    pending ??= logIn().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

function holding(keys: AwsCredentials, nowMs: number): Held {
  const { lifeMs } = keys;
  return {
    keys,
    renewFromMs: nowMs + lifeMs - Math.min(lifeMs * RENEWAL_SHARE, MAX_RENEWAL_MS),
    usableUntilMs: nowMs + lifeMs - Math.min(lifeMs * RENEWAL_SHARE, MAX_LAST_MOMENTS_MS),
  };
}

function aborted(): Credentials {
  return failed(abortedRequest());
}
