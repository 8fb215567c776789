// Makes the target what the reading says: decides, judges ownership, plans and writes, and looks again when the Secret
// was not what it seemed. Everything that decides is pure and elsewhere; this is the order of it.

import { absentEntries, type Assembly, assemble } from "../../core/sync/assemble.ts";
import { type Absences, confirmationSpacingMs, judgeAbsences } from "../../core/sync/confirmations.ts";
import { type Decision, decide, type Verdict } from "../../core/sync/decide.ts";
import { type LiveSecret, ownedBy } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { holdsOurs, isBound, isExclusive } from "../../core/sync/ownership.ts";
import type { SecretReport } from "../../core/sync/report.ts";
import { vanishedKeys } from "../../core/sync/vanished-keys.ts";
import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import { type Enacted, enact } from "./enact.ts";
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
  /** The API server did not decide: nothing is known to report. */
  | { readonly kind: "later"; readonly retryAfterMs: number };

/** Lost races before we leave it to the queue's backoff. */
const MAX_LOOKS = 4;

export async function settle(writer: TargetWriter, input: SettleInput, signal: AbortSignal): Promise<Settled> {
  const name = targetName(input);
  let mustLook = mayExist(input) || !canCreate(input.spec);
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const read = mustLook ? await writer.read(name, signal) : undefined;
    if (read !== undefined && !read.ok) return unreadable(judgeRejection(read.error, name), input);
    const outcome = await settleOnce(writer, { ...input, live: read?.value, hasLooked: mustLook }, signal);
    if (outcome.kind !== "lookAgain") return outcome;
    mustLook = true;
  }
  return { kind: "later", retryAfterMs: 0 };
}

/** A Secret that the label watch shows no more may only have lost its label. */
function mayExist({ sight, memory, causes }: SettleInput): boolean {
  return sight.current !== undefined || memory?.target !== undefined || causes.has("targetChanged");
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
): Promise<Settled | { readonly kind: "lookAgain" }> {
  const { decision, assembly, absences } = judge(input, input.live);
  // Only a create tells by itself that a Secret exists unseen; what is said of one that goes, or stays, needs a look.
  if (!input.hasLooked && decision.kind !== "render" && assembly.failures.length === 0) return { kind: "lookAgain" };
  // The change of the store wakes us too; nothing is awaited between this question and the write.
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

function settledFrom(enacted: Enacted, input: LookInput, { assembly, absences, decision }: Judgement): Settled {
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
  if (rejection.kind !== "rejected")
    return { kind: "later", retryAfterMs: rejection.kind === "later" ? rejection.retryAfterMs : 0 };
  const { assembly, absences } = judge(input, undefined);
  return {
    kind: "settled",
    verdict: { reason: "TargetRejected", message: rejection.message, stalled: rejection.isStalled },
    secret: { kind: "kept" },
    target: undefined,
    isBound: undefined,
    assembly,
    absences,
    heals: [],
    leftKeys: [],
    awaitsTarget: false,
    pauseMs: 0,
  };
}
