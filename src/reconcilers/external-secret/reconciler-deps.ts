// What the reconcile of an ExternalSecret needs from around it.

import type { Clock, Random } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ObjectKey } from "../../core/object-key.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import type { Reason } from "../../core/status/reasons.ts";
import type { LiveLook } from "./live-look.ts";
import type { StatusWriter } from "./status-writer.ts";
import type { StoreDirectory } from "./store-directory.ts";
import type { SyncState } from "./sync-state.ts";
import type { Targets } from "./targets.ts";
import type { TargetWriter } from "./target-writer.ts";

export interface ExternalSecretReconcilerDeps {
  readonly record: (key: ObjectKey) => ExternalSecretRecord | undefined;
  readonly directory: StoreDirectory;
  readonly targets: Targets;
  readonly writer: TargetWriter;
  readonly liveLook: Pick<LiveLook, "standing">;
  readonly statusWriter: StatusWriter;
  readonly state: SyncState;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly showsPropertyNames: boolean;
  /** Told once per sync that ended: for metrics. */
  readonly onSync: (key: ObjectKey, reason: Reason) => void;
  readonly onGone: (key: ObjectKey) => void;
  /** Told of each write that the cache of `resource` (plural name) will show: until then it shows a past. */
  readonly onWrote: (key: ObjectKey, resource: string, resourceVersion: string) => void;
}
