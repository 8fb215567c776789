// One schedule: a world from a seed, a handful of faults at chosen moments, then calm, in which all must come right and
// stay so.

import { createDice } from "./chance.ts";
import { faults } from "./faults/catalogue.ts";
import { type FaultKind, faultKinds } from "./faults/kinds.ts";
import { rotate } from "./faults/store-faults.ts";
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
const CHAOS_MS = { least: 5_000, most: 18_000 };
/** How long nothing may be written once all is right. */
const QUIET_MS = 9_500;
/** How long a fault waits for its moment. */
const PATIENCE_MS = 4_000;
const MIN_STEPS = 200;
/** A schedule that takes more steps is a hot loop. */
const MAX_STEPS = 30_000;

export async function runSchedule(seed: number, options: ScheduleOptions): Promise<ScheduleResult> {
  const { onNote } = options;
  const world: World = new World(seed, options.sabotage ?? (() => ({})), onNote && ((text) => onNote(world.time.nowMs, text)));
  const trace = new StateTrace(world, options.states);
  let steps = 0;
  const runUntil = async (untilMs: number): Promise<void> => {
    while (steps < MAX_STEPS && world.ledger.violations.length === 0 && world.time.step(untilMs)) {
      await drained();
      steps += 1;
      trace.note();
    }
  };
  world.begin();
  await runUntil(planFaults(world));
  world.calmDown();
  while (world.time.nowMs < world.calm.dueMs && isGoingOn(world, steps)) await runUntil(world.calm.dueMs);
  if (isGoingOn(world, steps)) {
    world.ledger.demandSettled(world.calm.why);
    world.ledger.demandQuiet();
    do await runUntil(world.time.nowMs + QUIET_MS);
    while (steps < MIN_STEPS && isGoingOn(world, steps));
    world.ledger.demandSettled("a while of calm");
  }
  if (steps >= MAX_STEPS) world.ledger.report("quiet", `no end after ${steps} steps`);
  const { people, desk, time, ledger } = world;
  return {
    seed,
    steps,
    externalSecrets: people.names,
    durationMs: time.nowMs,
    fired: desk.fired,
    violations: ledger.violations,
  };
}

function isGoingOn({ ledger }: World, steps: number): boolean {
  return ledger.violations.length === 0 && steps < MAX_STEPS;
}

/** Returns when the last one has begun. */
function planFaults(world: World): number {
  const dice = createDice(world.dice.below(2 ** 32));
  const chaosMs = dice.between(CHAOS_MS.least, CHAOS_MS.most);
  // A few kinds at a time, so that each meets itself and the same others again and again ("swarm testing", Groce et al.
  // 2012).
  const palette = Array.from({ length: 2 + dice.below(4) }, () => dice.pick(faultKinds));
  const count = 2 + dice.below(6);
  for (let index = 0; index < count; index += 1) {
    const kind = dice.pick(palette);
    world.time.after(dice.between(0, chaosMs), () => strike(world, kind));
  }
  const rotations = 1 + dice.below(3);
  for (let index = 0; index < rotations; index += 1) world.time.after(dice.between(0, chaosMs), () => rotate(world));
  return chaosMs;
}

/** At once, or in the middle of a reconcile, where it is least welcome. */
function strike(world: World, kind: FaultKind): void {
  const { dice, desk, time } = world;
  const fault = (): void => (world.isCalm ? undefined : faults[kind](world));
  const soon = (): void => void time.after(dice.between(0, 10), fault);
  switch (dice.below(4)) {
    case 0:
      desk.atRequest(({ plural }) => plural === "secrets", PATIENCE_MS, soon);
      return;
    case 1:
      desk.atRequest(({ isStatus }) => isStatus, PATIENCE_MS, soon);
      return;
    case 2:
      world.atReading(soon);
      return;
    default:
      fault();
  }
}
