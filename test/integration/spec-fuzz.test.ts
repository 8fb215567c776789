// A few sequences of the spec fuzzing (`make test-fuzz`), spread over the kinds of steps: good specs, others that admission
// takes or refuses, and back.

import { expect, test } from "vitest";
import { runFuzz } from "../fuzz/fuzz.ts";
import { idleness, violationsOf } from "../fuzz/report.ts";
import { KINDS } from "../fuzz/spec-sequences.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";

const SEED = 1;
const SEQUENCES = 15;

test("specs by chance are refused, or served, or not served for a listed reason, and all are rolled back", async () => {
  const indexes = Array.from({ length: SEQUENCES }, (_, index) => Math.floor((index * KINDS) / SEQUENCES));
  const report = await runFuzz(rigForSuite(), { seed: SEED, indexes, parallel: 5, namespaces: 2 });
  expect(violationsOf(report)).toEqual([]);
  expect(idleness(report)).toEqual([]);
});
