// Carries out one decision against the Secret as it was just read: at most one write, or a refusal with its reason.

import type { Assembly } from "../../core/sync/assemble.ts";
import type { Decision, Verdict } from "../../core/sync/decide.ts";
import { desiredSecret } from "../../core/sync/desired-secret.ts";
import { fightPauseMs, recentHeals } from "../../core/sync/heals.ts";
import { foreignManagers, type LiveSecret } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { isExclusive, judgeOwnership, type Title } from "../../core/sync/ownership.ts";
import {
  planKeyRemoval,
  planRelease,
  planSecret,
  type PlanSubject,
  type SecretPlan,
} from "../../core/sync/plan-secret.ts";
import type { SecretReport, SyncFailure } from "../../core/sync/report.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { ApiError } from "../../kubernetes/api-error.ts";
import { judgeRejection } from "./rejection.ts";
import { claimantOf, type SettleInput, targetName } from "./settle-input.ts";
import type { TargetWriter, WrittenSecret } from "./target-writer.ts";

export interface EnactInput extends SettleInput {
  readonly live: LiveSecret | undefined;
  readonly decision: Decision;
  readonly assembly: Assembly;
}

export interface Enacted {
  readonly kind: "enacted";
  readonly failure: (Verdict & { readonly stalled: boolean }) | undefined;
  /** Replaces the decision's verdict where the Secret, not the store, decides (SecretMissing). */
  readonly verdict: Verdict | undefined;
  readonly secret: SecretReport;
  readonly target: WrittenSecret | undefined;
  readonly heals: readonly number[];
  readonly leftKeys: readonly string[];
  readonly awaitsTarget: boolean;
  readonly pauseMs: number;
}

type Outcome = Enacted | { readonly kind: "lookAgain" } | { readonly kind: "later"; readonly retryAfterMs: number };

export async function enact(writer: TargetWriter, input: EnactInput, signal: AbortSignal): Promise<Outcome> {
  const { decision } = input;
  if (input.spec.target.creationPolicy === "None") return release(writer, input, signal);
  switch (decision.kind) {
    case "keep":
      return keep(input);
    case "render":
      return render(writer, input, decision.rendering, signal);
    case "removeSecret":
      return removeSecret(writer, input, signal);
    case "removeKeys":
      return removeKeys(writer, input, signal);
  }
}

/** The Secret stays; a well verdict (SecretRetained) means that it is as wanted. */
function keep(input: EnactInput): Enacted {
  const isWell = input.decision.verdict.reason === "SecretRetained";
  return enacted(input, { secret: { kind: "kept" }, target: isWell ? seen(input.live) : undefined });
}

async function render(
  writer: TargetWriter,
  input: EnactInput,
  rendering: ReadonlyMap<string, SecretValue>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { meta, spec, live } = input;
  if (live === undefined && spec.target.creationPolicy === "Merge") return missing(input);
  const keys = [...rendering.keys()].sort();
  const title = judgeOwnership(claimantOf(input, keys), live, input.rivals);
  if (!title.ok) return refused(input, title.error);
  if (isMade(input, keys)) return enacted(input, { secret: { kind: "kept" }, target: seen(live) });
  const plan = planSecret(subjectOf(input), desiredSecret(meta, spec.target, rendering), live);
  if (!plan.ok)
    return isFrozenOnce(input, title.value)
      ? enacted(input, { secret: { kind: "kept" }, target: seen(live) })
      : refused(input, plan.error);
  if (plan.value.kind === "verified")
    return enacted(input, { secret: { kind: "verified", keys }, target: seen(live), leftKeys: plan.value.leftKeys });
  return write(writer, { ...input, plan: plan.value, keys }, signal);
}

/** CreatedOnce leaves a Secret that it made alone, also one that lost its label and so looked absent. */
function isMade({ once, live, spec }: EnactInput, keys: readonly string[]): boolean {
  if (once !== "made" || live === undefined) return false;
  return isExclusive(spec.target.creationPolicy) || keys.every((key) => live.data.has(key));
}

/** CreatedOnce keeps an immutable Secret of ours as it is, and is well with it. */
function isFrozenOnce({ once, live, spec }: EnactInput, title: Title): boolean {
  return once !== undefined && title === "own" && isExclusive(spec.target.creationPolicy) && live?.immutable === true;
}

interface WriteInput extends EnactInput {
  readonly plan: Exclude<SecretPlan, { kind: "verified" }>;
  readonly keys: readonly string[];
}

async function write(writer: TargetWriter, input: WriteInput, signal: AbortSignal): Promise<Outcome> {
  const { plan, keys, nowMs } = input;
  const heals = healsAfter(input);
  const pauseMs = fightPauseMs(recentHeals(input.memory?.heals ?? [], nowMs), nowMs);
  if (heals.length > 0 && isHeal(input) && pauseMs !== undefined)
    return { ...refused(input, fought(input)), awaitsTarget: false, pauseMs };
  const name = targetName(input);
  const manager = fieldManager(input.meta.name);
  if (plan.kind === "create") {
    const answer = await writer.create(name, plan.body, manager, signal);
    const secret: SecretReport = { kind: "written", created: true, keys, changedKeys: keys };
    return answer.ok ? enacted(input, { secret, target: answer.value, heals }) : rejected(input, answer.error);
  }
  const answer = await writer.change(name, plan.body, manager, signal);
  const secret: SecretReport = { kind: "written", created: false, keys, changedKeys: plan.changedKeys };
  return answer.ok
    ? enacted(input, { secret, target: answer.value, heals, leftKeys: plan.leftKeys })
    : rejected(input, answer.error, "change");
}

