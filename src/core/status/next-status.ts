// The status of an ExternalSecret after a sync, from the status before and the facts of the sync. Without news it is
// deeply equal to the status before: quiet operation rests on that.

import { isDeepStrictEqual } from "node:util";
import type { SyncReport } from "../sync/report.ts";
import { suspendedConditions, verdictConditions } from "./conditions.ts";
import { pairEntries } from "./entry-pairs.ts";
import { compareEntryStatus, entryStatus } from "./entry-status.ts";
import type { Condition, ExternalSecretStatus } from "./external-secret-status.ts";
import { fitStatus } from "./fit-status.ts";
import type { SyncMoment } from "./held-version.ts";
import { keyNames } from "./key-names.ts";
import { ENTRIES_MAX } from "./limits.ts";
import { reasonPolicy } from "./reasons.ts";
import { type EntryStep, revisionFields } from "./revision.ts";
import { timestamp } from "./timestamp.ts";

type Fields<K extends keyof ExternalSecretStatus> = Pick<ExternalSecretStatus, K>;

/** As the CRD's default: nothing was observed yet. */
const UNOBSERVED: ExternalSecretStatus = { observedGeneration: -1, conditions: [] };

/** What `versionSummary` says where the store has no versions (KV v1). */
const UNVERSIONED = "unversioned";

/** `nowMs`: milliseconds since 1970. */
export function nextStatus(
  previous: ExternalSecretStatus | undefined,
  report: SyncReport,
  nowMs: number,
): ExternalSecretStatus {
  const moment = { previous: previous ?? UNOBSERVED, report, time: timestamp(nowMs) };
  const { pairs, gone } = pairEntries(moment.previous.entries ?? [], report.entries ?? []);
  const steps = pairs.map((pair) => ({ ...pair, status: entryStatus(pair, moment) }));
  const status = fitStatus({
    observedGeneration: report.generation,
    conditions: conditions(moment),
    ...syncFields(moment),
    ...entryFields(moment, steps),
    ...contentFields(moment, steps),
    ...revisionFields(
      moment.previous,
      report.secret,
      { steps, gone: report.entries === undefined ? [] : gone },
      moment.time,
    ),
    ...initialRefreshTime(moment),
  });
  return isRefreshDue(moment, status, nowMs) ? { ...status, refreshTime: moment.time } : status;
}

function conditions({ previous, report, time }: SyncMoment): readonly Condition[] {
  const { reason, message, stalled } = report.ready;
  const moment = { previous: previous.conditions, generation: report.generation, time };
  const policy = reasonPolicy[reason];
  if (policy.ready === "kept") return suspendedConditions(message, moment);
  const isStalled = reason === "TargetRejected" ? stalled : policy.stalled;
  return verdictConditions({ isReady: policy.ready === "True", reason, message, stalled: isStalled }, moment);
}

function syncFields({
  previous,
  report,
}: SyncMoment): Fields<"binding" | "lastHandledForceSync" | "createdFor" | "syncedResourceVersion"> {
  const { binding, secret } = report;
  const forceSync = report.forceSync ?? previous.lastHandledForceSync;
  const createdFor = secret.kind === "written" || secret.kind === "verified" ? report.uid : previous.createdFor;
  const syncedFrom = secret.kind === "kept" ? previous.syncedResourceVersion : report.specVersion;
  return {
    ...(binding === undefined ? {} : { binding: { name: binding } }),
    ...(forceSync === undefined ? {} : { lastHandledForceSync: forceSync }),
    ...(createdFor === undefined ? {} : { createdFor }),
    ...(syncedFrom === undefined ? {} : { syncedResourceVersion: syncedFrom }),
  };
}

function entryFields({ previous, report }: SyncMoment, steps: readonly EntryStep[]): Fields<"entries" | "entryCounts"> {
  if (report.entries === undefined) {
    const { entries, entryCounts } = previous;
    return { ...(entries === undefined ? {} : { entries }), ...(entryCounts === undefined ? {} : { entryCounts }) };
  }
  const all = steps.map(({ status }) => status).sort(compareEntryStatus);
  const count = (state: string): number => all.filter((entry) => entry.state === state).length;
  return {
    entries: all.slice(0, ENTRIES_MAX),
    entryCounts: { total: all.length, synced: count("Synced"), failed: count("Failed") },
  };
}

/** What the Secret holds: as before where it was kept, nothing where we hold none. */
function contentFields(
  { previous, report }: SyncMoment,
  steps: readonly EntryStep[],
): Fields<"keys" | "versionSummary"> {
  const { secret } = report;
  if (secret.kind === "removed") return {};
  const isUnchanged = secret.kind === "kept" || report.entries === undefined;
  const summary = isUnchanged ? previous.versionSummary : versionSummary(report, steps);
  const keys = "keys" in secret ? keyNames(secret.keys) : secret.kind === "kept" ? previous.keys : undefined;
  return { ...(keys === undefined ? {} : { keys }), ...(summary === undefined ? {} : { versionSummary: summary }) };
}

/** Undefined: the only entry failed, and nothing is known of what the Secret holds. */
function versionSummary({ remoteCount }: SyncReport, steps: readonly EntryStep[]): string | undefined {
  const [only, ...others] = steps.filter(({ entry }) => !entry.leftOut);
  if (remoteCount > 1 || only === undefined) return `${remoteCount} keys`;
  if (others.length > 0) return `${others.length + 1} versions`;
  return only.status.version ?? (only.entry.read.ok ? UNVERSIONED : undefined);
}

/** From the first success on there is one, so that fitting knows the size. */
function initialRefreshTime({ previous, report, time }: SyncMoment): Fields<"refreshTime"> {
  const refreshTime = previous.refreshTime ?? (isSuccess(report) ? time : undefined);
  return refreshTime === undefined ? {} : { refreshTime };
}

/** A success with news, or one so long after the last that people would wonder. */
function isRefreshDue({ previous, report }: SyncMoment, status: ExternalSecretStatus, nowMs: number): boolean {
  if (!isSuccess(report)) return false;
  const { heartbeatMs, entries } = report;
  const isHeartbeat =
    heartbeatMs !== undefined && entries !== undefined && nowMs - Date.parse(previous.refreshTime ?? "") > heartbeatMs;
  return isHeartbeat || !isDeepStrictEqual(status, previous);
}

function isSuccess({ ready }: SyncReport): boolean {
  return reasonPolicy[ready.reason].ready === "True";
}
