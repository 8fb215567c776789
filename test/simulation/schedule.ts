// One schedule: a world from a seed, a handful of faults at chosen moments, then calm, in which all must come right and
// stay so.

import { DISTURBED_MS, editOnceMore } from "./aftermath.ts";
import { API_FAULT_MS, LAST_RETRY_MS } from "./calm.ts";
import { createDice } from "./chance.ts";
import { faults } from "./faults/catalogue.ts";
import { type FaultKind, faultKinds, peopleKinds } from "./faults/kinds.ts";
import { rotate } from "./faults/store-faults.ts";
import type { RequestFacts } from "./network/interference.ts";
import type { Violation } from "./oracles/violation.ts";
import type { Sabotage } from "./sabotage.ts";
import { StateTrace } from "./state-trace.ts";
import { drained } from "./virtual-time.ts";
import { World } from "./world.ts";

export interface ScheduleResult {
  readonly seed: number;
  readonly steps: number;
  readonly externalSecrets: number;
  /** Virtual time that it took. */
  readonly durationMs: number;
  readonly fired: ReadonlyMap<FaultKind, number>;
  /** All kinds together. */
  readonly faults: number;
  readonly violations: readonly Violation[];
}

export interface ScheduleOptions {
  /** Makes what breaks one life of a replica; none by default. */
  readonly sabotage?: () => Sabotage;
  /** Gathers the hashes of states. */
  readonly states: Set<number>;
  /** For a replay: told of everything that matters, and when. */
  readonly onNote?: (atMs: number, text: string) => void;
}

/** Virtual time in which faults begin. */
const CHAOS_MS = { least: 2_500, most: 6_000 };
/** How long nothing may be written once all is right. */
const QUIET_MS = 6_200;
/** Of the schedules have one more edit at their end. */
const AFTERMATH_SHARE = 0.3;
/** How often to see whether all is right. */
const LOOK_EVERY_MS = 500;
/** How long a fault waits for its moment. */
const PATIENCE_MS = 2_500;
/** Chaos in which so much has happened need not go on. */
const ENOUGH = { steps: 100, faults: 2 } as const;
/** What a schedule must be at least, unless a violation ends it. */
export const LEAST = { steps: 200, externalSecrets: 3, faults: 2 } as const;
/** Of these each that is asked for mostly happens at once. */
const CERTAIN_KINDS: readonly FaultKind[] = [
  "watchExpired",
  "clockJump",
  "storeRepointed",
  "storeOutage",
  "secretEdited",
  "externalSecretEdited",
];
/** A schedule that takes more steps is a hot loop. */
const MAX_STEPS = 30_000;

export async function runSchedule(seed: number, options: ScheduleOptions): Promise<ScheduleResult> {
  const { onNote } = options;
  const world: World = new World(
    seed,
    options.sabotage ?? (() => ({})),
    onNote && ((text) => onNote(world.time.nowMs, text)),
  );
  const trace = new StateTrace(world, options.states);
  let steps = 0;
  const runUntil = async (untilMs: number, isEnough = (): boolean => false): Promise<void> => {
    while (isGoingOn(world, steps) && !isEnough() && world.time.step(untilMs)) {
      await drained();
      steps += 1;
      trace.note();
    }
  };
  world.begin();
  await runUntil(planFaults(world), () => steps >= ENOUGH.steps && world.desk.firedTimes >= ENOUGH.faults);
  // Those that waited in vain for their moment do not count.
  while (world.desk.firedTimes < LEAST.faults && isGoingOn(world, steps)) {
    faults[world.dice.pick(CERTAIN_KINDS)](world);
    await runUntil(world.time.nowMs + world.dice.between(0, 1_000));
  }
  world.calmDown();
  await settle(world, { runUntil, steps: () => steps });
  if (steps >= MAX_STEPS) world.ledger.report("quiet", `no end after ${steps} steps`);
  world.end();
  await drained();
  const { people, desk, time, ledger } = world;
  return {
    seed,
    steps,
    externalSecrets: people.names,
    durationMs: time.nowMs,
    fired: desk.fired,
    faults: desk.firedTimes,
    violations: ledger.violations,
  };
}

interface Run {
  readonly runUntil: (untilMs: number) => Promise<void>;
  readonly steps: () => number;
}

