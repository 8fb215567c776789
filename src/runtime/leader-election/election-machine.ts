// Who leads, decided through a Lease. Pure: it takes what happened and returns the next state and the effects; the
// elector performs them. A leader may write for RENEW_DEADLINE_MS after it sent its last successful renewal; others wait
// the whole duration of the Lease after they saw that renewal: the difference is what a request may take to commit.
// Reference: kubernetes/client-go tools/leaderelection/leaderelection.go.

import { compareResourceVersions } from "../../core/resource-version.ts";
import type {
  ElectionEffect,
  ElectionEnvironment,
  ElectionInput,
  ElectionState,
  ElectionStep,
  Following,
  Leading,
  LeaseSight,
} from "./election-state.ts";
import type { Lease, LeaseClaim } from "./lease.ts";

/** client-go's defaults, as that of the duration. */
export const RENEW_DEADLINE_MS = 10_000;
export const RETRY_PERIOD_MS = 2_000;
/** So that standbys do not try in step. */
const RETRY_JITTER = 0.2;

export const initialElectionState: ElectionState = { kind: "following", sight: undefined, request: undefined };

/** Inputs that do not fit the state change nothing. */
export function nextElectionStep(state: ElectionState, input: ElectionInput, env: ElectionEnvironment): ElectionStep {
  switch (state.kind) {
    case "following":
      return whileFollowing(state, input, env);
    case "leading":
      return whileLeading(state, input, env);
    case "ended":
      return { state, effects: [] };
  }
}

function whileFollowing(state: Following, input: ElectionInput, env: ElectionEnvironment): ElectionStep {
  switch (input.kind) {
    case "start":
    case "timer":
      return follow(state, env);
    case "sighted":
      return follow({ ...state, sight: sightOf(state.sight, input.lease, env) }, env);
    case "read":
      return follow({ ...state, request: undefined, sight: readSight(state.sight, input.lease, env) }, env);
    case "written":
      return lead(state.request, input.lease, env);
    case "writeFailed":
      return input.why === "conflict" ? read(state) : retryLater({ ...state, request: undefined }, env);
    case "readFailed":
      return retryLater({ ...state, request: undefined }, env);
    case "stop":
      return { state: { kind: "ended" }, effects: [] };
  }
}

/** Looks, takes the Lease, or waits until it may. */
function follow(state: Following, env: ElectionEnvironment): ElectionStep {
  if (state.request !== undefined) return { state, effects: [] };
  if (state.sight === undefined) return read(state);
  const waitMs = state.sight.freeAtMs - env.nowMs;
  if (waitMs > 0) return { state, effects: [{ kind: "setTimer", delayMs: waitMs }] };
  return write(state, claimOf(state.sight.lease, env), env);
}

function sightOf(before: LeaseSight | undefined, lease: Lease, env: ElectionEnvironment): LeaseSight {
  // A watch may lag behind a read of ours; it shows each state once, so an equal one is no renewal.
  const order =
    before?.lease === undefined ? 1 : compareResourceVersions(lease.resourceVersion, before.lease.resourceVersion);
  return before !== undefined && order <= 0 ? before : { lease, freeAtMs: freeAt(lease, env) };
}

function readSight(before: LeaseSight | undefined, lease: Lease | undefined, env: ElectionEnvironment): LeaseSight {
  // Deleted: its holder may write as long as it could have with the Lease there.
  if (lease === undefined) return { lease, freeAtMs: before?.freeAtMs ?? env.nowMs };
  const same = before?.lease?.resourceVersion === lease.resourceVersion;
  return same ? before : { lease, freeAtMs: freeAt(lease, env) };
}

function freeAt({ holder, durationMs }: Lease, { identity, nowMs }: ElectionEnvironment): number {
  return holder === "" || holder === identity ? nowMs : nowMs + durationMs;
}

function claimOf(over: Lease | undefined, { identity }: ElectionEnvironment): LeaseClaim {
  const isOurs = over?.holder === identity;
  return {
    holder: identity,
    over,
    acquireTime: isOurs ? over.acquireTime : undefined,
    transitions: over === undefined ? 0 : over.transitions + (isOurs ? 0 : 1),
  };
}

