// How a reconcile of an ExternalSecret ends: what the queue does with its key next.

import type { ObjectKey } from "../../core/object-key.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import type { ReconcileResult } from "../../runtime/reconcile-result.ts";
import type { ExternalSecretReconcilerDeps } from "./reconciler-deps.ts";

export const AWAIT_CHANGE: ReconcileResult = { kind: "awaitChange" };
/** Backoff while the API server does not decide, milliseconds: all is to be right within 10 s of its return. */
const API_RETRY_CAP_MS = 5_000;

/** The next visit must sync, whatever the objects show. */
export function retrySoon({ state }: ExternalSecretReconcilerDeps, key: ObjectKey, atLeastMs = 0): ReconcileResult {
  state.wake(key);
  return { kind: "retry", minDelayMs: atLeastMs, maxDelayMs: Math.max(API_RETRY_CAP_MS, atLeastMs) };
}

export function untilDue(memory: SyncMemory | undefined, nowMs: number): ReconcileResult {
  return memory?.dueMs === undefined
    ? AWAIT_CHANGE
    : { kind: "requeueAfter", delayMs: Math.max(0, memory.dueMs - nowMs) };
}

/** There is nothing to sync any more. If the cache does not know yet, its news brings the key back. */
export function forgotten(deps: ExternalSecretReconcilerDeps, key: ObjectKey): ReconcileResult {
  deps.state.forget(key);
  deps.targets.release(key);
  deps.onGone(key);
  return AWAIT_CHANGE;
}
