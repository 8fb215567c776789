// When to look again: the bounds of retries by reason, refreshes and heartbeats. All in milliseconds.

import { createHash } from "node:crypto";
import type { Random } from "../clock.ts";
import type { ExternalSecretSpec } from "../spec/external-secret.ts";
import { type Reason, reasonPolicy, type RetryRule } from "../status/reasons.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HEARTBEAT_MIN_MS = 6 * 60 * MINUTE_MS;
/** Share of an interval by which refreshes come early and heartbeats late, so that they do not meet. */
const JITTER = 0.1;

export interface RetryBounds {
  /** Delay after the first failure; it doubles with each further one. */
  readonly minMs: number;
  readonly capMs: number;
}

/**
 * Undefined: not retried on its own; the interval, an edit, or what is waited for brings it back. So it is for a
 * TargetRejected that stalls (`ready.stalled` of the report).
 */
export function retryBounds(reason: Reason, refreshIntervalMs: number): RetryBounds | undefined {
  const rule: RetryRule = reasonPolicy[reason].retry;
  switch (rule) {
    case "entryBackoff":
      return { minMs: SECOND_MS, capMs: entryCapMs(refreshIntervalMs) };
    case "storeProbe":
    case "targetBackoff":
      return { minMs: SECOND_MS, capMs: 30 * SECOND_MS };
    case "interval":
    case "onChange":
    case "woken":
      return undefined;
  }
}

/** After so many refusals to remove a Secret of a former target name, from 10 s, doubling to 5 min. */
export function formerRetryMs(refusals: number): number {
  return Math.min(10 * SECOND_MS * 2 ** (refusals - 1), 5 * MINUTE_MS);
}

/** Up to a tenth early, never late. Undefined: interval 0, never by time. */
export function nextRefreshDelayMs(intervalMs: number, random: Random): number | undefined {
  return intervalMs === 0 ? undefined : Math.ceil(intervalMs * (1 - JITTER * random()));
}

/**
 * Age at which `refreshTime` is renewed without news: max(interval, 6 h), up to a tenth more, always the same for one
 * `uid`. Undefined: no heartbeat.
 */
export function heartbeatPeriodMs(
  { refreshPolicy, refreshIntervalMs }: Pick<ExternalSecretSpec, "refreshPolicy" | "refreshIntervalMs">,
  uid: string,
): number | undefined {
  if (refreshPolicy !== "Periodic" || refreshIntervalMs === 0) return undefined;
  return Math.floor(Math.max(refreshIntervalMs, HEARTBEAT_MIN_MS) * (1 + JITTER * fractionOf(uid)));
}

function entryCapMs(refreshIntervalMs: number): number {
  const most = 5 * MINUTE_MS;
  return refreshIntervalMs === 0 ? most : Math.min(Math.max(refreshIntervalMs, 30 * SECOND_MS), most);
}

/** In [0, 1), spread evenly over uids. */
function fractionOf(uid: string): number {
  return createHash("sha256").update(uid).digest().readUInt32BE() / 2 ** 32;
}
