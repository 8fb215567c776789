// Findings that no store is asked for: a spec that cannot work, a suspended one, and a Secret that is made only once. Pure.

import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import type { SpecError } from "../../core/spec/records.ts";
import { forceSyncToken } from "../../core/status/force-sync.ts";
import { type Found, type Visit, withoutReading } from "./finding.ts";
import type { SettleInput } from "./settle-input.ts";

export function invalidSpec(visit: Visit, error: SpecError): Found {
  const message = `${error.path}: ${error.message}`;
  return unserved(visit, withoutReading(visit, { reason: "InvalidSpec", message, stalled: true }));
}

export function suspended(visit: Visit): Found {
  const message = "spec.suspend is true: nothing is read or written until it is false";
  return unserved(visit, withoutReading(visit, { reason: "Suspended", message, stalled: false }));
}

/** A force-sync that comes now is served later. */
function unserved({ memory, status }: Visit, found: Found): Found {
  const forceSync = memory === undefined ? status?.lastHandledForceSync : memory.forceSync;
  return { ...found, report: { ...found.report, forceSync: undefined }, end: { ...found.end, forceSync } };
}

/** CreatedOnce without a force-sync: a new one, or one that status does not show as served. Undefined: each sync renders. */
export function onceState({ record, status, causes }: Visit, spec: ExternalSecretSpec): SettleInput["once"] {
  const forced = forceSyncToken(record.meta.annotations);
  const isForced = causes.has("forceSync") || (forced !== undefined && forced !== status?.lastHandledForceSync);
  if (spec.refreshPolicy !== "CreatedOnce" || isForced) return undefined;
  return status?.createdFor === record.meta.uid ? "made" : "making";
}

/** CreatedOnce: the Secret was made, and is left alone from then on. Undefined: it must be synced. */
export function keptOnce(visit: Visit, spec: ExternalSecretSpec): Found | undefined {
  const { creationPolicy } = spec.target;
  const target = visit.sight.current;
  const hasSecret = target !== undefined;
  if (onceState(visit, spec) !== "made" || creationPolicy === "None") return undefined;
  if (!hasSecret && creationPolicy !== "Orphan") return undefined;
  // A Secret that status does not name as ours may be somebody else's: its ownership must be judged.
  if (hasSecret && visit.binding !== spec.target.name) return undefined;
  const message = hasSecret
    ? "made once; later changes are left alone (refreshPolicy CreatedOnce)"
    : "made once; the deleted Secret stays away (refreshPolicy CreatedOnce, creationPolicy Orphan)";
  const found = withoutReading(visit, { reason: "SecretSynced", message, stalled: false });
  const report = { ...found.report, binding: hasSecret ? spec.target.name : undefined };
  return { ...found, report, end: { ...found.end, target } };
}
