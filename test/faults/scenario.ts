// A scenario of the fault table: one number of design/faults.md, the faults that it causes, and what it watches. The
// runner gives it a world, and judges the invariants itself after each run.

import type { FaultWorld } from "./fault-world.ts";

export interface Scenario {
  /** Number in the table of faults. */
  readonly row: number;
  /** A sentence: what is injected. */
  readonly title: string;
  /** Part of the subset that `make test` runs. */
  readonly fast?: true;
  /** What of the row this does not cover, in one clause. */
  readonly partly?: string;
  /** Causes the faults and waits until the dust has settled. Throws where something specific to the row does not hold. */
  run(world: FaultWorld): Promise<ScenarioResult>;
}

export interface ScenarioResult {
  /** Faults that really fired beyond those that the proxies count: kills, stops, edits. */
  readonly fired: number;
}

/** A row that has no scenario yet, with the reason that the table shows. */
export interface OpenRow {
  readonly row: number;
  readonly title: string;
  readonly why: string;
}
