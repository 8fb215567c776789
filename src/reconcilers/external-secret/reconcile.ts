// One reconcile of an ExternalSecret, as a story: is there a reason to look, what do the stores say, what becomes of the
// Secret, what does status say, and when do we look again.

import { type ObjectKey, objectKey } from "../../core/object-key.ts";
import { storeRefs } from "../../core/spec/store-refs.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { currentStatus } from "../../core/status/written-status.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import { isTargetGone, visitCauses } from "../../core/sync/visit.ts";
import type { ReconcileResult } from "../../runtime/reconcile-result.ts";
import type { Finding, Visit } from "./finding.ts";
import { look } from "./look.ts";
import { AWAIT_CHANGE, forgotten, retrySoon, untilDue } from "./next-step.ts";
import { publish } from "./publish.ts";
import type { ExternalSecretReconcilerDeps } from "./reconciler-deps.ts";
import { targetKey } from "./targets.ts";

export type ReconcileExternalSecret = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;

export function createExternalSecretReconciler(deps: ExternalSecretReconcilerDeps): ReconcileExternalSecret {
  return async (key, signal) => {
    const record = deps.record(key);
    if (record === undefined || record.meta.deletionTimestamp !== undefined || !isServed(deps, record))
      return forgotten(deps, key);
    const { uid } = record.meta;
    const memory = deps.state.recall(key, uid);
    const nowMs = deps.clock.monotonicMs();
    const isWoken = deps.state.takeWake(key);
    const sight = deps.targets.sight(targetKey(record));
    const causes = visitCauses({ record, memory, target: sight, isWoken, nowMs });
    if (causes.size === 0) return untilDue(memory, nowMs);
    const status = currentStatus(record, memory?.written);
    const binding = bindingOf(deps, record, memory, status);
    const unsure = deps.state.unsure(key, uid);
    const visit: Visit = { key, record, memory, causes, sight, status, unsure, binding, nowMs };
    try {
      return await conclude(deps, visit, await look(deps, visit, signal), signal);
    } catch (error) {
      // The controller tries again; what brought us here must still count then.
      if (isWoken) deps.state.wake(key);
      throw error;
    }
  };
}

function isServed({ directory }: ExternalSecretReconcilerDeps, { meta, spec }: ExternalSecretRecord): boolean {
  return !spec.ok || directory.isServed(storeRefs(spec.value), meta.namespace);
}

/** The Secret that status names, unless the watch shows that it went. */
function bindingOf(
  { targets }: ExternalSecretReconcilerDeps,
  { meta }: ExternalSecretRecord,
  memory: SyncMemory | undefined,
  status: ExternalSecretStatus | undefined,
): string | undefined {
  const name = status?.binding?.name;
  if (name === undefined) return undefined;
  return isTargetGone(memory, targets.sight(objectKey({ namespace: meta.namespace, name }))) ? undefined : name;
}

async function conclude(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  finding: Finding,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { key, record } = visit;
  switch (finding.kind) {
    case "gone":
      return forgotten(deps, key);
    case "wait":
      return retryWake(deps, visit);
    case "later":
      deps.state.noteUnsure(key, record.meta.uid, finding.unsure ?? visit.unsure);
      return retrySoon(deps, key, finding.retryAfterMs);
    case "quiet":
      deps.state.remember(key, finding.memory);
      return untilDue(finding.memory, visit.nowMs);
    case "found":
      return publish(deps, visit, finding, signal);
  }
}

/** The store's first outcome wakes us; what brought us here must still count then. */
function retryWake({ state }: ExternalSecretReconcilerDeps, { key, causes }: Visit): ReconcileResult {
  if (causes.has("woken")) state.wake(key);
  return AWAIT_CHANGE;
}
