import fc from "fast-check";
import { expect, test } from "vitest";
import { createWorkQueue, type Lane, MAX_YIELD_MS, type WorkQueue } from "../../../src/runtime/work-queue.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { settle } from "../../support/scripted-client.ts";
import { Model } from "./work-queue-model.ts";

interface Real {
  readonly queue: WorkQueue;
  readonly clock: FakeClock;
  readonly taken: (string | undefined)[];
}

/** One thing done to both; afterwards both must have given out the same keys in the same order, and have the same left. */
function step(
  name: string,
  toModel: (model: Model) => unknown,
  toReal: (real: Real) => unknown,
  check: (model: Readonly<Model>) => boolean = () => true,
) {
  return {
    check,
    async run(model: Model, real: Real) {
      expect(toReal(real)).toEqual(toModel(model));
      await settle();
      expect(real.taken.filter((key) => key !== undefined)).toEqual(model.taken);
      expect(real.queue.load()).toEqual(model.load());
      // One timer serves all delayed adds: that of the soonest.
      const delays = model.delayed.map(({ dueMs }) => dueMs - model.nowMs).sort((a, b) => a - b);
      expect(real.clock.pendingMs()).toEqual(delays.slice(0, 1));
    },
    toString: () => name,
  };
}

const key = fc.constantFrom("a", "b", "c", "d");
const lane = fc.constantFrom<Lane>("change", "refresh");
const durationMs = fc.oneof(fc.integer({ min: 0, max: 8_000 }), fc.integer({ min: 0, max: 2 * MAX_YIELD_MS }));

const often = [
  fc.tuple(key, lane).map(([k, l]) =>
    step(
      `add ${k} ${l}`,
      (m) => m.add(k, l),
      (r) => r.queue.add(k, l),
    ),
  ),
  fc.tuple(key, durationMs, lane).map(([k, ms, l]) =>
    step(
      `addAfter ${k} ${ms} ${l}`,
      (m) => m.addAfter(k, ms, l),
      (r) => r.queue.addAfter(k, ms, l),
    ),
  ),
  fc.tuple(key, fc.constantFrom(0, 500, 60_000), fc.constantFrom(1_000, 30_000)).map(([k, min, max]) =>
    step(
      `retry ${k} ${min} ${max}`,
      (m) => m.retry(k, min, max),
      (r) => r.queue.retry(k, { minDelayMs: min, maxDelayMs: max }),
    ),
  ),
  key.map((k) =>
    step(
      `resetFailures ${k}`,
      (m) => void m.failures.delete(k),
      (r) => r.queue.resetFailures(k),
    ),
  ),
  key.map((k) =>
    step(
      `forget ${k}`,
      (m) => m.forget(k),
      (r) => r.queue.forget(k),
    ),
  ),
  durationMs.map((ms) =>
    step(
      `advance ${ms}`,
      (m) => m.advance(ms),
      (r) => r.clock.advance(ms),
    ),
  ),
  fc.constant(
    step(
      "take",
      (m) => m.take(),
      (r) => void r.queue.take().then((taken) => r.taken.push(taken)),
    ),
  ),
  key.map((k) =>
    step(
      `done ${k}`,
      (m) => m.done(k),
      (r) => r.queue.done(k),
      (m) => m.isInWork(k),
    ),
  ),
];
const rare = [
  key.map((k) =>
    step(
      `abandon ${k}`,
      (m) => m.abandon(k),
      (r) => r.queue.abandon(k),
      (m) => m.isInWork(k),
    ),
  ),
  fc.constantFrom(1, 2, undefined).map((max) =>
    step(
      `limit ${max}`,
      (m) => m.limit(max),
      (r) => r.queue.limit(max),
    ),
  ),
];
const rareStop = fc.constant(
  step(
    "stop",
    (m) => m.stop(),
    (r) => r.queue.stop(),
  ),
);

test("the queue does what the model does, whatever is done to it", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.commands([...often, ...often, ...rare, ...rare, rareStop], { maxCommands: 80, size: "+1" }),
      (steps) =>
        fc.asyncModelRun(() => {
          const clock = new FakeClock();
          const queue = createWorkQueue({ clock, random: () => 0.5 });
          return { model: new Model(), real: { queue, clock, taken: [] } };
        }, steps),
    ),
    { numRuns: 300 },
  );
});

/** Changes that keep coming, each so long after the one before, while one worker takes so long for a key. */
const load = fc.record({
  betweenMs: fc.integer({ min: 100, max: 800 }),
  workMs: fc.integer({ min: 1, max: 800 }),
  intervalMs: fc.integer({ min: 1_000, max: 90_000 }),
});

test(
  "a refresh waits behind the changes of its yield time only, however many more come",
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(load, async ({ betweenMs, workMs, intervalMs }) => {
        const clock = new FakeClock();
        const queue = createWorkQueue({ clock, random: () => 0.5 });
        queue.addAfter("refresh", intervalMs, "refresh");
        const dueMs = intervalMs;
        const yieldMs = Math.min(intervalMs, MAX_YIELD_MS);
        let cameBefore = 0;
        const change = (): void => {
          cameBefore += clock.monotonicMs() <= dueMs + yieldMs ? 1 : 0;
          queue.add(`change ${clock.monotonicMs()}`);
          clock.setTimer(betweenMs, change);
        };
        change();
        let served = 0;
        for (let taken = await queue.take(); taken !== "refresh"; taken = await queue.take()) {
          served += 1;
          clock.advance(workMs);
          queue.done(taken ?? "");
          if (queue.load().waiting === 0) clock.advance(betweenMs);
        }
        expect(served).toBeLessThanOrEqual(cameBefore);
        expect(clock.monotonicMs()).toBeLessThanOrEqual(dueMs + yieldMs + (cameBefore + 1) * workMs + betweenMs);
      }),
      { numRuns: 30 },
    );
  },
);
