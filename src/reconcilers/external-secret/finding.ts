// What a visit found, before it is published: a report for status, and what to remember. Pure.

import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import type { ObjectKey } from "../../core/object-key.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import { specVersion } from "../../core/spec/spec-version.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { forceSyncToken } from "../../core/status/force-sync.ts";
import { reasonPolicy } from "../../core/status/reasons.ts";
import type { SyncMemory, UnsureWrite } from "../../core/sync/memory.ts";
import type { SyncEnd } from "../../core/sync/next-memory.ts";
import type { SyncReport } from "../../core/sync/report.ts";
import { heartbeatPeriodMs } from "../../core/sync/schedule.ts";
import { readVersions } from "../../core/sync/versions.ts";
import type { TargetSight, VisitCause } from "../../core/sync/visit.ts";
import type { Observation } from "./observe.ts";
import { recognisedWrite } from "./recognised-write.ts";
import type { Settled } from "./settle.ts";

export type Finding =
  /** A store was not validated yet. */
  | { readonly kind: "wait" }
  /** The ExternalSecret is no more, whatever the cache shows. */
  | { readonly kind: "gone" }
  /** The API server did not decide, or the cache lags behind it. `unsure`: a write that it may have done. */
  | { readonly kind: "later"; readonly retryAfterMs: number; readonly unsure: UnsureWrite | undefined }
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
  readonly sight: TargetSight;
  /** What status says before this visit. */
  readonly status: ExternalSecretStatus | undefined;
  /** A write of ours that the Secret may show, and status does not. */
  readonly unsure: UnsureWrite | undefined;
  /** The Secret that status binds to, unless the watch shows that it went. */
  readonly binding: string | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

export type Found = Extract<Finding, { kind: "found" }>;
export type Read = Extract<Observation, { kind: "read" }>;

/** A visit that read neither store nor Secret. */
export function withoutReading(visit: Visit, ready: SyncReport["ready"]): Found {
  return {
    kind: "found",
    report: {
      ...reportBase(visit),
      ready,
      entries: undefined,
      secret: { kind: "kept" },
      binding: visit.binding,
      heartbeatMs: undefined,
      remoteCount: 0,
    },
    end: {
      ...endBase(visit),
      reason: ready.reason,
      isStalled: ready.stalled,
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

export function endBase({
  record,
  memory,
}: Visit): Pick<SyncEnd, "uid" | "specVersion" | "forceSync" | "target" | "versions" | "refused" | "provenance"> {
  const { uid, annotations } = record.meta;
  return {
    uid,
    specVersion: specVersion(record.meta),
    forceSync: forceSyncToken(annotations),
    target: undefined,
    versions: undefined,
    refused: undefined,
    provenance: memory?.provenance ?? new Map(),
  };
}

export interface Outcome {
  readonly observation: Read;
  readonly settled: Extract<Settled, { kind: "settled" }>;
}

export function concludeObservation(visit: Visit, spec: ExternalSecretSpec, { observation, settled }: Outcome): Found {
  const { verdict, assembly, target } = settled;
  const versions = readVersions(observation.reads);
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
      binding: bindingAfter(visit, spec.target.name, settled.isBound),
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
      versions: isWell ? versions : undefined,
      refused: refusedFor(visit, verdict, versions),
      provenance: isWell ? assembly.provenance : (visit.memory?.provenance ?? new Map()),
      absences: settled.absences,
      heals: settled.heals,
    },
    leftKeys: settled.leftKeys,
    awaitsTarget: settled.awaitsTarget,
  };
}

/** Only what the API server refused for good (413, 422); without versions nobody knows whether the values are the same. */
function refusedFor(
  { sight }: Visit,
  { reason, stalled }: Outcome["settled"]["verdict"],
  versions: string | undefined,
): SyncEnd["refused"] {
  if (reason !== "TargetRejected" || !stalled || versions === undefined) return undefined;
  return { versions, seen: sight.current?.resourceVersion };
}

/** While the target's name is not ours to give, a Secret under a former name that is still there serves on. */
function bindingAfter({ binding }: Visit, target: string, isBound: boolean | undefined): string | undefined {
  if (isBound === true) return target;
  return isBound === undefined || binding !== target ? binding : undefined;
}
