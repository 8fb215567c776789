import { describe, expect, test } from "vitest";
import { createController, type Reconcile, type ReconcileResult } from "../../../src/runtime/controller.ts";
import { createWorkQueue } from "../../../src/runtime/work-queue.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { settle } from "../../support/scripted-client.ts";

const AWAIT: ReconcileResult = { kind: "awaitChange" };

function controllerOf(reconcile: Reconcile, workers = 1) {
  const clock = new FakeClock();
  const queue = createWorkQueue({ clock, random: () => 0.5 });
  const { log, lines } = recordingLogger();
  const outcomes: string[] = [];
  const controller = createController({
    name: "test",
    queue,
    reconcile,
    workers,
    deadlineMs: 60_000,
    clock,
    log,
    onReconciled: (outcome, durationMs) => outcomes.push(`${outcome} ${durationMs}`),
  });
  controller.start();
  return { controller, queue, clock, lines, outcomes };
}

/** A reconcile that tells of each run and waits for the test to end it. */
function byHand() {
  const runs: { key: string; signal: AbortSignal; end: (result: ReconcileResult) => Promise<void> }[] = [];
  const reconcile: Reconcile = (key, signal) => {
    const { promise, resolve } = Promise.withResolvers<ReconcileResult>();
    runs.push({ key, signal, end: (result) => (resolve(result), settle()) });
    return promise;
  };
  return { runs, reconcile };
}

describe("createController", () => {
  test("works on as many keys at once as it has workers, and never twice on one", async () => {
    const { runs, reconcile } = byHand();
    const { queue } = controllerOf(reconcile, 2);
    for (const key of ["a", "b", "c"]) queue.add(key);
    await settle();
    queue.add("a");
    await settle();
    expect(runs.map((run) => run.key)).toEqual(["a", "b"]);
    await runs[1]?.end(AWAIT);
    await runs[0]?.end(AWAIT);
    expect(runs.map((run) => run.key)).toEqual(["a", "b", "c", "a"]);
  });

  test.each<{ result: ReconcileResult; failuresBefore: number; pendingMs: number[] }>([
    { result: AWAIT, failuresBefore: 0, pendingMs: [] },
    { result: { kind: "requeueAfter", delayMs: 7_000 }, failuresBefore: 0, pendingMs: [7_000] },
    { result: { kind: "retry", minDelayMs: 0, maxDelayMs: 30_000 }, failuresBefore: 0, pendingMs: [750] },
    { result: { kind: "retry", minDelayMs: 0, maxDelayMs: 30_000 }, failuresBefore: 2, pendingMs: [3_000] },
    { result: { kind: "retry", minDelayMs: 9_000, maxDelayMs: 30_000 }, failuresBefore: 0, pendingMs: [9_000] },
  ])(
    "after $failuresBefore failures and then $result: next run in $pendingMs ms",
    async ({ result, failuresBefore, pendingMs }) => {
      const failures = Array.from({ length: failuresBefore }, (): ReconcileResult => ({
        kind: "retry",
        minDelayMs: 0,
        maxDelayMs: 1_000,
      }));
      const results = [...failures, result];
      const { queue, clock } = controllerOf(() => Promise.resolve(results.shift() ?? AWAIT));
      queue.add("a");
      await settle();
      for (let i = 0; i < failuresBefore; i += 1) {
        clock.advance(1_000);
        await settle();
      }
      expect(clock.pendingMs()).toEqual(pendingMs);
    },
  );

  test("a success ends the backoff", async () => {
    const retry: ReconcileResult = { kind: "retry", minDelayMs: 0, maxDelayMs: 30_000 };
    const results = [retry, retry, { kind: "requeueAfter", delayMs: 1 } as const, retry];
    const { queue, clock } = controllerOf(() => Promise.resolve(results.shift() ?? AWAIT));
    queue.add("a");
    await settle();
    for (const delayMs of [750, 1_500, 1]) {
      expect(clock.pendingMs()).toEqual([delayMs]);
      clock.advance(delayMs);
      await settle();
    }
    expect(clock.pendingMs()).toEqual([750]);
  });

  test.each([
    { given: "rejects", reconcile: () => Promise.reject(new Error("canary-5b")) },
    {
      given: "throws at once",
      reconcile: () => {
        throw new Error("canary-5b");
      },
    },
  ])(
    "a reconcile that $given is counted, logged with its key and retried, and the worker lives",
    async ({ reconcile }) => {
      const { queue, clock, lines, outcomes } = controllerOf(reconcile);
      queue.add("ns/a");
      queue.add("ns/b");
      await settle();
      expect(outcomes).toEqual(["threw 0", "threw 0"]);
      expect(lines).toMatchObject([
        { level: "failure", fields: { controller: "test", key: "ns/a" } },
        { level: "failure", fields: { controller: "test", key: "ns/b" } },
      ]);
      expect(clock.pendingMs()).toEqual([750, 750]);
    },
  );

  test("the signal of a reconcile fires at its deadline", async () => {
    const { runs, reconcile } = byHand();
    const { queue, clock, outcomes } = controllerOf(reconcile);
    queue.add("a");
    await settle();
    clock.advance(59_999);
    expect(runs[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    expect(runs[0]?.signal.aborted).toBe(true);
    await runs[0]?.end(AWAIT);
    expect([outcomes, clock.pendingMs()]).toEqual([["awaitChange 60000"], []]);
  });

  test("stop waits for what is in work, starts nothing more, and leaves no timer", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue, clock } = controllerOf(reconcile);
    queue.add("a");
    queue.add("b");
    await settle();
    let stopped = false;
    const stop = controller.stop(new AbortController().signal).then(() => (stopped = true));
    await settle();
    expect([stopped, runs[0]?.signal.aborted]).toEqual([false, false]);
    await runs[0]?.end({ kind: "requeueAfter", delayMs: 5 });
    await stop;
    expect([runs.length, clock.pendingMs()]).toEqual([1, []]);
  });

  test("stop aborts what is in work when its own signal fires", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue } = controllerOf(reconcile);
    queue.add("a");
    await settle();
    const end = new AbortController();
    const stop = controller.stop(end.signal);
    end.abort();
    expect(runs[0]?.signal.aborted).toBe(true);
    await runs[0]?.end(AWAIT);
    await stop;
  });

  test("stops at once when nothing is in work", async () => {
    await controllerOf(() => Promise.resolve(AWAIT), 5).controller.stop(AbortSignal.abort());
  });
});
