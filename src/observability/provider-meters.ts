// Meters of calls to providers: one handle per provider, whose series start at zero.

import type { Registry } from "prom-client";
import { providerErrorPolicy, type ProviderErrorKind } from "../core/provider/error.ts";
import type { SecretProvider } from "../core/provider/port.ts";
import { counter, histogram } from "./meter.ts";
import { series } from "./series.ts";

type ProviderOperation = Exclude<keyof SecretProvider, "close">;
type ProviderOutcome = "ok" | ProviderErrorKind;

export interface ProviderMetrics {
  /** One call, however many references it carried. */
  observeCall(operation: ProviderOperation, durationSeconds: number): void;
  /** One answer: a reference of a read, or the whole of another call. */
  countOutcome(operation: ProviderOperation, outcome: ProviderOutcome): void;
  loggedIn(outcome: ProviderOutcome): void;
}

const providerOperations = [
  "readVersions",
  "readSecrets",
  "find",
  "validate",
] as const satisfies readonly ProviderOperation[];
const providerOutcomes = ["ok", ...Object.keys(providerErrorPolicy)];

export function providerMeters(registry: Registry): (name: string) => ProviderMetrics {
  const requests = counter(registry, series.providerRequests);
  const durations = histogram(registry, series.providerRequestDuration);
  const logins = counter(registry, series.providerLogins);
  const known = new Map<string, ProviderMetrics>();
  const create = (provider: string): ProviderMetrics => {
    for (const outcome of providerOutcomes) {
      logins.inc({ provider, outcome }, 0);
      for (const operation of providerOperations) requests.inc({ provider, operation, outcome }, 0);
    }
    for (const operation of providerOperations) durations.zero({ provider, operation });
    return {
      observeCall: (operation, durationSeconds) => durations.observe({ provider, operation }, durationSeconds),
      countOutcome: (operation, outcome) => requests.inc({ provider, operation, outcome }),
      loggedIn: (outcome) => logins.inc({ provider, outcome }),
    };
  };
  return (provider) => {
    const meters = known.get(provider) ?? create(provider);
    known.set(provider, meters);
    return meters;
  };
}
