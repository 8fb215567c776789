// Makes the target what the reading says: decides, judges ownership, plans and writes, and looks again when the Secret
// was not what it seemed. Everything that decides is pure and elsewhere; this is the order of it.

import { absentEntries, type Assembly, assemble } from "../../core/sync/assemble.ts";
import { type Absences, confirmationSpacingMs, judgeAbsences } from "../../core/sync/confirmations.ts";
import { type Decision, decide, type Verdict } from "../../core/sync/decide.ts";
import { recentHeals } from "../../core/sync/heals.ts";
import { type LiveSecret, ownedBy } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { holdsOurs, isBound, isExclusive } from "../../core/sync/ownership.ts";
import type { SecretReport } from "../../core/sync/report.ts";
import { vanishedKeys } from "../../core/sync/vanished-keys.ts";
import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import { failed, ok } from "../../core/result.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { UnsureWrite } from "../../core/sync/memory.ts";
import { contested } from "./contested.ts";
import { enact } from "./enact.ts";
import { type Enacted, type LookAgain, lookAgain, type Outcome } from "./enacted.ts";
import { judgeRejection } from "./rejection.ts";
import { claimantOf, type SettleInput, targetName } from "./settle-input.ts";
import type { TargetWriter, WrittenSecret } from "./target-writer.ts";

export type Settled =
  | {
      readonly kind: "settled";
      readonly verdict: Verdict & { readonly stalled: boolean };
      readonly secret: SecretReport;
      /** The Secret as it is now, while it is as wanted. */
      readonly target: WrittenSecret | undefined;
      /** The Secret is there and ours, as wanted or not. Undefined: nobody looked. */
      readonly isBound: boolean | undefined;
      readonly assembly: Assembly;
      readonly absences: Absences;
      readonly heals: readonly number[];
      /** Dropped keys that somebody else holds now: they stay. */
      readonly leftKeys: readonly string[];
      /** The target's own changes must wake us, because our label watch does not show it. */
      readonly awaitsTarget: boolean;
      /** At least so long before another try, milliseconds. */
      readonly pauseMs: number;
    }
  /** The ExternalSecret is no more. */
  | { readonly kind: "gone" }
  /** The API server did not decide: nothing is known to report. */
  | {
      readonly kind: "later";
      readonly retryAfterMs: number;
      /** A write of which nobody knows whether it was done. */
      readonly unsure: UnsureWrite | undefined;
    };

/** Writes of one visit that may be refused for what the Secret was, or become something else, before we say so. */
const MAX_WRITES = 3;

export function settle(writer: TargetWriter, input: SettleInput, signal: AbortSignal): Promise<Settled> {
  const mustLook = mayExist(input) || !canCreate(input.spec);
  return settleRound({ writer, input, mustLook, writesLeft: MAX_WRITES }, signal);
}

interface Round {
  readonly writer: TargetWriter;
  readonly input: SettleInput;
  readonly mustLook: boolean;
  readonly writesLeft: number;
}

async function settleRound(round: Round, signal: AbortSignal): Promise<Settled> {
  const { writer, input, mustLook } = round;
  const name = targetName(input);
  const read = mustLook ? await writer.read(name, signal) : ok(undefined);
  if (!read.ok) return unreadable(judgeRejection(read.error, name), input);
  const look = { ...input, live: read.value, hasLooked: mustLook };
  const outcome = await settleOnce(writer, look, signal);
  if (outcome.kind === "later") return { ...outcome, unsure: input.unsure };
  if (outcome.kind !== "lookAgain") return outcome;
  const next = nextRound(round, outcome);
  return next === undefined ? contestedOnce(look, outcome) : settleRound(next, signal);
}

/** Undefined: it was tried often enough. */
function nextRound({ writer, input, writesLeft }: Round, { why, unsure = input.unsure }: LookAgain): Round | undefined {
  const round = { writer, input: { ...input, unsure }, mustLook: true, writesLeft };
  switch (why) {
    case "unseen":
      return round;
    case "unanswered":
      // What it did is read back at once; another write waits for the backoff.
      return { ...round, writer: readingOnly(writer) };
    case "raced":
    case "altered":
      return writesLeft === 1 ? undefined : { ...round, writesLeft: writesLeft - 1 };
  }
}

function readingOnly(writer: TargetWriter): TargetWriter {
  const withheld = () => Promise.resolve(failed({ kind: "withheld", why: "unclear", retryAfterMs: 0 } as const));
  return { ...writer, create: withheld, change: withheld, remove: withheld };
}

/** A Secret that the label watch shows no more may only have lost its label. */
function mayExist({ sight, memory, causes, unsure }: SettleInput): boolean {
  const isKnown = sight.current !== undefined || memory?.target !== undefined || unsure !== undefined;
  return isKnown || causes.has("targetChanged");
}

/** A Secret that may exist unseen is met by the create itself: the API server refuses a second one. */
function canCreate({ target }: ExternalSecretSpec): boolean {
  return isExclusive(target.creationPolicy) || target.creationPolicy === "CreateOrMerge";
}

interface LookInput extends SettleInput {
  readonly live: LiveSecret | undefined;
  /** False: `live` is undefined because nobody looked. */
  readonly hasLooked: boolean;
}

