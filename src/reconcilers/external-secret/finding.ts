// What a visit found, before it is published: a report for status, and what to remember. Pure.

import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import type { ObjectKey } from "../../core/object-key.ts";
import type { ExternalSecretRecord, SpecError } from "../../core/spec/records.ts";
import { specVersion } from "../../core/spec/spec-version.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { assemble } from "../../core/sync/assemble.ts";
import { findCondition } from "../../core/status/conditions.ts";
import { forceSyncToken } from "../../core/status/force-sync.ts";
import { type Reason, reasonPolicy } from "../../core/status/reasons.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import type { SyncEnd } from "../../core/sync/next-memory.ts";
import type { SyncReport } from "../../core/sync/report.ts";
import { heartbeatPeriodMs } from "../../core/sync/schedule.ts";
import { readVersions } from "../../core/sync/versions.ts";
import type { TargetSight, VisitCause } from "../../core/sync/visit.ts";
import type { Observation } from "./observe.ts";
import { recognisedWrite } from "./recognised-write.ts";
import type { Settled } from "./settle.ts";
import type { SettleInput } from "./settle-input.ts";

export type Finding =
  /** A store was not validated yet. */
  | { readonly kind: "wait" }
  /** The API server did not decide. */
  | { readonly kind: "later"; readonly retryAfterMs: number }
  /** Nothing to report. */
  | { readonly kind: "quiet"; readonly memory: SyncMemory }
  | {
      readonly kind: "found";
      readonly report: SyncReport;
      readonly end: SyncEnd;
      readonly leftKeys: readonly string[];
      readonly awaitsTarget: boolean;
    };

