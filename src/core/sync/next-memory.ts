// What to remember after a sync, and when to look again. Pure.

import type { Random } from "../clock.ts";
import type { ExternalSecretSpec } from "../spec/external-secret.ts";
import { type Reason, reasonPolicy } from "../status/reasons.ts";
import type { Absences } from "./confirmations.ts";
import type { SyncMemory } from "./memory.ts";
import { nextRefreshDelayMs, retryBounds } from "./schedule.ts";

export interface SyncEnd {
  readonly uid: string;
  readonly specVersion: string;
  readonly forceSync: string | undefined;
  readonly reason: Reason;
  readonly isStalled: boolean;
  /** At least so long before another try, milliseconds. */
  readonly minDelayMs: number;
  /** Its store fails as a whole and tells us when it is well: no tries of our own before `overdue`. */
  readonly isStoreOutage: boolean;
  readonly target: SyncMemory["target"];
  readonly versions: string | undefined;
  readonly refused: SyncMemory["refused"];
  readonly provenance: ReadonlyMap<string, string>;
  readonly absences: Absences | undefined;
  readonly heals: readonly number[];
}

export interface Moment {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  readonly random: Random;
}

export function nextMemory(
  previous: SyncMemory | undefined,
  spec: ExternalSecretSpec | undefined,
  end: SyncEnd,
  moment: Moment,
): SyncMemory {
  const isWell = reasonPolicy[end.reason].ready === "True";
  const failures = isWell ? 0 : (previous?.specVersion === end.specVersion ? previous.failures : 0) + 1;
  return {
    uid: end.uid,
    specVersion: end.specVersion,
    forceSync: end.forceSync,
    target: end.target,
    dueMs: spec === undefined ? undefined : dueMs(spec, { ...end, isWell, failures }, moment),
    outageSinceMs: undefined,
    failures,
    versions: end.versions,
    refused: end.refused,
    provenance: end.provenance,
    confirmations: end.absences?.confirmations ?? new Map(),
    heals: end.heals,
    ...untouched(previous),
  };
}

/** What the outcome of a sync says nothing about. */
function untouched(previous: SyncMemory | undefined): Pick<SyncMemory, "unpublished" | "formerRefusals" | "written"> {
  const { unpublished, formerRefusals = 0, written } = previous ?? {};
  return { unpublished, formerRefusals, written };
}

/** Refused for what the store holds now: at the next refresh it may hold something else. */
const HANGS_ON_VALUES: ReadonlySet<Reason> = new Set(["TargetRejected", "TargetImmutable"]);

interface Due extends SyncEnd {
  readonly isWell: boolean;
  readonly failures: number;
}

function dueMs(spec: ExternalSecretSpec, end: Due, { nowMs, random }: Moment): number | undefined {
  const delays = [
    isRefreshed(end) ? refreshDelayMs(spec, random) : retryDelayMs(spec, end, random),
    end.absences?.nextCheckMs === undefined ? undefined : end.absences.nextCheckMs - nowMs,
  ].filter((delay) => delay !== undefined);
  return delays.length === 0 ? undefined : nowMs + Math.max(0, Math.min(...delays));
}

function isRefreshed({ isWell, isStalled, reason }: Due): boolean {
  return isWell || (isStalled && HANGS_ON_VALUES.has(reason));
}

function refreshDelayMs(spec: ExternalSecretSpec, random: Random): number | undefined {
  return spec.refreshPolicy === "Periodic" ? nextRefreshDelayMs(spec.refreshIntervalMs, random) : undefined;
}

/** Doubling from the first delay to the cap, with up to half of it taken off, so that failures do not meet again. */
function retryDelayMs(spec: ExternalSecretSpec, end: Due, random: Random): number | undefined {
  if (end.isStalled || end.isStoreOutage) return undefined;
  const bounds = retryBounds(end.reason, spec.refreshIntervalMs);
  if (bounds === undefined) return end.minDelayMs > 0 ? end.minDelayMs : undefined;
  const backoffMs = Math.min(bounds.minMs * 2 ** (end.failures - 1), bounds.capMs);
  return Math.max(end.minDelayMs, backoffMs * (1 - random() / 2));
}
