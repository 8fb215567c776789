import { describe, expect, test } from "vitest";
import { createWorkQueue, type WorkQueueObserver } from "../../../src/runtime/work-queue.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function queueWith(random = 0.5) {
  const clock = new FakeClock();
  const heard: string[] = [];
  const observer: WorkQueueObserver = {
    depth: (waiting) => heard.push(`depth ${waiting}`),
    added: (lane) => heard.push(`added ${lane}`),
    started: (waitedMs) => heard.push(`started ${waitedMs}`),
    finished: (workedMs) => heard.push(`finished ${workedMs}`),
    retried: () => heard.push("retried"),
  };
  return { queue: createWorkQueue({ clock, random: () => random, observer }), clock, heard };
}

/** Takes the keys that wait, without waiting for more. */
async function drain(queue: ReturnType<typeof queueWith>["queue"]): Promise<string[]> {
  queue.add("(end)", "refresh");
  const keys: string[] = [];
  for (;;) {
    const key = await queue.take();
    if (key === undefined) return keys;
    queue.done(key);
    if (key === "(end)") return keys;
    keys.push(key);
  }
}

describe("createWorkQueue", () => {
  test("holds a key once, however often it is added", async () => {
    const { queue } = queueWith();
    for (const key of ["a", "b", "a", "a"]) queue.add(key);
    expect(await drain(queue)).toEqual(["a", "b"]);
  });

  test("does not give out a key that is in work, and gives it out again afterwards if it was added meanwhile", async () => {
    const { queue } = queueWith();
    queue.add("a");
    expect(await queue.take()).toBe("a");
    queue.add("a");
    queue.add("a");
    queue.add("b");
    expect(await queue.take()).toBe("b");
    queue.done("b");
    queue.done("a");
    expect(await drain(queue)).toEqual(["a"]);
  });

  test("serves whoever waited for a key", async () => {
    const { queue } = queueWith();
    const taken = [queue.take(), queue.take()];
    queue.add("a");
    queue.add("b");
    expect(await Promise.all(taken)).toEqual(["a", "b"]);
  });

  test("gives changes out before refreshes that came earlier, but not before those that waited 5 s longer", async () => {
    const { queue, clock } = queueWith();
    queue.add("refresh-1", "refresh");
    clock.advance(5_001);
    queue.add("refresh-2", "refresh");
    queue.add("change", "change");
    expect(await drain(queue)).toEqual(["refresh-1", "change", "refresh-2"]);
  });

  test("a refresh is not starved by changes that never end", async () => {
    const { queue, clock } = queueWith();
    queue.add("refresh", "refresh");
    let served = 0;
    for (; served < 1_000; served += 1) {
      queue.add(`change-${served}`);
      queue.add(`another-${served}`);
      const key = await queue.take();
      if (key === "refresh") break;
      queue.done(key ?? "");
      clock.advance(100);
    }
    expect(served).toBeLessThan(110);
  });

  test("moves a waiting refresh to the changes when it is added as one", async () => {
    const { queue } = queueWith();
    for (const key of ["a", "b"]) queue.add(key, "refresh");
    queue.add("b", "change");
    queue.add("b", "refresh");
    expect(await drain(queue)).toEqual(["b", "a"]);
  });

  test("remembers for a key in work that one of the adds was a change", async () => {
    const { queue } = queueWith();
    queue.add("a");
    await queue.take();
    queue.add("other", "refresh");
    queue.add("a", "change");
    queue.add("a", "refresh");
    queue.done("a");
    expect(await drain(queue)).toEqual(["a", "other"]);
  });

  test.each([
    { given: "a later add after an earlier one", delays: [100, 200], dueMs: 100 },
    { given: "an earlier add after a later one", delays: [200, 100], dueMs: 100 },
  ])("$given: adds the key once, after $dueMs ms", async ({ delays, dueMs }) => {
    const { queue, clock } = queueWith();
    for (const delayMs of delays) queue.addAfter("a", delayMs);
    clock.advance(dueMs - 1);
    expect(await drain(queue)).toEqual([]);
    clock.advance(1);
    expect(await drain(queue)).toEqual(["a"]);
    clock.advance(1_000);
    expect(await drain(queue)).toEqual([]);
  });

  test("taking a key cancels its delayed add, but not one made while it is in work", async () => {
    const { queue, clock } = queueWith();
    queue.addAfter("a", 100);
    queue.add("a");
    await queue.take();
    expect(clock.pendingMs()).toEqual([]);
    queue.addAfter("a", 50);
    queue.done("a");
    clock.advance(50);
    expect(await drain(queue)).toEqual(["a"]);
  });

  test("forget cancels the delayed add and ends the backoff", () => {
    const { queue, clock } = queueWith(0);
    queue.retry("a", { minDelayMs: 0, maxDelayMs: 30_000 });
    queue.forget("a");
    expect(clock.pendingMs()).toEqual([]);
    expect(queue.retry("a", { minDelayMs: 0, maxDelayMs: 30_000 })).toBe(500);
  });

  test.each([
    { given: "no failure before", failures: 0, range: { minDelayMs: 0, maxDelayMs: 30_000 }, delayMs: 750 },
    { given: "three failures before", failures: 3, range: { minDelayMs: 0, maxDelayMs: 30_000 }, delayMs: 6_000 },
    { given: "many failures before", failures: 20, range: { minDelayMs: 0, maxDelayMs: 30_000 }, delayMs: 22_500 },
    {
      given: "a Retry-After over the cap",
      failures: 0,
      range: { minDelayMs: 60_000, maxDelayMs: 30_000 },
      delayMs: 60_000,
    },
  ])("with $given retries after $delayMs ms", async ({ failures, range, delayMs }) => {
    const { queue, clock } = queueWith();
    for (let i = 0; i < failures; i += 1) {
      queue.retry("a", range);
      clock.advance(30_000);
      queue.done((await queue.take()) ?? "");
    }
    expect(queue.retry("a", range)).toBe(delayMs);
    expect(clock.pendingMs()).toEqual([delayMs]);
  });

  test("resetFailures makes the next failure the first, and leaves a delayed add alone", () => {
    const { queue, clock } = queueWith();
    for (let i = 0; i < 4; i += 1) queue.retry("a", { minDelayMs: 0, maxDelayMs: 30_000 });
    queue.resetFailures("a");
    expect(clock.pendingMs()).toHaveLength(1);
    expect(queue.retry("a", { minDelayMs: 0, maxDelayMs: 30_000 })).toBe(750);
  });

  test("stop ends every take, drops what waits and what is delayed, and accepts the keys in work", async () => {
    const { queue, clock } = queueWith();
    queue.add("in-work");
    await queue.take();
    queue.add("in-work");
    const taking = queue.take();
    queue.addAfter("later", 100);
    queue.stop();
    queue.add("waiting");
    queue.addAfter("later-still", 100);
    queue.retry("failed", { minDelayMs: 0, maxDelayMs: 1_000 });
    queue.done("in-work");
    expect(await Promise.all([taking, queue.take()])).toEqual([undefined, undefined]);
    expect(clock.pendingMs()).toEqual([]);
  });

  test("refuses to be done with a key that nobody has", () => {
    expect(() => queueWith().queue.done("a")).toThrow("done without take");
  });

  test("tells its observer what happens", async () => {
    const { queue, clock, heard } = queueWith();
    queue.add("a", "refresh");
    queue.add("a", "refresh");
    clock.advance(30);
    await queue.take();
    clock.advance(5);
    queue.done("a");
    queue.retry("a", { minDelayMs: 0, maxDelayMs: 1_000 });
    expect(heard).toEqual(["added refresh", "depth 1", "depth 1", "started 30", "depth 0", "finished 5", "retried"]);
  });
});