export interface Visit {
  readonly key: ObjectKey;
  readonly record: ExternalSecretRecord;
  readonly memory: SyncMemory | undefined;
  readonly causes: ReadonlySet<VisitCause>;
  /** What status says before this visit. */
  readonly status: ExternalSecretStatus | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

type Found = Extract<Finding, { kind: "found" }>;
type Read = Extract<Observation, { kind: "read" }>;

/** How long a due check may be held back by an outage of its store before the ExternalSecret says so, milliseconds. */
const MAX_OVERDUE_MS = 5 * 60_000;
const QUIET_CAUSES: ReadonlySet<VisitCause> = new Set(["first", "due", "woken"]);

export function invalidSpec(visit: Visit, error: SpecError): Found {
  return unserved(visit, withoutReading(visit, "InvalidSpec", `${error.path}: ${error.message}`));
}

export function suspended(visit: Visit): Found {
  const message = "spec.suspend is true: nothing is read or written until it is false";
  return unserved(visit, withoutReading(visit, "Suspended", message));
}

/** A force-sync that comes now is served later. */
function unserved({ memory, status }: Visit, found: Found): Found {
  const forceSync = memory === undefined ? status?.lastHandledForceSync : memory.forceSync;
  return { ...found, report: { ...found.report, forceSync: undefined }, end: { ...found.end, forceSync } };
}

/** CreatedOnce without a force-sync that status does not show as served. Undefined: each sync renders. */
export function onceState({ record, status }: Visit, spec: ExternalSecretSpec): SettleInput["once"] {
  const forced = forceSyncToken(record.meta.annotations);
  const isForced = forced !== undefined && forced !== status?.lastHandledForceSync;
  if (spec.refreshPolicy !== "CreatedOnce" || isForced) return undefined;
  return status?.createdFor === record.meta.uid ? "made" : "making";
}

/** CreatedOnce: the Secret was made, and is left alone from then on. Undefined: it must be synced. */
export function keptOnce(visit: Visit, spec: ExternalSecretSpec, target: TargetSight["current"]): Found | undefined {
  const { creationPolicy } = spec.target;
  const hasSecret = target !== undefined;
  if (onceState(visit, spec) !== "made" || creationPolicy === "None") return undefined;
  if (!hasSecret && creationPolicy !== "Orphan") return undefined;
  const message = hasSecret
    ? "made once; later changes are left alone (refreshPolicy CreatedOnce)"
    : "made once; the deleted Secret stays away (refreshPolicy CreatedOnce, creationPolicy Orphan)";
  const found = withoutReading(visit, "SecretSynced", message);
  const report = { ...found.report, binding: hasSecret ? spec.target.name : undefined };
  return { ...found, report, end: { ...found.end, target } };
}

function withoutReading(visit: Visit, reason: Reason, message: string): Found {
  const { stalled } = reasonPolicy[reason];
  return {
    kind: "found",
    report: {
      ...reportBase(visit),
      ready: { reason, message, stalled },
      entries: undefined,
      secret: { kind: "kept" },
      binding: visit.status?.binding?.name,
      heartbeatMs: undefined,
      remoteCount: 0,
    },
    end: {
      ...endBase(visit),
      reason,
      isStalled: stalled,
      minDelayMs: 0,
      isStoreOutage: false,
      absences: undefined,
      heals: [],
    },
    leftKeys: [],
    awaitsTarget: false,
  };
}

function reportBase({ record }: Visit): Pick<SyncReport, "generation" | "uid" | "specVersion" | "forceSync"> {
  const { generation, uid, annotations } = record.meta;
  return { generation, uid, specVersion: specVersion(record.meta), forceSync: forceSyncToken(annotations) };
}

function endBase({
  record,
  memory,
}: Visit): Pick<SyncEnd, "uid" | "specVersion" | "forceSync" | "target" | "versions" | "provenance"> {
  const { uid, annotations } = record.meta;
  return {
    uid,
    specVersion: specVersion(record.meta),
    forceSync: forceSyncToken(annotations),
    target: undefined,
    versions: undefined,
    provenance: memory?.provenance ?? new Map(),
  };
}

export interface Looked {
  readonly observation: Read;
  readonly sight: TargetSight;
}

/** Looks that need no read of the Secret: nothing moved, or the store is out and the check is not overdue. */
export function shortCut(visit: Visit, spec: ExternalSecretSpec, looked: Looked): Finding | undefined {
  if (visit.causes.difference(QUIET_CAUSES).size > 0) return undefined;
  return looked.observation.isStoreOutage ? quietOutage(visit, spec, looked) : unchanged(visit, spec, looked);
}

/** The same versions, and the target as we left it. */
function unchanged(visit: Visit, spec: ExternalSecretSpec, { observation, sight }: Looked): Found | undefined {
  const { memory, status } = visit;
  const ready = findCondition(status?.conditions ?? [], "Ready");
  if (memory?.versions === undefined || memory.target === undefined || ready?.status !== "True") return undefined;
  if (memory.unpublished !== undefined) return undefined;
  if (memory.confirmations.size > 0 || memory.versions !== readVersions(observation.reads)) return undefined;
  if (sight.current?.resourceVersion !== memory.target.resourceVersion) return undefined;
  const { entries, failures, remoteCount } = assemble(observation.reads, new Set(), { showsNames: false });
  if (failures.length > 0) return undefined;
  const keys = [...memory.provenance.keys()].sort();
  const found = withoutReading(visit, "SecretSynced", ready.message);
  return {
    ...found,
    report: {
      ...found.report,
      entries,
      remoteCount,
      secret: { kind: "verified", keys },
      heartbeatMs: heartbeatPeriodMs(spec, visit.record.meta.uid),
    },
    end: { ...found.end, target: memory.target, versions: memory.versions, heals: memory.heals },
  };
}

function quietOutage(visit: Visit, spec: ExternalSecretSpec, { sight }: Looked): Finding | undefined {
  const ready = findCondition(visit.status?.conditions ?? [], "Ready");
  const isSettled = ready?.status === "True" && visit.status?.observedGeneration === visit.record.meta.generation;
  if (!isSettled || (visit.status?.binding !== undefined && sight.current === undefined)) return undefined;
  const sinceMs = visit.memory?.outageSinceMs ?? visit.nowMs;
  const overdueMs =
    sinceMs + Math.min(spec.refreshIntervalMs === 0 ? MAX_OVERDUE_MS : spec.refreshIntervalMs, MAX_OVERDUE_MS);
  if (visit.nowMs >= overdueMs) return undefined;
  const end = { ...endBase(visit), target: visit.memory?.target, versions: visit.memory?.versions };
  return {
    kind: "quiet",
    memory: {
      ...end,
      dueMs: overdueMs,
      outageSinceMs: sinceMs,
      failures: visit.memory?.failures ?? 0,
      confirmations: visit.memory?.confirmations ?? new Map(),
      heals: visit.memory?.heals ?? [],
      unpublished: visit.memory?.unpublished,
      written: visit.memory?.written,
    },
  };
}

export interface Outcome {
  readonly observation: Read;
  readonly settled: Extract<Settled, { kind: "settled" }>;
}

export function concludeObservation(visit: Visit, spec: ExternalSecretSpec, { observation, settled }: Outcome): Found {
  const { verdict, assembly, target } = settled;
  const isWell = reasonPolicy[verdict.reason].ready === "True";
  const secret = recognisedWrite(visit, settled.secret, assembly.entries);
  return {
    kind: "found",
    report: {
      ...reportBase(visit),
      ...(isWell || spec.refreshPolicy !== "CreatedOnce" ? {} : { forceSync: undefined }),
      ready: verdict,
      entries: assembly.entries,
      secret,
      binding: bindingOf(visit, spec, settled),
      heartbeatMs: isWell ? heartbeatPeriodMs(spec, visit.record.meta.uid) : undefined,
      remoteCount: assembly.remoteCount,
    },
    end: {
      ...endBase(visit),
      reason: verdict.reason,
      isStalled: verdict.stalled,
      minDelayMs: Math.max(observation.retryAfterMs, settled.pauseMs),
      isStoreOutage: observation.isStoreOutage,
      target,
      versions: isWell ? readVersions(observation.reads) : undefined,
      provenance: isWell ? assembly.provenance : (visit.memory?.provenance ?? new Map()),
      absences: settled.absences,
      heals: settled.heals,
    },
    leftKeys: settled.leftKeys,
    awaitsTarget: settled.awaitsTarget,
  };
}

function bindingOf(
  { status }: Visit,
  spec: ExternalSecretSpec,
  { secret, target }: Outcome["settled"],
): string | undefined {
  if (spec.target.creationPolicy === "None" || secret.kind === "removed" || secret.kind === "notWritten")
    return undefined;
  return target === undefined ? status?.binding?.name : spec.target.name;
}
