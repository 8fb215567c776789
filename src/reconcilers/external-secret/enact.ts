// Carries out one decision against the Secret as it was just read: at most one write, or a refusal with its reason.

import type { Verdict } from "../../core/sync/decide.ts";
import { desiredSecret } from "../../core/sync/desired-secret.ts";
import type { LiveSecret } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { isExclusive, judgeOwnership, type Title } from "../../core/sync/ownership.ts";
import { planSecret } from "../../core/sync/plan-secret.ts";
import { planKeyRemoval, planRelease } from "../../core/sync/plan-withdrawal.ts";
import type { SyncFailure } from "../../core/sync/report.ts";
import { withUnsure } from "../../core/sync/unsure-write.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import { type Enacted, enacted, type EnactInput, type Outcome, refused, rejected, seen, subjectOf } from "./enacted.ts";
import { claimantOf, targetName } from "./settle-input.ts";
import type { TargetWriter } from "./target-writer.ts";
import { writeSecret } from "./write-secret.ts";

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
  const desired = desiredSecret(meta, spec.target, rendering);
  const plan = planSecret(subjectOf(input), desired, live);
  if (!plan.ok)
    return isFrozenOnce(input, title.value)
      ? enacted(input, { secret: { kind: "kept" }, target: seen(live) })
      : refused(input, plan.error);
  if (plan.value.kind !== "verified") return writeSecret(writer, { ...input, plan: plan.value, desired, keys }, signal);
  const secret = withUnsure({ kind: "verified", keys }, input.unsure, live);
  return enacted(input, { secret, target: seen(live), leftKeys: plan.value.leftKeys });
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

async function removeSecret(writer: TargetWriter, input: EnactInput, signal: AbortSignal): Promise<Outcome> {
  const { live } = input;
  const gone = enacted(input, { secret: { kind: "removed" } });
  if (live === undefined) return gone;
  const title = judgeOwnership(claimantOf(input, []), live, input.rivals);
  if (!title.ok) return refused(input, title.error);
  if (title.value === "adopt") return refused(input, notYetOurs(live));
  const { uid, resourceVersion } = live.meta;
  const answer = await writer.remove(targetName(input), { uid, resourceVersion }, signal);
  return answer.ok ? gone : rejected(input, answer.error, { verb: "change" });
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
    ? enacted(input, { secret: { kind: "removed" }, target: seen(answer.value) })
    : rejected(input, answer.error, { verb: "change" });
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
  return answer.ok ? done : rejected(input, answer.error, { verb: "change" });
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
