// The status of a SecretStore or ClusterSecretStore after a validation. Without news it is deeply equal to the status
// before.

import { isDeepStrictEqual } from "node:util";
import type { StoreHealth } from "../provider/port.ts";
import type { Result } from "../result.ts";
import { verdictConditions, type Verdict } from "./conditions.ts";
import type { SecretStoreStatus } from "./secret-store-status.ts";
import type { StoreFailure } from "./store-error.ts";
import { timestamp } from "./timestamp.ts";

/** What one validation found. */
export interface StoreReport {
  readonly generation: number;
  readonly outcome: Result<StoreHealth, StoreFailure>;
  /** Token of the force-sync annotation; undefined: there is none. */
  readonly forceSync: string | undefined;
}

const VALID_MESSAGE = "login and access were checked";

/** `nowMs`: milliseconds since 1970. */
export function nextStoreStatus(
  previous: SecretStoreStatus | undefined,
  { generation, outcome, forceSync }: StoreReport,
  nowMs: number,
): SecretStoreStatus {
  const time = timestamp(nowMs);
  const status = {
    observedGeneration: generation,
    conditions: verdictConditions(verdict(outcome), { previous: previous?.conditions ?? [], generation, time }),
    ...facts(previous, { generation, outcome, forceSync }),
  };
  const lastValidated = previous?.lastValidated ?? time;
  return isDeepStrictEqual({ ...status, lastValidated }, previous)
    ? { ...status, lastValidated }
    : { ...status, lastValidated: time };
}

type Facts = Pick<SecretStoreStatus, "capabilities" | "backendIdentity" | "lastHandledForceSync">;

/** What a success found; a failure keeps what was known. */
function facts(previous: SecretStoreStatus | undefined, report: StoreReport): Facts {
  const { outcome, forceSync } = report;
  const backendIdentity = acceptedBackend(previous, report);
  const served = (outcome.ok ? forceSync : undefined) ?? previous?.lastHandledForceSync;
  const capabilities = outcome.ok ? outcome.value.capabilities : previous?.capabilities;
  return {
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(backendIdentity === undefined ? {} : { backendIdentity }),
    ...(served === undefined ? {} : { lastHandledForceSync: served }),
  };
}

function verdict(outcome: StoreReport["outcome"]): Verdict {
  if (!outcome.ok) return { isReady: false, ...outcome.error };
  return { isReady: true, reason: "Valid", message: outcome.value.notes.join("; ") || VALID_MESSAGE, stalled: false };
}

/** What was accepted last stays while a later difference fails; a new spec may mean another backend. */
function acceptedBackend(
  previous: SecretStoreStatus | undefined,
  { generation, outcome }: Pick<StoreReport, "generation" | "outcome">,
): string | undefined {
  const known = previous?.observedGeneration === generation ? previous.backendIdentity : undefined;
  return (outcome.ok ? outcome.value.backendIdentity : undefined) ?? known;
}
