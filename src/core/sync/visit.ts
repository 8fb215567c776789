// Why an ExternalSecret must be synced now, if at all. Most wake-ups are echoes of our own writes: they end here.

import { compareResourceVersions } from "../resource-version.ts";
import type { ExternalSecretRecord } from "../spec/records.ts";
import { specVersion } from "../spec/spec-version.ts";
import { forceSyncToken } from "../status/force-sync.ts";
import type { SyncMemory } from "./memory.ts";

export type VisitCause = "first" | "specChanged" | "forceSync" | "due" | "woken" | "targetChanged";

/** What the metadata watch shows of the target, and how far that watch has come. */
export interface TargetSight {
  readonly current:
    | {
        readonly uid: string;
        readonly resourceVersion: string;
        /** Uid of the controller, if it has one. */
        readonly controllerUid: string | undefined;
      }
    | undefined;
  /**
   * Up to here the watch has shown everything of all targets; undefined: nothing yet. What came and went between two lists
   * is never shown by itself, so the version of the object that was shown last would not do.
   */
  readonly reachedVersion: string | undefined;
}

export interface VisitInput {
  readonly record: ExternalSecretRecord;
  /** Undefined: not synced by this process yet. */
  readonly memory: SyncMemory | undefined;
  readonly target: TargetSight;
  readonly isWoken: boolean;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

export function visitCauses(input: VisitInput): ReadonlySet<VisitCause> {
  const causes = input.memory === undefined ? firstCauses(input.record) : laterCauses(input, input.memory);
  return input.isWoken ? causes.union(new Set<VisitCause>(["woken"])) : causes;
}

function firstCauses({ meta, status }: ExternalSecretRecord): ReadonlySet<VisitCause> {
  const causes = new Set<VisitCause>(["first"]);
  const forced = forceSyncToken(meta.annotations);
  // Status keeps what was served; that the annotation went since then asks for nothing.
  if (forced !== undefined && forced !== status?.lastHandledForceSync) causes.add("forceSync");
  if (status?.syncedResourceVersion !== specVersion(meta)) causes.add("specChanged");
  return causes;
}

function laterCauses({ record, target, nowMs }: VisitInput, memory: SyncMemory): ReadonlySet<VisitCause> {
  const causes = new Set<VisitCause>();
  if (forceSyncToken(record.meta.annotations) !== memory.forceSync) causes.add("forceSync");
  if (memory.specVersion !== specVersion(record.meta)) causes.add("specChanged");
  if (memory.dueMs !== undefined && nowMs >= memory.dueMs) causes.add("due");
  if (isForeignChange(memory, target) || isBoundToNothing(record, memory, target)) causes.add("targetChanged");
  return causes;
}

/** True if the target is not as we last wrote or verified it, judged only once the watch has come that far. */
function isForeignChange({ target: known }: SyncMemory, sight: TargetSight): boolean {
  if (known === undefined || !hasReached(sight, known.resourceVersion)) return false;
  return sight.current?.resourceVersion !== known.resourceVersion;
}

/** True if status names a target that went while it was not as wanted. */
function isBoundToNothing({ spec, status }: ExternalSecretRecord, memory: SyncMemory, target: TargetSight): boolean {
  const isBound = spec.ok && status?.binding?.name === spec.value.target.name;
  return isBound && memory.target === undefined && isTargetGone(memory, target);
}

/** True if the watch has come as far as the Secret and does not show it: it was deleted, or lost our label. */
export function isTargetGone(memory: SyncMemory | undefined, sight: TargetSight): boolean {
  if (sight.current !== undefined) return false;
  // The first list was complete before the first visit.
  return memory === undefined || hasReached(sight, memory.target?.resourceVersion ?? "0");
}

function hasReached({ reachedVersion }: TargetSight, resourceVersion: string): boolean {
  return reachedVersion !== undefined && compareResourceVersions(reachedVersion, resourceVersion) >= 0;
}
