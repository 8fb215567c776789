import fc from "fast-check";
import { expect, test } from "vitest";
import { REFRESH_LAG_MS } from "../../../src/runtime/lanes.ts";
import { createWorkQueue, type Lane, type WorkQueue } from "../../../src/runtime/work-queue.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { settle } from "../../support/scripted-client.ts";

/** The queue as plain lists: slow, obvious, and the judge of the real one. */
class Model {
  nowMs = 0;
  stopped = false;
  waiting: { key: string; lane: Lane; sinceMs: number }[] = [];
  delayed: { key: string; lane: Lane; dueMs: number; order: number }[] = [];
  dirty: { key: string; lane: Lane }[] = [];
  working: string[] = [];
  takers = 0;
  taken: string[] = [];
  #order = 0;

  add(key: string, lane: Lane): void {
    if (this.stopped) return;
    if (this.working.includes(key)) {
      const before = this.dirty.find((entry) => entry.key === key)?.lane;
      this.dirty = this.dirty.filter((entry) => entry.key !== key);
      this.dirty.push({ key, lane: before === "change" ? "change" : lane });
      return;
    }
    const present = this.waiting.find((entry) => entry.key === key);
    if (present === undefined) this.waiting.push({ key, lane, sinceMs: this.nowMs });
    else if (present.lane === "refresh" && lane === "change" && present.sinceMs + REFRESH_LAG_MS > this.nowMs) {
      this.waiting = this.waiting.filter((entry) => entry.key !== key);
      this.waiting.push({ key, lane, sinceMs: this.nowMs });
    }
    this.serve();
  }

  addAfter(key: string, delayMs: number): void {
    if (this.stopped) return;
    const dueMs = this.nowMs + delayMs;
    const present = this.delayed.find((entry) => entry.key === key);
    if (present !== undefined && present.dueMs <= dueMs) return;
    this.forget(key);
    this.delayed.push({ key, lane: "refresh", dueMs, order: this.#order++ });
  }

  forget(key: string): void {
    this.delayed = this.delayed.filter((entry) => entry.key !== key);
  }

  take(): void {
    if (this.stopped) return;
    this.takers += 1;
    this.serve();
  }

  done(key: string): void {
    this.working = this.working.filter((other) => other !== key);
    const again = this.dirty.find((entry) => entry.key === key);
    this.dirty = this.dirty.filter((entry) => entry.key !== key);
    if (again !== undefined) this.add(key, again.lane);
  }

  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      const due = this.delayed
        .filter((entry) => entry.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (due === undefined) break;
      this.nowMs = due.dueMs;
      this.delayed = this.delayed.filter((entry) => entry !== due);
      this.add(due.key, due.lane);
    }
    this.nowMs = untilMs;
  }

  stop(): void {
    this.stopped = true;
    this.waiting = [];
    this.delayed = [];
    this.dirty = [];
    this.takers = 0;
  }

  serve(): void {
    const turn = (entry: { lane: Lane; sinceMs: number }): number =>
      entry.sinceMs + (entry.lane === "refresh" ? REFRESH_LAG_MS : 0) + (entry.lane === "refresh" ? 0.5 : 0);
    while (this.takers > 0 && this.waiting.length > 0) {
      const next = [...this.waiting].sort((a, b) => turn(a) - turn(b))[0];
      if (next === undefined) return;
      this.waiting = this.waiting.filter((entry) => entry !== next);
      this.forget(next.key);
      this.working.push(next.key);
      this.taken.push(next.key);
      this.takers -= 1;
    }
  }
}

interface Real {
  readonly queue: WorkQueue;
  readonly clock: FakeClock;
  readonly taken: (string | undefined)[];
}

/** One thing done to both; afterwards both must have given out the same keys in the same order. */
function step(
  name: string,
  toModel: (model: Model) => void,
  toReal: (real: Real) => void,
  check: (model: Readonly<Model>) => boolean = () => true,
) {
  return {
    check,
    async run(model: Model, real: Real) {
      toModel(model);
      toReal(real);
      await settle();
      expect(real.taken.filter((key) => key !== undefined)).toEqual(model.taken);
    },
    toString: () => name,
  };
}

const key = fc.constantFrom("a", "b", "c", "d");
const lane = fc.constantFrom<Lane>("change", "refresh");
const durationMs = fc.integer({ min: 0, max: 8_000 });

const commands = [
  fc.tuple(key, lane).map(([k, l]) =>
    step(
      `add ${k} ${l}`,
      (m) => m.add(k, l),
      (r) => r.queue.add(k, l),
    ),
  ),
  fc.tuple(key, durationMs).map(([k, ms]) =>
    step(
      `addAfter ${k} ${ms}`,
      (m) => m.addAfter(k, ms),
      (r) => r.queue.addAfter(k, ms, "refresh"),
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
      (m) => m.working.includes(k),
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
    fc.asyncProperty(fc.commands([...commands, ...commands, ...commands, rareStop], { maxCommands: 60 }), (steps) =>
      fc.asyncModelRun(() => {
        const clock = new FakeClock();
        const queue = createWorkQueue({ clock, random: () => 0.5 });
        return { model: new Model(), real: { queue, clock, taken: [] } };
      }, steps),
    ),
    { numRuns: 200 },
  );
});
