import { expect, test } from "vitest";
import { stuckReason } from "../../../src/runtime/stuck.ts";

const idle = { workers: 4, active: 0, abandoned: 0, waiting: 0, unfinishedMs: 0, longestMs: 0 };

test.each([
  { given: "nothing to do", work: idle },
  { given: "all workers busy and keys that wait", work: { ...idle, active: 4, waiting: 900, longestMs: 60_000 } },
  { given: "fewer busy than there are, as under a limit", work: { ...idle, active: 1, waiting: 900 } },
  { given: "some reconciles that do not end", work: { ...idle, abandoned: 3, longestMs: 1_800_000 } },
  { given: "keys that wait before it is started", work: { ...idle, workers: undefined, waiting: 9 } },
  {
    given: "as many reconciles that do not end as there are workers",
    work: { ...idle, abandoned: 4, longestMs: 70_000 },
    reason: "4 reconciles do not end",
  },
  {
    given: "a reconcile that runs for more than half an hour",
    work: { ...idle, abandoned: 1, longestMs: 1_800_001 },
    reason: "a reconcile has not ended for half an hour",
  },
  {
    given: "keys that wait although no worker is busy",
    work: { ...idle, waiting: 1 },
    reason: "keys wait and no worker takes them",
  },
])("$given: $reason", ({ work, reason }) => {
  expect(stuckReason(work)).toBe(reason);
});
