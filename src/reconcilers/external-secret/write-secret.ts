// Sends the one write that makes the Secret as wanted, unless another writer keeps undoing it, and looks at what the
// API server made of it.

import type { DesiredSecret } from "../../core/sync/desired-secret.ts";
import { fightPauseMs, recentHeals } from "../../core/sync/heals.ts";
import { foreignWriter, type LiveSecret } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { holdsWanted, type SecretPlan } from "../../core/sync/plan-secret.ts";
import type { SyncFailure, WrittenReport } from "../../core/sync/report.ts";
import { withUnsure } from "../../core/sync/unsure-write.ts";
import type { Result } from "../../core/result.ts";
import { enacted, type EnactInput, lookAgain, type Outcome, refused, rejected, seen, subjectOf } from "./enacted.ts";
import { targetName } from "./settle-input.ts";
import type { TargetWriter, WriteRefusal } from "./target-writer.ts";

export interface WriteInput extends EnactInput {
  readonly plan: Exclude<SecretPlan, { kind: "verified" }>;
  readonly desired: DesiredSecret;
  /** Data keys that are ours after it. */
  readonly keys: readonly string[];
}

export async function writeSecret(writer: TargetWriter, input: WriteInput, signal: AbortSignal): Promise<Outcome> {
  const { plan, keys, live, nowMs } = input;
  const recent = recentHeals(input.memory?.heals ?? [], nowMs);
  const pauseMs = isHeal(input) ? fightPauseMs(recent, nowMs) : undefined;
  if (pauseMs !== undefined) return { ...refused(input, fought(input)), awaitsTarget: false, pauseMs };
  const secret = writtenBy(plan, keys);
  const answer = await send(writer, input, signal);
  if (!answer.ok) return rejected(input, answer.error, { verb: plan.kind === "create" ? "create" : "change", secret });
  if (!holdsWanted(subjectOf(input), input.desired, answer.value)) return lookAgain("altered", secret.changedKeys);
  return enacted(input, {
    secret: withUnsure(secret, input.unsure, live),
    target: seen(answer.value),
    heals: isHeal(input) ? [...recent, nowMs] : recent,
    leftKeys: plan.kind === "patch" ? plan.leftKeys : [],
  });
}

function send(
  writer: TargetWriter,
  { plan, ...input }: WriteInput,
  signal: AbortSignal,
): Promise<Result<LiveSecret, WriteRefusal>> {
  const [name, manager] = [targetName(input), fieldManager(input.meta.name)];
  return plan.kind === "create"
    ? writer.create(name, plan.body, manager, signal)
    : writer.change(name, plan.body, manager, signal);
}

function writtenBy(plan: WriteInput["plan"], keys: readonly string[]): WrittenReport {
  return plan.kind === "create"
    ? { kind: "written", created: true, keys, changedKeys: keys }
    : { kind: "written", created: false, keys, changedKeys: plan.changedKeys };
}

/** We put back what another writer changed: the remote side did not move, the Secret did. */
function isHeal({ causes, live }: EnactInput): boolean {
  return live !== undefined && causes.has("targetChanged") && !causes.has("specChanged") && !causes.has("forceSync");
}

function fought({ plan, live, meta, spec }: WriteInput): SyncFailure {
  const changed = plan.kind === "patch" ? plan.changedKeys : [];
  const manager = live === undefined ? undefined : foreignWriter(live, changed, fieldManager(meta.name));
  return {
    reason: "TargetConflict",
    message: `another writer (field manager ${manager ?? "unknown"}) keeps changing Secret ${spec.target.name}; stop it, or choose another target name`,
  };
}
