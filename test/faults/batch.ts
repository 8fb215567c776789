// Runs scenarios one after the other on one rig. One that did not get to its end may have left the servers paused, sealed
// or gone: the next gets a new rig.

import type { Rig } from "../testbed/rig.ts";
import type { ScenarioReport } from "./report.ts";
import { type Outcome, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { derivedSeed } from "./seeded-random.ts";
import { type Batch, prepareBatch } from "./start-world.ts";

export interface BatchOptions {
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  /** Of each scenario. */
  readonly runs: number;
  readonly timeScale: number;
  readonly startRig: () => Promise<Rig>;
  /** Told of each run when it is over; says whether there is any use in going on. */
  readonly onOutcome: (scenario: Scenario, outcome: Outcome, seed: number) => "goOn" | "stop";
}

export async function runBatch(options: BatchOptions): Promise<readonly ScenarioReport[]> {
  const { scenarios, runs, onOutcome } = options;
  const site = createSite(options.startRig);
  const reports = scenarios.map((scenario) => ({ scenario, outcomes: new Array<Outcome>() }));
  const seeds = Array.from({ length: runs }, (_, run) => (run === 0 ? options.seed : derivedSeed(options.seed, run)));
  const plan = reports.flatMap(({ scenario, outcomes: own }) => seeds.map((seed) => ({ scenario, own, seed })));
  try {
    for (const { scenario, own, seed } of plan) {
      const outcome = await runScenario(await site.batch(), scenario, { seed, timeScale: options.timeScale });
      own.push(outcome);
      if (onOutcome(scenario, outcome, seed) === "stop") break;
      if (outcome.threw) await site.end();
    }
  } finally {
    await site.end();
  }
  return reports;
}

interface Site {
  /** The one that is there, or a new one. */
  batch(): Promise<Batch>;
  end(): Promise<void>;
}

function createSite(startRig: () => Promise<Rig>): Site {
  let current: Batch | undefined;
  return {
    async batch() {
      current ??= await prepareBatch(await startRig());
      return current;
    },
    async end() {
      const ending = current;
      current = undefined;
      await ending?.rig.stop();
    },
  };
}
