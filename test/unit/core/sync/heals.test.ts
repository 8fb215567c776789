import { expect, test } from "vitest";
import { contestPauseMs, fightPauseMs, recentHeals } from "../../../../src/core/sync/heals.ts";

const MINUTE_MS = 60_000;

test("a heal counts for ten minutes", () => {
  expect(recentHeals([0, 5 * MINUTE_MS], 10 * MINUTE_MS - 1)).toEqual([0, 5 * MINUTE_MS]);
  expect(recentHeals([0, 5 * MINUTE_MS], 10 * MINUTE_MS)).toEqual([5 * MINUTE_MS]);
});

test.each([
  { given: "no heal", heals: [], nowMs: 0, then: undefined },
  { given: "two heals", heals: [0, 1], nowMs: 2, then: undefined },
  { given: "three heals just now", heals: [0, 1, 2], nowMs: 3, then: 5 * MINUTE_MS },
  { given: "three heals, the oldest nine minutes ago", heals: [0, 1, 2], nowMs: 9 * MINUTE_MS, then: MINUTE_MS },
  { given: "three heals, one too old", heals: [0, 1, 2], nowMs: 10 * MINUTE_MS, then: undefined },
])("fightPauseMs: after $given the pause is $then ms", ({ heals, nowMs, then }) => {
  expect(fightPauseMs(heals, nowMs)).toBe(then);
});

test.each([
  { failures: 0, then: 10_000 },
  { failures: 1, then: 20_000 },
  { failures: 20, then: 5 * MINUTE_MS },
])("contestPauseMs: after $failures failures the pause is $then ms", ({ failures, then }) => {
  expect(contestPauseMs(failures)).toBe(then);
});
