// Decides when only a restart helps: a symptom counts when it has been there at every look for a minute, so that a
// process that was stopped (SIGSTOP, a suspended machine) or starved of CPU looks again before it is judged.

import type { CancelTimer, Clock } from "../core/clock.ts";

/** Undefined: all is well. Else the reason, one clause without a full stop. */
type Symptom = () => string | undefined;

export interface LivenessState {
  /** How many looks in a row came late. */
  readonly lateLooks: number;
  /** By symptom: at how many looks in a row it was there, and what it said last. */
  readonly held: ReadonlyMap<string, { readonly looks: number; readonly reason: string }>;
}

export interface Look {
  /** How much later than planned, milliseconds. */
  readonly lateMs: number;
  /** The symptoms that are there, with their reasons. */
  readonly seen: ReadonlyMap<string, string>;
}

const LOOK_EVERY_MS = 5_000;
/** A minute: longer than a lost connection takes to be found and opened again (16 s), and than a garbage collection. */
const LOOKS_TO_FAIL = 12;

export const initialLiveness: LivenessState = { lateLooks: 0, held: new Map() };

/** A late look says that the process stood still: what it shows is from before, and all symptoms count from zero. */
export function nextLiveness(state: LivenessState, { lateMs, seen }: Look): LivenessState {
  if (lateMs >= LOOK_EVERY_MS) return { lateLooks: state.lateLooks + 1, held: new Map() };
  const held = [...seen].map(([name, reason]) => {
    const looks = (state.held.get(name)?.looks ?? 0) + 1;
    return [name, { looks, reason }] as const;
  });
  return { lateLooks: 0, held: new Map(held) };
}

/** Name of the check that fails when looks come late again and again: the event loop is blocked for seconds at a time. */
export const EVENT_LOOP = "event loop";

/** Why the check of that name fails, undefined if it does not. */
export function livenessFailure(state: LivenessState, name: string): string | undefined {
  if (name === EVENT_LOOP) return state.lateLooks >= LOOKS_TO_FAIL ? "it is blocked for seconds at a time" : undefined;
  const held = state.held.get(name);
  return held !== undefined && held.looks >= LOOKS_TO_FAIL ? held.reason : undefined;
}

export interface Liveness {
  /** Names of all checks. */
  readonly names: readonly string[];
  failure(name: string): string | undefined;
  start(): void;
  stop(): void;
}

export interface LivenessOptions {
  readonly clock: Clock;
  /** Cheap: looked at every few seconds. */
  readonly symptoms: Readonly<Record<string, Symptom>>;
}

export function createLiveness({ clock, symptoms }: LivenessOptions): Liveness {
  let state = initialLiveness;
  let cancel: CancelTimer = () => undefined;
  const schedule = (): void => {
    const plannedMs = clock.monotonicMs() + LOOK_EVERY_MS;
    cancel = clock.setTimer(LOOK_EVERY_MS, () => {
      state = nextLiveness(state, { lateMs: clock.monotonicMs() - plannedMs, seen: seenNow(symptoms) });
      schedule();
    });
  };
  return {
    names: [EVENT_LOOP, ...Object.keys(symptoms)],
    failure: (name) => livenessFailure(state, name),
    start: schedule,
    stop: () => cancel(),
  };
}

function seenNow(symptoms: LivenessOptions["symptoms"]): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const [name, symptom] of Object.entries(symptoms)) {
    const reason = symptom();
    if (reason !== undefined) seen.set(name, reason);
  }
  return seen;
}
