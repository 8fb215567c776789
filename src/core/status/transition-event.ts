// The Event of a status change: one for each new outcome, in the words of the Ready condition, none for anything else.

import { findCondition } from "./conditions.ts";
import type { Condition } from "./external-secret-status.ts";

export interface TransitionEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

interface Conditioned {
  readonly conditions: readonly Condition[];
}

/** Undefined unless Ready's status or reason moved; the first outcome counts as a move. */
export function transitionEvent(previous: Conditioned | undefined, next: Conditioned): TransitionEvent | undefined {
  const before = findCondition(previous?.conditions ?? [], "Ready");
  const now = findCondition(next.conditions, "Ready");
  if (now === undefined || (before?.status === now.status && before.reason === now.reason)) return undefined;
  return { type: now.status === "False" ? "Warning" : "Normal", reason: now.reason, message: now.message };
}
