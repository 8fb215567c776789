// One reconcile of an ExternalSecret, as a story: is there a reason to look, what do the stores say, what becomes of the
// Secret, what does status say, and when do we look again.

import type { Clock, Random } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { type ObjectKey, objectKey } from "../../core/object-key.ts";
import { storeRefs } from "../../core/spec/store-refs.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import { findCondition } from "../../core/status/conditions.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import type { Reason } from "../../core/status/reasons.ts";
import { currentStatus } from "../../core/status/written-status.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import { type SyncEnd, nextMemory } from "../../core/sync/next-memory.ts";
import type { SyncReport } from "../../core/sync/report.ts";
import { isTargetGone, visitCauses } from "../../core/sync/visit.ts";
import type { ReconcileResult } from "../../runtime/controller.ts";
import { observe } from "./observe.ts";
import { disown, mustDisown } from "./disown.ts";
import { invalidSpec, keptOnce, onceState, suspended } from "./early-finding.ts";
import { type Finding, type Visit, concludeObservation } from "./finding.ts";
import { settle } from "./settle.ts";
import { shortCut } from "./short-cut.ts";
import type { StatusWriter } from "./status-writer.ts";
import type { StoreDirectory } from "./store-directory.ts";
import type { SyncState } from "./sync-state.ts";
import { targetKey, type Targets } from "./targets.ts";
import type { TargetWriter } from "./target-writer.ts";

export interface ExternalSecretReconcilerDeps {
  readonly record: (key: ObjectKey) => ExternalSecretRecord | undefined;
  readonly directory: StoreDirectory;
  readonly targets: Targets;
  readonly writer: TargetWriter;
  readonly statusWriter: StatusWriter;
  readonly state: SyncState;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly showsPropertyNames: boolean;
  /** Told once per sync that ended: for metrics. */
  readonly onSync: (key: ObjectKey, reason: Reason) => void;
  readonly onGone: (key: ObjectKey) => void;
}

const AWAIT_CHANGE: ReconcileResult = { kind: "awaitChange" };
/** Backoff while the API server does not decide, milliseconds: all is to be right within 10 s of its return. */
const API_RETRY_CAP_MS = 5_000;

export type ReconcileExternalSecret = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;