/** Waits until all is right, and then whether it stays so. */
async function settle(world: World, { runUntil, steps }: Run): Promise<void> {
  const { calm, time, ledger } = world;
  const isRest = (): boolean => time.nowMs >= calm.overMs + LAST_RETRY_MS && ledger.isSettled;
  // It may be right sooner, and must be by then. Faults that had begun may go on for longer than was known.
  while (isGoingOn(world, steps()) && time.nowMs < calm.freshMs && !isRest()) {
    const nextMs = time.nowMs < calm.dueMs ? calm.dueMs : calm.freshMs;
    await runUntil(Math.min(nextMs, time.nowMs + LOOK_EVERY_MS));
    if (time.nowMs >= calm.dueMs) ledger.demandSettled(calm.why, false);
  }
  if (isGoingOn(world, steps())) {
    ledger.demandSettled(calm.why, true);
    if (world.dice.chance(AFTERMATH_SHARE)) await seeAfterwards(world, runUntil);
    ledger.demandQuiet();
    do await runUntil(time.nowMs + QUIET_MS);
    while (steps() < LEAST.steps && isGoingOn(world, steps()));
    ledger.demandSettled("a while of calm", true);
  }
}

async function seeAfterwards(world: World, runUntil: Run["runUntil"]): Promise<void> {
  const { time, ledger } = world;
  const dueMs = time.nowMs + API_FAULT_MS;
  editOnceMore(world);
  await runUntil(time.nowMs + DISTURBED_MS);
  while (time.nowMs < dueMs && !ledger.isSettled && ledger.violations.length === 0)
    await runUntil(time.nowMs + LOOK_EVERY_MS);
  ledger.demandSettled("one more edit", true);
}

function isGoingOn({ ledger }: World, steps: number): boolean {
  return ledger.violations.length === 0 && steps < MAX_STEPS;
}

/** People get in the way more often than any one machine fails. */
const drawn: readonly FaultKind[] = [...faultKinds, ...peopleKinds];

function isSecretCall({ plural, isList, isWatch }: RequestFacts): boolean {
  return plural === "secrets" && !isList && !isWatch;
}

function isSecretWrite(facts: RequestFacts): boolean {
  return isSecretCall(facts) && facts.method !== "GET";
}

/** Returns when the last one has begun. */
function planFaults(world: World): number {
  const dice = createDice(world.dice.below(2 ** 32));
  const chaosMs = dice.between(CHAOS_MS.least, CHAOS_MS.most);
  // A few kinds at a time, so that each meets itself and the same others again and again ("swarm testing", Groce et al.
  // 2012).
  const palette = Array.from({ length: 2 + dice.below(2) }, () => dice.pick(drawn));
  const count = 2 + dice.below(3);
  // All over the time, or all at once.
  const spreadMs = dice.pick([chaosMs, 1_500]);
  const firstMs = dice.between(0, chaosMs - spreadMs);
  for (let index = 0; index < count; index += 1) {
    const kind = dice.pick(palette);
    world.time.after(firstMs + dice.between(0, spreadMs), () => strike(world, kind));
  }
  const rotations = 1 + dice.below(2);
  for (let index = 0; index < rotations; index += 1) world.time.after(dice.between(0, chaosMs), () => rotate(world));
  return chaosMs;
}

/** At once, or in the middle of a reconcile, where it is least welcome. */
function strike(world: World, kind: FaultKind): void {
  const { dice, desk, time, people } = world;
  const fault = (name?: string): void => {
    if (world.isCalm) return;
    people.focus = name;
    faults[kind](world);
  };
  const soon = (name?: string): void => void time.after(dice.between(0, 10), () => fault(name));
  switch (dice.below(5)) {
    case 4:
      world.giveWork();
      // Mostly before it arrives.
      desk.atRequest(isSecretWrite, PATIENCE_MS, (facts) => time.after(dice.between(0, 3), () => fault(facts?.name)));
      return;
    case 0:
      desk.atRequest(isSecretCall, PATIENCE_MS, (facts) => soon(facts?.name));
      return;
    case 1:
      desk.atRequest(
        ({ isStatus }) => isStatus,
        PATIENCE_MS,
        (facts) => soon(facts?.name),
      );
      return;
    case 2:
      world.atReading(() => soon());
      return;
    default:
      fault();
  }
}