/** We put back what another writer changed: the remote side did not move, the Secret did. */
function isHeal({ causes, live }: EnactInput): boolean {
  return live !== undefined && causes.has("targetChanged") && !causes.has("specChanged") && !causes.has("forceSync");
}

function healsAfter(input: EnactInput): readonly number[] {
  const recent = recentHeals(input.memory?.heals ?? [], input.nowMs);
  return isHeal(input) ? [...recent, input.nowMs] : recent;
}

function fought(input: WriteInput): SyncFailure {
  const changed = input.plan.kind === "patch" ? input.plan.changedKeys : [];
  const manager =
    input.live === undefined ? undefined : foreignManagers(input.live, changed, fieldManager(input.meta.name))[0];
  return {
    reason: "TargetConflict",
    message: `another writer (field manager ${manager ?? "unknown"}) keeps changing Secret ${input.spec.target.name}; stop it, or choose another target name`,
  };
}

async function removeSecret(writer: TargetWriter, input: EnactInput, signal: AbortSignal): Promise<Outcome> {
  const { live } = input;
  const gone = enacted(input, { secret: { kind: "removed" } });
  if (live === undefined) return gone;
  const title = judgeOwnership(claimantOf(input, []), live, input.rivals);
  if (!title.ok) return refused(input, title.error);
  if (title.value === "adopt") return refused(input, notYetOurs(live));
  const { uid, resourceVersion } = live.meta;
  const answer = await writer.remove(targetName(input), { uid, resourceVersion }, signal);
  return answer.ok ? gone : rejected(input, answer.error, "change");
}

async function removeKeys(writer: TargetWriter, input: EnactInput, signal: AbortSignal): Promise<Outcome> {
  const { live } = input;
  const removal = live === undefined ? undefined : planKeyRemoval(subjectOf(input), live);
  if (live === undefined || removal === undefined)
    return enacted(input, { secret: { kind: "removed" }, target: seen(live) });
  const title = judgeOwnership(claimantOf(input, removal.keys), live, input.rivals);
  if (!title.ok) return refused(input, title.error);
  if (title.value === "adopt") return refused(input, notYetOurs(live));
  if (live.immutable) return refused(input, frozenKeys(live));
  const answer = await writer.change(targetName(input), removal.body, fieldManager(input.meta.name), signal);
  return answer.ok
    ? enacted(input, { secret: { kind: "removed" }, target: answer.value })
    : rejected(input, answer.error, "change");
}

/** creationPolicy None: versions are reported; a Secret that was ours loses our name and keeps its data. */
async function release(writer: TargetWriter, input: EnactInput, signal: AbortSignal): Promise<Outcome> {
  const isWell = input.decision.kind === "render";
  const verdict: Verdict | undefined = isWell
    ? {
        reason: "SecretSynced",
        message: "nothing is written (creationPolicy None); status shows the versions in the store",
      }
    : undefined;
  const done = enacted(input, { secret: { kind: isWell ? "notWritten" : "kept" }, verdict });
  const body = input.live === undefined ? undefined : planRelease(subjectOf(input), input.live);
  if (body === undefined) return done;
  const answer = await writer.change(targetName(input), body, fieldManager(input.meta.name), signal);
  return answer.ok ? done : rejected(input, answer.error, "change");
}

function missing(input: EnactInput): Enacted {
  const message = `Secret ${input.spec.target.name} does not exist yet; it is filled when somebody creates it (creationPolicy Merge)`;
  return enacted(input, {
    secret: { kind: "notWritten" },
    verdict: { reason: "SecretMissing", message },
    awaitsTarget: true,
  });
}

/** An adoption lets us write; it is no leave to delete what we never wrote. */
function notYetOurs({ meta }: LiveSecret): SyncFailure {
  return {
    reason: "TargetNotOwned",
    message: `Secret ${meta.name} was not taken over yet, and there is nothing to put into it`,
  };
}

function frozenKeys({ meta }: LiveSecret): SyncFailure {
  const message = `Secret ${meta.name} is immutable, so that keys which the store no longer has cannot be removed; delete it`;
  return { reason: "TargetImmutable", message };
}

function refused(input: EnactInput, failure: SyncFailure): Enacted {
  const stalled = failure.reason === "TargetImmutable";
  return enacted(input, { failure: { ...failure, stalled }, secret: { kind: "kept" }, awaitsTarget: true });
}

function rejected(input: EnactInput, error: ApiError, verb: "create" | "change" = "create"): Outcome {
  if (verb === "change" && error.kind === "notFound") return { kind: "lookAgain" };
  const rejection = judgeRejection(error, targetName(input));
  if (rejection.kind !== "rejected") return rejection;
  const failure = { reason: "TargetRejected", message: rejection.message, stalled: rejection.isStalled } as const;
  return enacted(input, { failure, secret: { kind: "kept" } });
}

function enacted(input: EnactInput, outcome: Partial<Enacted> & Pick<Enacted, "secret">): Enacted {
  return {
    kind: "enacted",
    failure: undefined,
    verdict: undefined,
    target: undefined,
    heals: recentHeals(input.memory?.heals ?? [], input.nowMs),
    leftKeys: [],
    awaitsTarget: false,
    pauseMs: 0,
    ...outcome,
  };
}

function subjectOf({ meta, spec, memory, rivals }: EnactInput): PlanSubject {
  const peers = rivals.map((rival) => rival.name);
  return { meta, target: spec.target, previousKeys: new Set(memory?.provenance.keys()), peers };
}

function seen(live: LiveSecret | undefined): WrittenSecret | undefined {
  return live === undefined ? undefined : { uid: live.meta.uid, resourceVersion: live.meta.resourceVersion };
}
