// The simulation can fail: each bug that is put in on purpose is found, and the same schedules without it show nothing.

import { describe, expect, test } from "vitest";
import type { Sabotage } from "./sabotage.ts";
import { runSchedule } from "./schedule.ts";
import { type SeededBug, seededBugs } from "./seeded-bugs.ts";

/** A schedule that finds the bug is at this seed, or comes soon after it. */
const firstSeeds: Readonly<Record<string, number>> = {
  "lost wake-up": 24,
  "two workers on a key": 1,
  "lost retry": 9,
  "backoff without end": 74,
  "410 taken for a lost connection": 5,
  "first page taken for the list": 4,
  "old event believed": 1,
  "relist that forgets deletions": 3,
  "write from a stale read": 5,
  "conflict overruled": 62,
  "lost answer taken for success": 9,
  "create over a foreign Secret": 2,
  "status before the Secret": 1,
  "keys left out of a write": 1,
  "error taken for absence": 2,
  "blank on a store error": 2,
  "write after the lease": 55,
  "lease without precondition": 55,
};
/** What each seed brings changes with whatever asks for chance, so that there must be room; `make test-simulation` runs far more. */
const MOST_SCHEDULES = 250;
const TIMEOUT_MS = 120_000;

/** Their worst, one line each. */
async function violationsOf(seed: number, sabotage: () => Sabotage): Promise<readonly string[]> {
  const { violations } = await runSchedule(seed, { states: new Set(), sabotage });
  return violations.map(({ invariant, detail }) => `seed ${seed}: ${invariant}: ${detail}`);
}

/** The seeds up to the one that finds it; undefined: none does. */
async function seedsToFind({ name, sabotage }: SeededBug): Promise<readonly number[] | undefined> {
  const seeds: number[] = [];
  for (let seed = firstSeeds[name] ?? 1; seeds.length < MOST_SCHEDULES; seed += 1) {
    seeds.push(seed);
    if ((await violationsOf(seed, sabotage)).length > 0) return seeds;
  }
  return undefined;
}

describe("simulation", () => {
  test("has a first seed for each of at least twelve bugs", () => {
    expect(seededBugs.length).toBeGreaterThanOrEqual(12);
    expect(Object.keys(firstSeeds).sort()).toEqual(seededBugs.map(({ name }) => name).sort());
  });

  test.each(seededBugs)(
    "finds the bug: $name",
    async (bug) => {
      const seeds = await seedsToFind(bug);
      expect(seeds).toBeDefined();
      for (const seed of seeds ?? []) expect(await violationsOf(seed, () => ({}))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
