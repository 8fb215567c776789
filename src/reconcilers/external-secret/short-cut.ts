// Visits that end before the Secret is read, because nothing moved, because what is to be written was refused for good
// already, or because a store is out and its check not overdue yet. Pure.

import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import { assemble } from "../../core/sync/assemble.ts";
import { findCondition } from "../../core/status/conditions.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import { heartbeatPeriodMs } from "../../core/sync/schedule.ts";
import { readVersions } from "../../core/sync/versions.ts";
import type { VisitCause } from "../../core/sync/visit.ts";
import { endBase, type Finding, type Found, type Read, type Visit, withoutReading } from "./finding.ts";

/** How long a due check may be held back by an outage of its store before the ExternalSecret says so, milliseconds. */
const MAX_OVERDUE_MS = 5 * 60_000;
const QUIET_CAUSES: ReadonlySet<VisitCause> = new Set(["first", "due", "woken"]);

/** Undefined: the Secret must be looked at. */
export function shortCut(visit: Visit, spec: ExternalSecretSpec, observation: Read): Finding | undefined {
  if (visit.causes.difference(QUIET_CAUSES).size > 0) return undefined;
  if (observation.isStoreOutage) return quietOutage(visit, spec);
  return unchanged(visit, spec, observation) ?? refusedAlready(visit, observation);
}

/** The same versions, and the target as we left it. */
function unchanged(visit: Visit, spec: ExternalSecretSpec, observation: Read): Found | undefined {
  const { memory, status } = visit;
  const ready = findCondition(status?.conditions ?? [], "Ready");
  if (memory === undefined || ready?.status !== "True" || !isAsLeft(memory, visit, observation)) return undefined;
  const { entries, failures, remoteCount } = assemble(observation.reads, new Set(), { showsNames: false });
  if (failures.length > 0) return undefined;
  const keys = [...memory.provenance.keys()].sort();
  const { message } = ready;
  const found = withoutReading(visit, { reason: "SecretSynced", message, stalled: false });
  const heartbeatMs = heartbeatPeriodMs(spec, visit.record.meta.uid);
  return {
    ...found,
    report: { ...found.report, entries, remoteCount, secret: { kind: "verified", keys }, heartbeatMs },
    end: { ...found.end, target: memory.target, versions: memory.versions, heals: memory.heals },
  };
}

/** A check that falls due is no news. Whatever else brings us here may have made the write possible. */
function refusedAlready(visit: Visit, { reads }: Read): Found | undefined {
  const { memory, status, causes } = visit;
  const ready = findCondition(status?.conditions ?? [], "Ready");
  if (memory === undefined || ready?.reason !== "TargetRejected") return undefined;
  const isOnlyDue = causes.size === 1 && causes.has("due") && !isPending(visit, memory);
  if (!isOnlyDue || !isRefusedAgain(memory.refused, visit, reads)) return undefined;
  const { message } = ready;
  const found = withoutReading(visit, { reason: "TargetRejected", message, stalled: true });
  return { ...found, end: { ...found.end, refused: memory.refused, heals: memory.heals } };
}

function isRefusedAgain(refused: SyncMemory["refused"], { sight }: Visit, reads: Read["reads"]): boolean {
  const isSameSecret = refused?.seen === sight.current?.resourceVersion;
  return refused !== undefined && isSameSecret && refused.versions === readVersions(reads);
}

function isPending({ unsure }: Visit, memory: SyncMemory): boolean {
  return memory.unpublished !== undefined || unsure !== undefined || memory.confirmations.size > 0;
}

function isAsLeft(memory: SyncMemory, visit: Visit, { reads }: Read): boolean {
  const isSameTarget =
    memory.target !== undefined && visit.sight.current?.resourceVersion === memory.target.resourceVersion;
  return (
    !isPending(visit, memory) &&
    isSameTarget &&
    memory.versions !== undefined &&
    memory.versions === readVersions(reads)
  );
}

function quietOutage(visit: Visit, spec: ExternalSecretSpec): Finding | undefined {
  const { memory, nowMs } = visit;
  const sinceMs = memory?.outageSinceMs ?? firstFailedCheckMs(visit);
  const overdueMs = sinceMs + Math.min(spec.refreshIntervalMs || MAX_OVERDUE_MS, MAX_OVERDUE_MS);
  if (!isWell(visit) || nowMs >= overdueMs) return undefined;
  return {
    kind: "quiet",
    memory: {
      ...endBase(visit),
      failures: 0,
      confirmations: new Map(),
      heals: [],
      unpublished: undefined,
      formerRefusals: 0,
      written: undefined,
      ...memory,
      dueMs: overdueMs,
      outageSinceMs: sinceMs,
    },
  };
}

/** A wake before the check was due is no check that failed: the next one is. */
function firstFailedCheckMs({ causes, memory, nowMs }: Visit): number {
  return causes.has("due") ? nowMs : Math.max(nowMs, memory?.dueMs ?? nowMs);
}

/** Ready for the spec as it is now, and with its Secret in place. */
function isWell({ record, status, sight }: Visit): boolean {
  const ready = findCondition(status?.conditions ?? [], "Ready");
  if (ready?.status !== "True" || status?.observedGeneration !== record.meta.generation) return false;
  return status.binding === undefined || sight.current !== undefined;
}
