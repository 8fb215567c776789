// Tells what a visit found: in status, in Events, and to the next visit by what is remembered.

import type { WrittenStatus } from "../../core/status/written-status.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { findCondition } from "../../core/status/conditions.ts";
import { revisionAfter } from "../../core/status/revision.ts";
import { failed, type Result } from "../../core/result.ts";
import type { SyncMemory, UnpublishedWrite } from "../../core/sync/memory.ts";
import { nextMemory } from "../../core/sync/next-memory.ts";
import type { SyncReport } from "../../core/sync/report.ts";
import { formerRetryMs } from "../../core/sync/schedule.ts";
import { type ApiError, describeApiError } from "../../kubernetes/api-error.ts";
import { resources } from "../../kubernetes/resource-path.ts";
import type { ReconcileResult } from "../../runtime/reconcile-result.ts";
import { type StatusFailure, statusFailure } from "../write-status.ts";
import type { Found, Visit } from "./finding.ts";
import { type Removal, removeFormer } from "./former-targets.ts";
import { writerFor } from "./look.ts";
import { forgotten, retrySoon, untilDue } from "./next-step.ts";
import type { ExternalSecretReconcilerDeps } from "./reconciler-deps.ts";

/** We may not write status where RBAC says so; a grant is noticed this soon, milliseconds. */
const DENIED_RETRY_MS = 30_000;

export async function publish(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  found: Found,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { key, record } = visit;
  deps.targets.watch(key, record, found.awaitsTarget);
  const removal = await tidyUp(deps, visit, found.report, signal);
  if (removal?.kind === "gone") return forgotten(deps, key);
  tellLeftKeys(deps, visit, found.leftKeys);
  const written = await writeStatus(deps, visit, found, signal);
  const memory = memoryAfter(deps, visit, found, removal);
  if (!written.ok) return unwritten(deps, visit, { found, memory, error: written.error });
  const isTold = found.report.secret.kind === "written" || found.report.secret.kind === "verified";
  const unpublished = isTold ? undefined : memory.unpublished;
  deps.state.remember(key, { ...memory, unpublished, written: written.value ?? memory.written });
  if (written.value !== undefined) {
    deps.onWrote(key, resources.externalSecrets.plural, written.value.resourceVersion);
    logOutcome(deps, visit, found.report);
  }
  deps.onSync(key, found.report.ready.reason);
  return removal?.kind === "later" ? retrySoon(deps, key) : untilDue(memory, deps.clock.monotonicMs());
}

/** Undefined: the target is not there, or not as wanted, and a Secret under a former name may serve on. */
async function tidyUp(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  { secret }: SyncReport,
  signal: AbortSignal,
): Promise<Removal | undefined> {
  if (secret.kind !== "written" && secret.kind !== "verified") return undefined;
  const { record, memory } = visit;
  const removal = await removeFormer(writerFor(deps, visit), record.meta.name, deps.targets.former(record), signal);
  if (removal.kind === "refused" && (memory?.formerRefusals ?? 0) === 0)
    deps.statusWriter.warn(record, "FormerSecretKept", removal.message);
  return removal;
}

type Written = Result<WrittenStatus<ExternalSecretStatus> | undefined, StatusError>;

interface StatusError {
  readonly kind: StatusFailure;
  readonly cause: ApiError;
}

/**
 * A conflict is looked into, once. The first status that this process writes is pinned to the object as the cache shows
 * it, which may be a past that an earlier life of ours, or another replica, has written beyond.
 */
async function writeStatus(
  deps: ExternalSecretReconcilerDeps,
  { record, status, memory }: Visit,
  { report, end }: Found,
  signal: AbortSignal,
): Promise<Written> {
  const task = { record, previous: status, report, isPinned: memory?.written === undefined };
  const tell = async (): Promise<Written> => {
    const { publish: tellNow, publishOutage } = deps.statusWriter;
    const written = await (end.isStoreOutage ? publishOutage : tellNow)(task, signal);
    return written.ok ? written : statusError(written.error);
  };
  const first = await tell();
  if (first.ok || first.error.kind !== "raced") return first;
  const standing = await deps.liveLook.standing(record.meta, signal);
  if (standing.kind === "gone") return failed({ ...first.error, kind: "gone" });
  if (standing.kind !== "current") return first;
  return task.isPinned && standing.resourceVersion !== record.meta.resourceVersion ? first : tell();
}

function statusError(cause: ApiError): Written {
  return failed({ kind: statusFailure(cause), cause });
}

interface Unwritten {
  readonly found: Found;
  readonly memory: SyncMemory;
  readonly error: StatusError;
}

function unwritten(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  { found, memory, error }: Unwritten,
): ReconcileResult {
  const { key, status } = visit;
  const unpublished = unpublishedWrite(status, found.report) ?? memory.unpublished;
  deps.state.remember(key, { ...memory, unpublished });
  switch (error.kind) {
    case "gone":
      return forgotten(deps, key);
    case "raced":
    case "failed":
      return retrySoon(deps, key, error.cause.retryAfterMs);
    case "denied":
      return retrySoon(deps, key, DENIED_RETRY_MS);
    case "refused":
      // As it is it can never be written: it waits for the next change or check.
      deps.log.error("Status was refused", { externalSecret: key, detail: describeApiError(error.cause) });
      return untilDue(memory, deps.clock.monotonicMs());
  }
}

function unpublishedWrite(
  status: ExternalSecretStatus | undefined,
  { secret }: SyncReport,
): UnpublishedWrite | undefined {
  const revision = revisionAfter(status, secret);
  return secret.kind === "written" && revision !== undefined ? { secret, revision } : undefined;
}

function memoryAfter(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  { report, end }: Found,
  removal: Removal | undefined,
): SyncMemory {
  const { key, record } = visit;
  const nowMs = deps.clock.monotonicMs();
  const spec = record.spec.ok ? record.spec.value : undefined;
  const next = nextMemory(visit.memory, spec, end, { nowMs, random: deps.random });
  const memory = withRemoval(next, removal, nowMs);
  deps.state.remember(key, memory);
  // Whoever looked at the Secret has told what became of a write in doubt.
  if (report.secret.kind !== "kept") deps.state.noteUnsure(key, record.meta.uid, undefined);
  return memory;
}

function withRemoval(memory: SyncMemory, removal: Removal | undefined, nowMs: number): SyncMemory {
  if (removal?.kind === "done") return { ...memory, formerRefusals: 0 };
  if (removal?.kind !== "refused") return memory;
  const formerRefusals = memory.formerRefusals + 1;
  const retryMs = nowMs + formerRetryMs(formerRefusals);
  return { ...memory, formerRefusals, dueMs: Math.min(memory.dueMs ?? retryMs, retryMs) };
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
