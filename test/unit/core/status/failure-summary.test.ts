import { expect, test } from "vitest";
import { summariseFailures, syncedMessage } from "../../../../src/core/status/failure-summary.ts";
import type { Reason } from "../../../../src/core/status/reasons.ts";
import { id } from "./builders.ts";

const failure = (key: string, reason: Reason) => ({
  entry: id({ key }),
  failure: { reason, message: `${key} has ${reason}` },
});
const a = failure("a", "AccessDenied");
const b = failure("b", "AccessDenied");
const c = failure("c", "PropertyNotFound");

test.each([
  { given: "nothing", failures: [], then: undefined },
  { given: "one failure", failures: [a], then: { reason: "AccessDenied", message: "a has AccessDenied" } },
  {
    given: "one reason twice",
    failures: [b, a],
    then: { reason: "AccessDenied", message: "a has AccessDenied (and 1 more)" },
  },
  {
    given: "several reasons",
    failures: [c, b, a],
    then: {
      reason: "SecretSyncedError",
      message: "3 entries failed: 2 AccessDenied, 1 PropertyNotFound; first: a has AccessDenied",
    },
  },
])("summariseFailures: $given", ({ failures, then }) => {
  expect(summariseFailures(failures)).toEqual(then);
});

test.each([
  [3, 2, "3 keys from 2 remote secrets"],
  [1, 1, "1 key from 1 remote secret"],
  [0, 0, "0 keys from 0 remote secrets"],
])("syncedMessage: %d and %d", (keys, remotes, then) => {
  expect(syncedMessage(keys, remotes)).toBe(then);
});
