import { expect, test } from "vitest";
import { createDelayedAdds } from "../../../src/runtime/delayed-adds.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function delayed() {
  const clock = new FakeClock();
  const added: string[] = [];
  const adds = createDelayedAdds(clock, (key, yieldMs) => added.push(`${key} ${yieldMs} at ${clock.monotonicMs()}`));
  return { clock, added, adds };
}

test("keys are added when they are due, each with its own yield, by one timer", () => {
  const { clock, added, adds } = delayed();
  adds.schedule("late", 300, 3);
  adds.schedule("first", 100, 1);
  adds.schedule("second", 100, 2);
  expect(clock.pendingMs()).toEqual([100]);
  clock.advance(1_000);
  expect(added).toEqual(["first 1 at 100", "second 2 at 100", "late 3 at 300"]);
  expect(clock.pendingMs()).toEqual([]);
});

test.each([
  { first: 100, second: 200, then: ["a 1 at 100"] },
  { first: 200, second: 100, then: ["a 2 at 100"] },
])("of two delays of one key, $first and $second ms, the sooner counts", ({ first, second, then }) => {
  const { clock, added, adds } = delayed();
  adds.schedule("a", first, 1);
  adds.schedule("a", second, 2);
  clock.advance(1_000);
  expect(added).toEqual(then);
});

test("a cancelled key is not added, and holds no timer", () => {
  const { clock, added, adds } = delayed();
  adds.schedule("a", 100, 0);
  adds.schedule("b", 200, 0);
  adds.cancel("a");
  expect(clock.pendingMs()).toEqual([200]);
  adds.cancel("b");
  adds.cancel("unknown");
  expect(clock.pendingMs()).toEqual([]);
  clock.advance(1_000);
  expect(added).toEqual([]);
});

test("all can be cancelled at once", () => {
  const { clock, added, adds } = delayed();
  for (const key of ["a", "b"]) adds.schedule(key, 100, 0);
  adds.cancelAll();
  clock.advance(1_000);
  expect([added, clock.pendingMs()]).toEqual([[], []]);
});

test("a timer that fires early, as timers of the system may, adds nothing before its time", () => {
  const { clock, added, adds } = delayed();
  const early = { ...at(clock), setTimer: (delayMs: number, fire: () => void) => clock.setTimer(delayMs / 2, fire) };
  const adding = createDelayedAdds(early, (key) => added.push(`${key} at ${clock.monotonicMs()}`));
  adding.schedule("a", 64, 0);
  clock.advance(1_000);
  expect(added[0]).toMatch(/^a at 6[34]/);
  adds.cancelAll();
});

test("an add may come from within an add", () => {
  const clock = new FakeClock();
  const added: string[] = [];
  const adds = createDelayedAdds(clock, (key) => {
    added.push(`${key} at ${clock.monotonicMs()}`);
    if (added.length < 3) adds.schedule(key, 50, 0);
  });
  adds.schedule("a", 100, 0);
  clock.advance(1_000);
  expect(added).toEqual(["a at 100", "a at 150", "a at 200"]);
});

test("many changes of mind are cleared away, and those that count stay", () => {
  const { clock, added, adds } = delayed();
  adds.schedule("rests", 90_000, 0);
  for (let round = 0; round < 5_000; round += 1) {
    adds.schedule("busy", 80_000, 0);
    adds.cancel("busy");
  }
  adds.schedule("busy", 85_000, 7);
  clock.advance(100_000);
  expect(added).toEqual(["busy 7 at 85000", "rests 0 at 90000"]);
});

function at(clock: FakeClock) {
  return { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs() };
}
