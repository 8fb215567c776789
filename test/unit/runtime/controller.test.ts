import { describe, expect, test } from "vitest";
import { createController } from "../../../src/runtime/controller.ts";
import type { Reconcile, ReconcileResult } from "../../../src/runtime/reconcile-result.ts";
import { createReconcileScopes } from "../../../src/runtime/reconcile-scope.ts";
import { createWorkQueue } from "../../../src/runtime/work-queue.ts";
import { createWriteGate } from "../../../src/runtime/write-gate.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { settle } from "../../support/scripted-client.ts";

const AWAIT: ReconcileResult = { kind: "awaitChange" };

function controllerOf(reconcile: Reconcile, workers = 1) {
  const clock = new FakeClock();
  const queue = createWorkQueue({ clock, random: () => 0.5 });
  const gate = createWriteGate({ clock, onOpen: (key) => queue.add(key) });
  const scopes = createReconcileScopes();
  const { log, lines } = recordingLogger();
  const outcomes: string[] = [];
  const controller = createController({
    ...{ name: "test", queue, reconcile, workers, gate, clock, log, scopes },
    random: () => 0.5,
    deadlineMs: 60_000,
    observer: {
      reconciled: (outcome, durationMs) => outcomes.push(`${outcome} ${durationMs}`),
      rejected: () => outcomes.push("rejected"),
      timedOut: () => outcomes.push("timedOut"),
      abandoned: () => outcomes.push("abandoned"),
      deferred: () => outcomes.push("deferred"),
    },
  });
  controller.start();
  return { controller, queue, gate, scopes, clock, lines, outcomes };
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

  test("awaiting a change ends the backoff", async () => {
    const retry: ReconcileResult = { kind: "retry", minDelayMs: 0, maxDelayMs: 30_000 };
    const results = [retry, AWAIT, retry];
    const { queue, clock } = controllerOf(() => Promise.resolve(results.shift() ?? AWAIT));
    queue.add("a");
    await settle();
    clock.advance(750);
    await settle();
    queue.add("a");
    await settle();
    expect(clock.pendingMs()).toEqual([750]);
  });

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
        { level: "failure", fields: { controller: "test", key: "ns/a", reconcileId: "80000000" } },
        { level: "failure", fields: { controller: "test", key: "ns/b", reconcileId: "80000000" } },
      ]);
      expect(clock.pendingMs()).toEqual([750]);
      clock.advance(750);
      await settle();
      expect(outcomes).toEqual(["threw 0", "threw 0", "threw 0", "threw 0"]);
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
    expect([outcomes, clock.pendingMs()]).toEqual([["timedOut", "awaitChange 60000"], []]);
  });

  test("a reconcile that does not end 10 s after its deadline is left behind, and its worker goes on", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue, clock, outcomes, lines } = controllerOf(reconcile);
    for (const key of ["a", "b"]) queue.add(key);
    await settle();
    clock.advance(69_999);
    await settle();
    expect([runs.length, outcomes]).toEqual([1, ["timedOut"]]);
    clock.advance(1);
    await settle();
    expect(outcomes).toEqual(["timedOut", "abandoned"]);
    expect(lines).toMatchObject([
      { level: "error", fields: { controller: "test", key: "a", reconcileId: "80000000" } },
    ]);
    expect(runs.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(controller.work()).toMatchObject({ active: 1, abandoned: 1, waiting: 0, longestMs: 70_000 });
  });

  test("a reconcile that was left behind does not count where the queue limits what is in work", async () => {
    const { runs, reconcile } = byHand();
    const { queue, clock } = controllerOf(reconcile, 2);
    queue.limit(1);
    for (const key of ["a", "b"]) queue.add(key);
    await settle();
    expect(runs.map(({ key }) => key)).toEqual(["a"]);
    clock.advance(70_000);
    await settle();
    expect(runs.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  test("nobody gets the key of a reconcile that was left behind until that has ended, and then it is served anew", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue, clock, outcomes } = controllerOf(reconcile);
    queue.add("a");
    await settle();
    clock.advance(70_000);
    queue.add("a");
    await settle();
    expect(runs).toHaveLength(1);
    await runs[0]?.end(AWAIT);
    expect(runs).toHaveLength(2);
    await runs[1]?.end(AWAIT);
    expect(outcomes).toEqual(["timedOut", "abandoned", "awaitChange 70000", "awaitChange 0"]);
    expect([controller.work(), clock.pendingMs()]).toMatchObject([{ active: 0, abandoned: 0 }, []]);
  });

  test("a process that was stopped over the deadline gives the reconcile its time to end", async () => {
    const { runs, reconcile } = byHand();
    const { queue, clock, outcomes } = controllerOf(reconcile);
    queue.add("a");
    await settle();
    clock.sleep(600_000);
    clock.advance(9_999);
    await runs[0]?.end(AWAIT);
    expect(outcomes).toEqual(["timedOut", "awaitChange 609999"]);
  });

  test("a key is put aside until its own writes are visible, and then served", async () => {
    const keys: string[] = [];
    const { queue, gate, outcomes } = controllerOf((key) => {
      if (!keys.includes(key)) gate.wrote(key, "secrets", "10");
      keys.push(key);
      return Promise.resolve(AWAIT);
    });
    queue.add("a");
    await settle();
    for (const key of ["a", "b"]) queue.add(key);
    await settle();
    expect([keys, outcomes]).toEqual([
      ["a", "b"],
      ["awaitChange 0", "deferred", "awaitChange 0"],
    ]);
    gate.seen("secrets", "10");
    await settle();
    expect(keys).toEqual(["a", "b", "a", "b"]);
  });

  test("a key that was put aside is served after 30 s, however far the cache is behind", async () => {
    const keys: string[] = [];
    const { queue, gate, clock } = controllerOf((key) => {
      keys.push(key);
      return Promise.resolve(AWAIT);
    });
    gate.wrote("a", "secrets", "10");
    queue.add("a");
    await settle();
    clock.advance(29_999);
    await settle();
    expect(keys).toEqual([]);
    clock.advance(1);
    await settle();
    expect(keys).toEqual(["a"]);
  });

  test("a rejected promise of a reconcile that nobody handled is counted and logged, and its key is tried again", async () => {
    const { runs, reconcile } = byHand();
    const { queue, scopes, clock, lines, outcomes } = controllerOf((key, signal) => {
      void Promise.resolve().then(() => scopes.current()?.rejected(new Error("canary-5b")));
      return reconcile(key, signal);
    });
    queue.add("a");
    await settle();
    expect(lines).toMatchObject([{ level: "failure", fields: { controller: "test", key: "a" } }]);
    await runs[0]?.end({ kind: "requeueAfter", delayMs: 500_000 });
    expect([outcomes, clock.pendingMs()]).toEqual([["rejected", "requeueAfter 0"], [750]]);
    clock.advance(750);
    await settle();
    await runs[1]?.end(AWAIT);
    expect(clock.pendingMs()).toEqual([1_500]);
  });

  test.each([
    { afterMs: 60_000, isKnown: true },
    { afterMs: 60_001, isKnown: false },
  ])("answers for what it left behind $afterMs ms after its end: $isKnown", async ({ afterMs, isKnown }) => {
    let scope: ReturnType<ReturnType<typeof createReconcileScopes>["current"]>;
    const { queue, scopes, clock } = controllerOf(() => {
      scope = scopes.current();
      return Promise.resolve(AWAIT);
    });
    queue.add("a");
    await settle();
    clock.advance(afterMs);
    expect(scope?.rejected(new Error("late"))).toBe(isKnown);
    expect(clock.pendingMs()).toEqual(isKnown ? [750] : []);
  });

  test("tells which reconcile runs, as long as it does", async () => {
    const { runs, reconcile } = byHand();
    let scope: ReturnType<ReturnType<typeof createReconcileScopes>["current"]>;
    const { queue, scopes } = controllerOf((key, signal) => {
      scope = scopes.current();
      return reconcile(key, signal);
    });
    queue.add("a");
    await settle();
    expect(scope?.facts).toEqual({ controller: "test", key: "a", reconcileId: "80000000" });
    expect(scopes.current()).toBeUndefined();
    await runs[0]?.end(AWAIT);
    expect(scope?.facts).toBeUndefined();
  });

  test("says what it does at this moment", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue, clock } = controllerOf(reconcile, 2);
    for (const key of ["a", "b", "c"]) queue.add(key);
    await settle();
    clock.advance(5);
    const now = { workers: 2, active: 2, abandoned: 0, waiting: 1, unfinishedMs: 10, longestMs: 5 };
    expect(controller.work()).toEqual(now);
    const stop = controller.stop(new AbortController().signal);
    await Promise.all(runs.map((run) => run.end(AWAIT)));
    await stop;
    expect(controller.work()).toMatchObject({ workers: undefined, active: 0, waiting: 0 });
  });

  test("stop waits for what is in work, starts nothing more, and leaves no timer", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue, gate, clock } = controllerOf(reconcile);
    queue.add("a");
    queue.add("b");
    await settle();
    gate.wrote("a", "secrets", "10");
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

  test.each([
    { given: "in work", hasBegun: true },
    { given: "just taken", hasBegun: false },
  ])("a stop whose signal has fired already aborts what is $given", async ({ hasBegun }) => {
    const { runs, reconcile } = byHand();
    const { controller, queue } = controllerOf(reconcile);
    await settle();
    queue.add("a");
    if (hasBegun) await settle();
    const stop = controller.stop(AbortSignal.abort());
    await settle();
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([true]);
    await runs[0]?.end(AWAIT);
    await stop;
  });

  test("stop leaves a reconcile behind that does not end 10 s after it was aborted, and tells of it once", async () => {
    const { runs, reconcile } = byHand();
    const { controller, queue, clock, outcomes } = controllerOf(reconcile);
    queue.add("a");
    await settle();
    const stop = controller.stop(AbortSignal.abort());
    clock.advance(10_000);
    await stop;
    await controller.stop(AbortSignal.abort());
    clock.advance(60_000);
    await runs[0]?.end(AWAIT);
    expect([outcomes, clock.pendingMs()]).toEqual([["abandoned", "awaitChange 70000"], []]);
  });

  test("stops at once when nothing is in work", async () => {
    await controllerOf(() => Promise.resolve(AWAIT), 5).controller.stop(AbortSignal.abort());
  });
});