async function settleOnce(
  writer: TargetWriter,
  input: LookInput,
  signal: AbortSignal,
): Promise<Exclude<Outcome, Enacted> | Extract<Settled, { kind: "settled" }>> {
  const { decision, assembly, absences } = judge(input, input.live);
  // Only a create tells by itself that a Secret exists unseen; what is said of one that goes, or stays, needs a look.
  if (!input.hasLooked && decision.kind !== "render" && assembly.failures.length === 0) return lookAgain("unseen");
  // The change of the store wakes us too. The writer asks once more, right before the write.
  if (decision.kind !== "keep" && !input.isCurrent()) return { kind: "later", retryAfterMs: 0 };
  const enacted = await enact(writer, { ...input, decision, assembly }, signal);
  if (enacted.kind !== "enacted") return enacted;
  return settledFrom(enacted, input, { assembly, absences, decision });
}

interface Judgement {
  readonly decision: Decision;
  readonly assembly: Assembly;
  readonly absences: Absences;
}

export function judge(input: SettleInput, live: LiveSecret | undefined): Judgement {
  const { spec, memory, reads, nowMs } = input;
  const absent = absentEntries(reads);
  const vanished = vanishedFrom(input, live);
  const absences = judgeAbsences(memory?.confirmations ?? new Map(), {
    absent: [...absent, ...[...vanished.keys()].map(vanishedId)],
    nowMs,
    spacingMs: confirmationSpacingMs(spec.refreshIntervalMs, live !== undefined || input.sight.current !== undefined),
    isForced: input.causes.has("forceSync"),
  });
  const mayLeaveOut = spec.target.deletionPolicy !== "Retain";
  const leaveOut = new Set(mayLeaveOut ? absent.filter((id) => absences.confirmed.has(id)) : []);
  const assembly = assemble(reads, leaveOut, input);
  const carried = new Map([...vanished].filter(([key]) => !absences.confirmed.has(vanishedId(key))));
  const hasSecret = live !== undefined && holdsOurs(input.meta, live);
  const decision = decide({ spec, assembly, carried, hasSecret });
  return { decision, assembly, absences };
}

function vanishedFrom(input: SettleInput, live: LiveSecret | undefined): ReadonlyMap<string, SecretValue> {
  // Entries that are absent may be left out of a rendering: what a find lost must be carried beside them all the same.
  if (live === undefined || input.reads.some(({ reading }) => !reading.ok && !reading.error.isAbsent)) return new Map();
  const { rendering } = assemble(input.reads, new Set(), input);
  const provenance = input.memory?.provenance ?? new Map<string, string>();
  const ownKeys = ownedBy(live, fieldManager(input.meta.name)).data.union(provenance);
  const vanished = vanishedKeys({ sources: input.spec.sources, rendering, live, ownKeys, provenance });
  // If every source is empty, the finds themselves wait for confirmation, and nothing is carried beside them.
  return rendering.size === 0 ? new Map() : vanished;
}

function vanishedId(key: string): string {
  return `key:${key}`;
}

function contestedOnce(input: LookInput, { why, changedKeys }: LookAgain): Settled {
  const judgement = judge(input, input.live);
  return settledFrom(contested({ ...input, ...judgement }, { why, changedKeys }), input, judgement);
}

function settledFrom(
  enacted: Enacted,
  input: LookInput,
  { assembly, absences, decision }: Judgement,
): Extract<Settled, { kind: "settled" }> {
  const { failure } = enacted;
  const verdict = failure ?? { ...(enacted.verdict ?? decision.verdict), stalled: false };
  return {
    kind: "settled",
    verdict,
    secret: enacted.secret,
    target: enacted.target,
    isBound: isBoundAfter(enacted, input),
    assembly,
    absences,
    heals: enacted.heals,
    leftKeys: enacted.leftKeys,
    awaitsTarget: enacted.awaitsTarget,
    pauseMs: enacted.pauseMs,
  };
}

function isBoundAfter({ secret, target }: Enacted, input: LookInput): boolean | undefined {
  if (input.spec.target.creationPolicy === "None" || secret.kind === "removed" || secret.kind === "notWritten")
    return false;
  if (target !== undefined) return true;
  return input.hasLooked ? isBound(claimantOf(input, []), input.live, input.rivals) : undefined;
}

function unreadable(rejection: ReturnType<typeof judgeRejection>, input: SettleInput): Settled {
  if (rejection.kind !== "rejected") {
    const retryAfterMs = rejection.kind === "later" ? rejection.retryAfterMs : 0;
    return { kind: "later", retryAfterMs, unsure: input.unsure };
  }
  const { assembly, absences } = judge(input, undefined);
  return {
    kind: "settled",
    verdict: { reason: "TargetRejected", message: rejection.message, stalled: rejection.isStalled },
    secret: { kind: "kept" },
    target: undefined,
    isBound: undefined,
    assembly,
    absences,
    heals: recentHeals(input.memory?.heals ?? [], input.nowMs),
    leftKeys: [],
    awaitsTarget: false,
    pauseMs: 0,
  };
}
