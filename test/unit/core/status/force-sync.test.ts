import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { forceSyncToken } from "../../../../src/core/status/force-sync.ts";

const long = "x".repeat(65);

test.each([
  { given: "no annotation", annotations: { other: "1" }, then: undefined },
  { given: "ours", annotations: { "fairlead.dev/force-sync": "1" }, then: "1" },
  { given: "the other one", annotations: { "force-sync": "2" }, then: "2" },
  { given: "both", annotations: { "force-sync": "2", "fairlead.dev/force-sync": "1" }, then: "1" },
  { given: "ours without a text", annotations: { "force-sync": "2", "fairlead.dev/force-sync": "" }, then: "" },
  { given: "64 characters", annotations: { "force-sync": "x".repeat(64) }, then: "x".repeat(64) },
  {
    given: "65 characters",
    annotations: { "force-sync": long },
    then: createHash("sha256").update(long).digest("hex"),
  },
])("forceSyncToken: $given", ({ annotations, then }) => {
  expect(forceSyncToken(annotations)).toBe(then);
});
