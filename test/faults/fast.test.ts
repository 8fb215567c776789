// The part of the fault table that `make test` runs: each of its scenarios as a test, all on one rig of their own.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Rig, startRig } from "../testbed/rig.ts";
import { describeViolation } from "./oracle/violation.ts";
import { runScenario } from "./run-scenario.ts";
import { controlRun } from "./scenarios/control.ts";
import { openRows } from "./scenarios/open-rows.ts";
import { type Batch, prepareBatch } from "./start-world.ts";
import { allScenarios, forgottenRows } from "./table.ts";

/** Any will do: what fails with it is repeated with it. */
const SEED = 4;

let rig: Rig;
let batch: Batch;
beforeAll(async () => {
  rig = await startRig();
  batch = await prepareBatch(rig);
});
afterAll(() => rig.stop());

test("every row of the table has a scenario, or a reason why not", () => {
  expect(forgottenRows(allScenarios, openRows)).toEqual([]);
});

test.each([controlRun, ...allScenarios].filter(({ fast }) => fast === true))("row $row: $title", async (scenario) => {
  const outcome = await runScenario(batch, scenario, { seed: SEED, timeScale: 0.1 });
  expect(outcome.violations.map(describeViolation)).toEqual([]);
  if (scenario !== controlRun) expect(outcome.fired, "faults that fired").toBeGreaterThan(0);
});
