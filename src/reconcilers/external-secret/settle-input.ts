// What settling a target starts from: the spec, the reading, and what is known of the target without reading it.

import type { ObjectName } from "../../core/object-key.ts";
import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import type { ObjectMeta } from "../../core/spec/records.ts";
import type { SourceRead } from "../../core/sync/assemble.ts";
import type { SyncMemory, UnsureWrite } from "../../core/sync/memory.ts";
import type { Claimant } from "../../core/sync/ownership.ts";
import type { TargetSight, VisitCause } from "../../core/sync/visit.ts";

export interface SettleInput {
  readonly meta: ObjectMeta;
  readonly spec: ExternalSecretSpec;
  readonly memory: SyncMemory | undefined;
  readonly causes: ReadonlySet<VisitCause>;
  readonly reads: readonly SourceRead[];
  /** False: a store that was read is not the same any more, and what it said must not be written. */
  readonly isCurrent: () => boolean;
  readonly sight: TargetSight;
  readonly rivals: readonly Claimant[];
  /** CreatedOnce without a new force-sync: `making` until its Secret was made, then `made`. Undefined: each sync renders. */
  readonly once: "making" | "made" | undefined;
  /** A write of ours that the Secret may show, and status does not. */
  readonly unsure: UnsureWrite | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Whether messages may name properties that exist. */
  readonly showsNames: boolean;
}

/** `keys`: what it renders now. */
export function claimantOf({ meta, spec }: Pick<SettleInput, "meta" | "spec">, keys: readonly string[]): Claimant {
  return { ...meta, creationPolicy: spec.target.creationPolicy, keys: new Set(keys), knowsAllKeys: true };
}

export function targetName({ meta, spec }: Pick<SettleInput, "meta" | "spec">): ObjectName {
  return { namespace: meta.namespace, name: spec.target.name };
}
