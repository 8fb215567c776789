// CreatedOnce leaves the Secret that it made alone, but for one thing: under a policy that does not own it, our owner
// reference must go, or garbage collection would take the Secret together with its ExternalSecret.

import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import { planDisowning } from "../../core/sync/plan-withdrawal.ts";
import { type Finding, type Found, type Visit, withoutReading } from "./finding.ts";
import { judgeRejection } from "./rejection.ts";
import { targetName } from "./settle-input.ts";
import { seen } from "./enacted.ts";
import type { TargetWriter, WriteRefusal } from "./target-writer.ts";

export function mustDisown({ record, sight }: Visit, { target }: ExternalSecretSpec): boolean {
  return target.creationPolicy !== "Owner" && sight.current?.controllerUid === record.meta.uid;
}

export interface KeptSecret {
  readonly visit: Visit;
  readonly spec: ExternalSecretSpec;
  /** What is found once the owner reference is gone. */
  readonly kept: Found;
}

export async function disown(writer: TargetWriter, secret: KeptSecret, signal: AbortSignal): Promise<Finding> {
  const { visit, spec, kept } = secret;
  const { meta } = visit.record;
  const name = targetName({ meta, spec });
  const live = await writer.read(name, signal);
  if (!live.ok) return refused(secret, live.error);
  const subject = { meta, target: spec.target, previousKeys: new Set<string>(), peers: [] };
  const body = live.value === undefined ? undefined : planDisowning(subject, live.value);
  // Gone, or let go already: the watch is about to show it.
  if (body === undefined) return kept;
  const answer = await writer.change(name, body, fieldManager(meta.name), signal);
  return answer.ok ? { ...kept, end: { ...kept.end, target: seen(answer.value) } } : refused(secret, answer.error);
}

function refused({ visit, spec }: KeptSecret, error: WriteRefusal): Finding {
  const rejection = judgeRejection(error, targetName({ meta: visit.record.meta, spec }));
  if (rejection.kind === "gone") return rejection;
  if (rejection.kind !== "rejected")
    return { kind: "later", retryAfterMs: rejection.kind === "later" ? rejection.retryAfterMs : 0, unsure: undefined };
  return withoutReading(visit, { reason: "TargetRejected", message: rejection.message, stalled: rejection.isStalled });
}
