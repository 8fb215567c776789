// Why an ExternalSecret must be synced now, if at all. Most wake-ups are echoes of our own writes: they end here.

import { compareResourceVersions } from "../resource-version.ts";
import type { ExternalSecretRecord } from "../spec/records.ts";
import { specVersion } from "../spec/spec-version.ts";
import { forceSyncToken } from "../status/force-sync.ts";
import type { SyncMemory } from "./memory.ts";

export type VisitCause = "first" | "specChanged" | "forceSync" | "due" | "woken" | "targetChanged";

/** What the metadata watch shows of the target, and how far that watch has come. */
export interface TargetSight {
  readonly current: { readonly uid: string; readonly resourceVersion: string } | undefined;
  /** Highest resourceVersion that the watch has shown for this name; undefined: none yet. */
  readonly seenVersion: string | undefined;
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
  if (isForeignChange(memory, target)) causes.add("targetChanged");
  return causes;
}

/** True if the target is not as we last wrote or verified it, judged only once the watch has come that far. */
function isForeignChange({ target: known }: SyncMemory, { current, seenVersion }: TargetSight): boolean {
  if (known === undefined || seenVersion === undefined) return false;
  if (compareResourceVersions(seenVersion, known.resourceVersion) < 0) return false;
  return current?.resourceVersion !== known.resourceVersion;
}
