// What a visit finds, and what it does to the Secret on the way: the spec, the stores, the target, in this order.

import type { ExternalSecretSpec } from "../../core/spec/external-secret.ts";
import { disown, mustDisown } from "./disown.ts";
import { invalidSpec, keptOnce, onceState, suspended } from "./early-finding.ts";
import { concludeObservation, type Finding, type Visit } from "./finding.ts";
import { guardedWriter } from "./guarded-writer.ts";
import { observe, type Observation } from "./observe.ts";
import type { ExternalSecretReconcilerDeps } from "./reconciler-deps.ts";
import { targetName } from "./settle-input.ts";
import { settle } from "./settle.ts";
import { shortCut } from "./short-cut.ts";
import type { TargetWriter } from "./target-writer.ts";

type Read = Extract<Observation, { kind: "read" }>;

const LAGGING: Finding = { kind: "later", retryAfterMs: 0, unsure: undefined };

export async function look(deps: ExternalSecretReconcilerDeps, visit: Visit, signal: AbortSignal): Promise<Finding> {
  const { record } = visit;
  if (!record.spec.ok) return invalidSpec(visit, record.spec.error);
  const spec = record.spec.value;
  if (spec.suspend) return suspended(visit);
  const kept = keptOnce(visit, spec);
  if (kept !== undefined)
    return mustDisown(visit, spec) ? disown(writerFor(deps, visit), { visit, spec, kept }, signal) : kept;
  const sources = { key: visit.key, namespace: record.meta.namespace, sources: spec.sources };
  const observation = await observe(deps.directory, sources, signal);
  if (observation.kind === "pending") return { kind: "wait" };
  if (observation.kind === "lagging") return LAGGING;
  const early = shortCut(visit, spec, observation);
  if (early !== undefined && (early.kind === "quiet" || !(await isLost(deps, visit, spec, signal)))) return early;
  return settleTarget(deps, visit, { spec, observation }, signal);
}

async function settleTarget(
  deps: ExternalSecretReconcilerDeps,
  visit: Visit,
  { spec, observation }: { readonly spec: ExternalSecretSpec; readonly observation: Read },
  signal: AbortSignal,
): Promise<Finding> {
  const { record, memory, causes, sight, unsure, nowMs } = visit;
  const { isCurrent } = observation;
  const input = {
    ...{ meta: record.meta, spec, memory, causes, sight, unsure, nowMs, isCurrent },
    reads: observation.reads,
    rivals: deps.targets.rivals(record),
    once: onceState(visit, spec),
    showsNames: deps.showsPropertyNames,
  };
  const settled = await settle(writerFor(deps, visit, isCurrent), input, signal);
  return settled.kind === "settled" ? concludeObservation(visit, spec, { observation, settled }) : settled;
}

/**
 * A refresh that finds nothing new glances at the Secret itself, or a notification that never came would leave it away
 * for ever. No answer is no news.
 */
async function isLost(
  { writer }: ExternalSecretReconcilerDeps,
  { record, memory, causes }: Visit,
  spec: ExternalSecretSpec,
  signal: AbortSignal,
): Promise<boolean> {
  const known = memory?.target;
  if (known === undefined || !causes.has("due")) return false;
  const live = await writer.glance(targetName({ meta: record.meta, spec }), signal);
  return live.ok && live.value?.resourceVersion !== known.resourceVersion;
}

/** Writes for this visit, while the cache shows its ExternalSecret, and `isCurrent` holds. */
export function writerFor(
  { writer, liveLook, onWrote, record: cached }: ExternalSecretReconcilerDeps,
  { key, record, memory }: Visit,
  isCurrent: () => boolean = () => true,
): TargetWriter {
  const isShown = (): boolean => {
    const now = cached(key)?.meta;
    return now?.uid === record.meta.uid && now.deletionTimestamp === undefined;
  };
  return guardedWriter(writer, {
    look: (signal) => liveLook.standing(record.meta, signal),
    left: memory?.target,
    isCurrent: () => isShown() && isCurrent(),
    onWrote: (resourceVersion) => onWrote(key, "secrets", resourceVersion),
  });
}
