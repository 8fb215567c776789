// Runs one scenario once, in a world of its own, and says what came of it. Nothing that happens in it ends the batch.

import type { NamedText } from "../testbed/leaks.ts";
import { derivedSeed } from "./seeded-random.ts";
import type { Scenario } from "./scenario.ts";
import { type Batch, startWorld } from "./start-world.ts";
import type { Violation } from "./oracle/violation.ts";
import { messageOf } from "./world/aftermath.ts";

export interface Outcome {
  /** Faults that really fired. */
  readonly fired: number;
  readonly violations: readonly Violation[];
  /** Figures that the scenario measured. */
  readonly notes: readonly string[];
  readonly seconds: number;
  /** The scenario threw: its servers may not be as it found them. */
  readonly threw: boolean;
  /** Logs and requests, where something is wrong. */
  readonly outputs: readonly NamedText[];
}

export interface ScenarioOptions {
  /** Of the whole run: with the row and the title it gives the scenario's own. */
  readonly seed: number;
  readonly timeScale: number;
}

export async function runScenario(batch: Batch, scenario: Scenario, options: ScenarioOptions): Promise<Outcome> {
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1000;
  try {
    const outcome = await runInWorld(batch, scenario, options);
    return { ...outcome, seconds: seconds() };
  } catch (error) {
    const what = `the harness could not run it: ${messageOf(error)}`;
    const violations: readonly Violation[] = [{ invariant: "row", object: scenario.title, what }];
    return { fired: 0, violations, notes: [], seconds: seconds(), threw: true, outputs: [] };
  }
}

async function runInWorld(
  batch: Batch,
  scenario: Scenario,
  { seed, timeScale }: ScenarioOptions,
): Promise<Omit<Outcome, "seconds">> {
  const running = await startWorld(batch, { seed: derivedSeed(seed, scenario.row, scenario.title), timeScale });
  const own: Violation[] = [];
  let firedByHand = 0;
  try {
    firedByHand = (await scenario.run(running.world)).fired;
  } catch (error) {
    own.push({ invariant: "row", object: scenario.title, what: messageOf(error) });
  }
  const threw = own.length > 0;
  const { violations: judged, outputs } = await running.finish(!threw);
  const violations = [...own, ...judged];
  return {
    fired: running.fired() + firedByHand,
    violations,
    notes: running.notes,
    threw,
    outputs: violations.length > 0 ? outputs : [],
  };
}
