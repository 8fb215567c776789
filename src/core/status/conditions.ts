// Ready, Reconciling and Stalled: the three conditions that kubectl, kstatus and GitOps tools read, for every kind.
// Ready=False always says whether a retry goes on (Reconciling) or somebody must act first (Stalled).

import type { Condition } from "./external-secret-status.ts";
import { MESSAGE_MAX } from "./limits.ts";

export interface Verdict {
  readonly isReady: boolean;
  readonly reason: string;
  readonly message: string;
  /** Only looked at when not ready: no retry can help until something else changes. */
  readonly stalled: boolean;
}

/** What conditions are judged against: the ones before, and the generation and time of this look. */
export interface ConditionsMoment {
  readonly previous: readonly Condition[];
  readonly generation: number;
  /** RFC 3339. */
  readonly time: string;
}

export function verdictConditions(verdict: Verdict, moment: ConditionsMoment): readonly Condition[] {
  const { isReady, reason, message, stalled } = verdict;
  return [
    condition("Ready", { status: truth(isReady), reason, message }, moment),
    because("Reconciling", !isReady && !stalled, verdict, moment),
    because("Stalled", !isReady && stalled, verdict, moment),
  ];
}

/** Nothing is looked at, so Ready keeps what it said, and for which generation it said so. */
export function suspendedConditions(message: string, moment: ConditionsMoment): readonly Condition[] {
  const reason = "Suspended";
  return [
    findCondition(moment.previous, "Ready") ?? condition("Ready", { status: "Unknown", reason, message }, moment),
    condition("Reconciling", { status: "False", reason, message }, moment),
    condition("Stalled", { status: "False", reason, message: "" }, moment),
  ];
}

export function findCondition(conditions: readonly Condition[], type: Condition["type"]): Condition | undefined {
  return conditions.find((candidate) => candidate.type === type);
}

/** At most MESSAGE_MAX long. */
export function clippedMessage(message: string): string {
  return message.length <= MESSAGE_MAX ? message : `${message.slice(0, MESSAGE_MAX - 1).toWellFormed()}…`;
}

/** Reconciling or Stalled: the reason is Ready's; the message is there only while the condition holds. */
function because(
  type: "Reconciling" | "Stalled",
  holds: boolean,
  { reason, message }: Verdict,
  moment: ConditionsMoment,
): Condition {
  return condition(type, { status: truth(holds), reason, message: holds ? message : "" }, moment);
}

function condition(
  type: Condition["type"],
  statement: Pick<Condition, "status" | "reason" | "message">,
  { previous, generation, time }: ConditionsMoment,
): Condition {
  const before = findCondition(previous, type);
  return {
    type,
    status: statement.status,
    reason: statement.reason,
    message: clippedMessage(statement.message),
    observedGeneration: generation,
    lastTransitionTime: before?.status === statement.status ? before.lastTransitionTime : time,
  };
}

function truth(holds: boolean): "True" | "False" {
  return holds ? "True" : "False";
}
