// Store sessions over fake providers and a fake clock: what was created, and what was told.

import type { CredentialReader } from "../../src/core/provider/credentials.ts";
import { createStoreSessions, type StoreSessions, type StoreSessionsDeps } from "../../src/refresh/store-sessions.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeProvider } from "./fake-provider.ts";
import { recordingLogger } from "./recording-logger.ts";

const unasked = (): never => {
  throw new Error("nobody asks for credentials here");
};
/** The fake provider needs none. */
export const NO_CREDENTIALS: CredentialReader = {
  readSecretKey: unasked,
  readConfigMapKey: unasked,
  requestToken: unasked,
  readAnnotations: unasked,
  readOperatorToken: unasked,
  operatorIdentity: unasked,
};

export interface StoreRig {
  readonly sessions: StoreSessions;
  readonly clock: FakeClock;
  /** One per session, in the order of their making. */
  readonly providers: readonly FakeProvider[];
  /** Tenants whose credentials were asked for, one per session. */
  readonly tenants: readonly (string | undefined)[];
  /** `HEALTH WAITERS` of each change. */
  readonly told: readonly string[];
}

/** `prepare` is given each provider before its session uses it. */
export function storeRig(
  overrides: Partial<StoreSessionsDeps> = {},
  prepare: (provider: FakeProvider) => void = () => undefined,
): StoreRig {
  const clock = new FakeClock();
  const providers: FakeProvider[] = [];
  const tenants: (string | undefined)[] = [];
  const told: string[] = [];
  const sessions = createStoreSessions({
    clock,
    random: () => 0,
    log: recordingLogger().log,
    limits: { maxInFlight: 1, requestsPerSecond: 100 },
    createProvider: () => {
      const provider = new FakeProvider();
      prepare(provider);
      providers.push(provider);
      return provider;
    },
    credentialsFor: (_, tenant) => (tenants.push(tenant), NO_CREDENTIALS),
    onHealthChange: (_, { health }, waiting) => told.push([health.kind, ...waiting].join(" ")),
    isNeeded: () => true,
    ...overrides,
  });
  return { sessions, clock, providers, tenants, told };
}
