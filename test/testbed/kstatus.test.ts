// Proves that the kstatus program judges as cli-utils documents it.
import { expect, test } from "vitest";
import { computeKstatus } from "./kstatus.ts";
import { rigForSuite } from "./rig-for-suite.ts";

function objectWith(status: object): object {
  return {
    apiVersion: "fairlead.test/v1",
    kind: "Thing",
    metadata: { name: "a", namespace: "b", generation: 2 },
    status,
  };
}

test.each([
  { given: "an old observedGeneration", status: { observedGeneration: 1 }, then: "InProgress" },
  {
    given: "Ready=True",
    status: { observedGeneration: 2, conditions: [{ type: "Ready", status: "True" }] },
    then: "Current",
  },
  {
    given: "Stalled=True",
    status: { observedGeneration: 2, conditions: [{ type: "Stalled", status: "True" }] },
    then: "Failed",
  },
])("kstatus: given $given, then $then", async ({ status, then }) => {
  const verdicts = await computeKstatus(rigForSuite().handle.binaries, [objectWith(status), objectWith({})]);
  expect(verdicts.map((verdict) => verdict.status)).toEqual([then, "Current"]);
});

test("kstatus refuses what is no object", async () => {
  await expect(computeKstatus(rigForSuite().handle.binaries, [["a list"]])).rejects.toThrow(/could not judge/);
});