export function createExternalSecretReconciler(deps: ExternalSecretReconcilerDeps): ReconcileExternalSecret {
  return async (key, signal) => {
    const record = deps.record(key);
    if (record === undefined || record.meta.deletionTimestamp !== undefined || !isServed(deps, record)) {
      deps.state.forget(key);
      deps.targets.release(key);
      deps.onGone(key);
      return AWAIT_CHANGE;
    }
    const memory = deps.state.recall(key, record.meta.uid);
    const nowMs = deps.clock.monotonicMs();
    const isWoken = deps.state.takeWake(key);
    const sight = deps.targets.sight(targetKey(record));
    const causes = visitCauses({ record, memory, target: sight, isWoken, nowMs });
    if (causes.size === 0) return untilDue(memory, nowMs);
    const status = currentStatus(record, memory?.written);
    const binding = bindingOf(deps, record, memory, status);
    const visit: Visit = { key, record, memory, causes, sight, status, binding, nowMs };
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

async function look(deps: ExternalSecretReconcilerDeps, visit: Visit, signal: AbortSignal): Promise<Finding> {
  const { record, causes, memory } = visit;
  if (!record.spec.ok) return invalidSpec(visit, record.spec.error);
  const spec = record.spec.value;
  if (spec.suspend) return suspended(visit);
  const kept = keptOnce(visit, spec);
  if (kept !== undefined) return mustDisown(visit, spec) ? disown(deps.writer, { visit, spec, kept }, signal) : kept;
  const observation = await observe(
    deps.directory,
    { key: visit.key, namespace: record.meta.namespace, sources: spec.sources },
    signal,
  );
  if (observation.kind === "pending") return { kind: "wait" };
  const early = shortCut(visit, spec, observation);
  if (early !== undefined) return early;
  const input = {
    meta: record.meta,
    spec,
    memory,
    causes,
    reads: observation.reads,
    isCurrent: observation.isCurrent,
    sight: visit.sight,
    rivals: deps.targets.rivals(record),
    once: onceState(visit, spec),
    nowMs: visit.nowMs,
    showsNames: deps.showsPropertyNames,
  };
  const settled = await settle(deps.writer, input, signal);
  if (settled.kind === "later") return settled;
  return concludeObservation(visit, spec, { observation, settled });
}

async function conclude(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  finding: Finding,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  switch (finding.kind) {
    case "wait":
      return retryWake(deps, visit);
    case "later":
      deps.state.wake(visit.key);
      return { kind: "retry", minDelayMs: finding.retryAfterMs, maxDelayMs: API_RETRY_CAP_MS };
    case "quiet":
      deps.state.remember(visit.key, finding.memory);
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

async function publish(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  finding: Extract<Finding, { kind: "found" }>,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { key, record } = visit;
  const { report, end } = finding;
  deps.targets.watch(key, record, finding.awaitsTarget);
  const isTidy = !hasTarget(report) || (await deps.targets.removeFormer(record, signal));
  tellLeftKeys(deps, visit, finding.leftKeys);
  const { publish: tell, publishOutage } = deps.statusWriter;
  const written = await (end.isStoreOutage ? publishOutage : tell)(record, visit.status, report, signal);
  const memory = remember(deps, visit, end);
  if (!written.ok) {
    if (written.error.kind === "notFound") return AWAIT_CHANGE;
    if (report.secret.kind === "written") deps.state.remember(key, { ...memory, unpublished: report.secret });
    return retrySoon(deps, key);
  }
  const unpublished = report.secret.kind === "written" ? undefined : memory.unpublished;
  deps.state.remember(key, { ...memory, unpublished, written: written.value ?? memory.written });
  if (written.value !== undefined) logOutcome(deps, visit, report);
  deps.onSync(key, report.ready.reason);
  return isTidy ? untilDue(memory, deps.clock.monotonicMs()) : retrySoon(deps, key);
}

/** The target is there and as wanted: a Secret under a former name may go. */
function hasTarget({ secret }: SyncReport): boolean {
  return secret.kind === "written" || secret.kind === "verified";
}

function remember(deps: ExternalSecretReconcilerDeps, visit: Visit, end: SyncEnd): SyncMemory {
  const spec = visit.record.spec.ok ? visit.record.spec.value : undefined;
  const memory = nextMemory(visit.memory, spec, end, { nowMs: deps.clock.monotonicMs(), random: deps.random });
  deps.state.remember(visit.key, memory);
  return memory;
}

function retrySoon({ state }: ExternalSecretReconcilerDeps, key: ObjectKey): ReconcileResult {
  state.wake(key);
  return { kind: "retry", minDelayMs: 0, maxDelayMs: API_RETRY_CAP_MS };
}

function tellLeftKeys(
  { statusWriter }: ExternalSecretReconcilerDeps,
  { record }: Visit,
  leftKeys: readonly string[],
): void {
  if (leftKeys.length === 0) return;
  const keys = leftKeys.slice(0, 5).join(", ");
  statusWriter.warn(
    record,
    "KeyKept",
    `no longer synced, but kept, because another writer changed it in the Secret: ${keys}`,
  );
}

function logOutcome(
  { log }: ExternalSecretReconcilerDeps,
  { key, status }: Visit,
  { ready, secret }: SyncReport,
): void {
  const before = findCondition(status?.conditions ?? [], "Ready");
  if (secret.kind !== "written" && before?.reason === ready.reason) return;
  const fields = { externalSecret: key, reason: ready.reason, secret: secret.kind };
  log.info(secret.kind === "written" ? "Secret written" : "Outcome changed", fields);
}

function untilDue(memory: SyncMemory | undefined, nowMs: number): ReconcileResult {
  return memory?.dueMs === undefined
    ? AWAIT_CHANGE
    : { kind: "requeueAfter", delayMs: Math.max(0, memory.dueMs - nowMs) };
}
