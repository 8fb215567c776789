// What came of carrying out a decision: done, refused with its reason, or to be looked at again. Pure.

import type { Assembly } from "../../core/sync/assemble.ts";
import type { Decision, Verdict } from "../../core/sync/decide.ts";
import { recentHeals } from "../../core/sync/heals.ts";
import type { LiveSecret } from "../../core/sync/live-secret.ts";
import type { UnsureWrite } from "../../core/sync/memory.ts";
import type { SecretReport, SyncFailure, WrittenReport } from "../../core/sync/report.ts";
import type { PlanSubject } from "../../core/sync/secret-body.ts";
import { joinedWrites } from "../../core/sync/unsure-write.ts";
import { isProvedAbsent } from "../../kubernetes/proved-absence.ts";
import { judgeRejection } from "./rejection.ts";
import { type SettleInput, targetName } from "./settle-input.ts";
import type { WriteRefusal, WrittenSecret } from "./target-writer.ts";

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

export interface LookAgain {
  readonly kind: "lookAgain";
  /**
   * - `unseen`: nobody looked yet, and this decision needs it.
   * - `raced`: the Secret is not what we saw, and refused the write.
   * - `altered`: the write was stored, but not as we sent it.
   * - `unanswered`: the write may have been done; the Secret shows it.
   */
  readonly why: "unseen" | "raced" | "altered" | "unanswered";
  /** Data keys that were to change. */
  readonly changedKeys: readonly string[];
  /** Of an unanswered write, what it did if it was done. */
  readonly unsure: UnsureWrite | undefined;
}

export type Outcome =
  | Enacted
  | LookAgain
  /** The ExternalSecret is no more. */
  | { readonly kind: "gone" }
  | { readonly kind: "later"; readonly retryAfterMs: number };

export function lookAgain(why: LookAgain["why"], changedKeys: readonly string[] = []): LookAgain {
  return { kind: "lookAgain", why, changedKeys, unsure: undefined };
}

export function refused(input: EnactInput, failure: SyncFailure): Enacted {
  const stalled = failure.reason === "TargetImmutable";
  return enacted(input, { failure: { ...failure, stalled }, secret: { kind: "kept" }, awaitsTarget: true });
}

export interface Attempt {
  readonly verb: "create" | "change";
  /** What it does to the content; undefined: nothing that status counts. */
  readonly secret?: WrittenReport;
}

export function rejected(input: EnactInput, refusal: WriteRefusal, { verb, secret }: Attempt): Outcome {
  if (refusal.kind !== "withheld" && refusal.ambiguous) return unanswered(input, secret);
  const isGone = verb === "change" && refusal.kind !== "withheld" && isProvedAbsent(refusal);
  const rejection = judgeRejection(refusal, targetName(input));
  if (isGone || rejection.kind === "lookAgain") return lookAgain("raced", secret?.changedKeys);
  if (rejection.kind !== "rejected") return rejection;
  const failure = { reason: "TargetRejected", message: rejection.message, stalled: rejection.isStalled } as const;
  return enacted(input, { failure, secret: { kind: "kept" } });
}

function unanswered(input: EnactInput, secret: WrittenReport | undefined): LookAgain {
  if (secret === undefined) return lookAgain("unanswered");
  return { ...lookAgain("unanswered", secret.changedKeys), unsure: unsureWrite(input, secret) };
}

/** An earlier one may be in doubt still: then the Secret is judged by what it was before that. */
function unsureWrite({ unsure, live }: EnactInput, secret: WrittenReport): UnsureWrite {
  if (unsure === undefined) return { secret, before: live?.meta.resourceVersion };
  return { secret: joinedWrites(unsure.secret, secret), before: unsure.before };
}

export function enacted(input: EnactInput, outcome: Partial<Enacted> & Pick<Enacted, "secret">): Enacted {
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

export function subjectOf({ meta, spec, memory, rivals }: SettleInput): PlanSubject {
  const peers = rivals.map((rival) => rival.name);
  return { meta, target: spec.target, previousKeys: new Set(memory?.provenance.keys()), peers };
}

export function seen(live: LiveSecret | undefined): WrittenSecret | undefined {
  return live === undefined ? undefined : { uid: live.meta.uid, resourceVersion: live.meta.resourceVersion };
}