function lead(request: Following["request"], lease: Lease, env: ElectionEnvironment): ElectionStep {
  const sentMs = request?.kind === "write" ? request.sentMs : env.nowMs - RENEW_DEADLINE_MS;
  const renewAtMs = sentMs + RETRY_PERIOD_MS;
  const untilMs = sentMs + RENEW_DEADLINE_MS;
  return {
    state: { kind: "leading", lease, renewedMs: sentMs, renewAtMs, request: undefined, suspended: false },
    effects: [
      { kind: "lead", untilMs },
      { kind: "setTimer", delayMs: Math.max(0, renewAtMs - env.nowMs) },
    ],
  };
}

function whileLeading(state: Leading, input: ElectionInput, env: ElectionEnvironment): ElectionStep {
  switch (input.kind) {
    case "timer":
      return onLeadersTimer(state, env);
    case "written":
      return lead(state.request, input.lease, env);
    case "writeFailed":
      return input.why === "conflict" ? read(state) : retryLater({ ...state, request: undefined }, env);
    case "readFailed":
      return retryLater({ ...state, request: undefined }, env);
    case "read":
      return afterLeadersRead({ ...state, request: undefined }, input.lease, env);
    case "stop":
      return release(state, env);
    case "start":
    case "sighted":
      return { state, effects: [] };
  }
}

function onLeadersTimer(state: Leading, env: ElectionEnvironment): ElectionStep {
  const overdue = !state.suspended && env.nowMs >= state.renewedMs + RENEW_DEADLINE_MS;
  const suspended = state.suspended || overdue;
  const effects: readonly ElectionEffect[] = overdue ? [{ kind: "suspend" }] : [];
  if (state.request !== undefined || env.nowMs < state.renewAtMs)
    return { state: { ...state, suspended }, effects: [...effects, leadersTimer({ ...state, suspended }, env)] };
  const step = write({ ...state, suspended }, claimOf(state.lease, env), env);
  return { state: step.state, effects: [...effects, ...step.effects] };
}

/** The Lease was changed, or is gone: whose is it now? */
function afterLeadersRead(state: Leading, lease: Lease | undefined, env: ElectionEnvironment): ElectionStep {
  if (lease !== undefined && lease.holder !== "" && lease.holder !== env.identity)
    return { state: { kind: "ended" }, effects: [{ kind: "lost", holder: lease.holder }] };
  return write({ ...state, lease }, claimOf(lease, env), env);
}

function release(state: Leading, env: ElectionEnvironment): ElectionStep {
  const claim = { ...claimOf(state.lease, env), holder: "" };
  return { state: { kind: "ended" }, effects: state.lease === undefined ? [] : [{ kind: "release", claim }] };
}

function read(state: Following | Leading): ElectionStep {
  return { state: { ...state, request: { kind: "read" } }, effects: [{ kind: "readLease" }] };
}

function write(state: Following | Leading, claim: LeaseClaim, env: ElectionEnvironment): ElectionStep {
  const next = { ...state, request: { kind: "write", sentMs: env.nowMs } } as const;
  const timer: readonly ElectionEffect[] = next.kind === "leading" ? [leadersTimer(next, env)] : [];
  return { state: next, effects: [{ kind: "writeLease", claim }, ...timer] };
}

function retryLater(state: Following | Leading, env: ElectionEnvironment): ElectionStep {
  const delayMs = RETRY_PERIOD_MS * (1 + RETRY_JITTER * env.random());
  if (state.kind === "following") return { state, effects: [{ kind: "setTimer", delayMs }] };
  // The leader has less time to lose than a standby.
  const next = { ...state, renewAtMs: env.nowMs + delayMs / 2 };
  return { state: next, effects: [leadersTimer(next, env)] };
}

/** The next renewal, or the end of our time. */
function leadersTimer(state: Leading, { nowMs }: ElectionEnvironment): ElectionEffect {
  const endMs = state.renewedMs + RENEW_DEADLINE_MS;
  const renewMs = state.request === undefined ? state.renewAtMs : Number.POSITIVE_INFINITY;
  const atMs = state.suspended ? renewMs : Math.min(endMs, renewMs);
  // Suspended with a request under way: its end brings us on, and the timer only looks again.
  return { kind: "setTimer", delayMs: Number.isFinite(atMs) ? Math.max(0, atMs - nowMs) : RETRY_PERIOD_MS };
}
