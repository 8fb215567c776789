import { describe, expect, test } from "vitest";
import { createWorkQueue, type WorkQueueObserver } from "../../../src/runtime/work-queue.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { settle } from "../../support/scripted-client.ts";

function queueWith(random = 0.5) {
  const clock = new FakeClock();
  const heard: string[] = [];
  const observer: WorkQueueObserver = {
    added: () => heard.push("added"),
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

  test("gives changes out before refreshes that came earlier, but not before those that waited a minute longer", async () => {
    const { queue, clock } = queueWith();
    queue.add("refresh-1", "refresh");
    clock.advance(60_001);
    queue.add("refresh-2", "refresh");
    queue.add("change", "change");
    expect(await drain(queue)).toEqual(["refresh-1", "change", "refresh-2"]);
  });

  test("a delayed refresh yields to changes for as long as it was delayed, and for a minute at most", async () => {
    const { queue, clock } = queueWith();
    queue.addAfter("each-second", 1_000, "refresh");
    queue.addAfter("each-hour", 3_600_000, "refresh");
    clock.advance(3_600_000);
    queue.add("at-once");
    expect(await queue.take()).toBe("each-second");
    queue.addAfter("each-second", 1_000, "refresh");
    queue.done("each-second");
    clock.advance(1_000);
    queue.add("sooner");
    clock.advance(1_001);
    queue.add("later");
    clock.advance(60_000);
    queue.add("latest");
    expect(await drain(queue)).toEqual(["at-once", "sooner", "each-second", "later", "each-hour", "latest"]);
  });

  test("a refresh is not starved by changes that never end", async () => {
    const { queue, clock } = queueWith();
    queue.add("refresh", "refresh");
    let served = 0;
    for (; served < 2_000; served += 1) {
      queue.add(`change-${served}`);
      queue.add(`another-${served}`);
      const key = await queue.take();
      if (key === "refresh") break;
      queue.done(key ?? "");
      clock.advance(100);
    }
    expect(served).toBeGreaterThan(1_000);
    expect(served).toBeLessThan(1_300);
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
    expect(heard).toEqual(["added", "started 30", "finished 5", "retried"]);
  });

  test("counts the wait of a key from its first add, also when it became a change meanwhile", async () => {
    const { queue, clock, heard } = queueWith();
    queue.add("a", "refresh");
    clock.advance(30);
    queue.add("a", "change");
    clock.advance(12);
    await queue.take();
    expect(heard).toEqual(["added", "started 42"]);
  });

  test("says what it has in hand", async () => {
    const { queue, clock } = queueWith();
    expect(queue.load()).toEqual({ waiting: 0, unfinishedMs: 0, longestMs: 0 });
    for (const key of ["a", "b", "c"]) queue.add(key);
    await queue.take();
    clock.advance(10);
    await queue.take();
    clock.advance(5);
    expect(queue.load()).toEqual({ waiting: 1, unfinishedMs: 20, longestMs: 15 });
    queue.done("a");
    expect(queue.load()).toEqual({ waiting: 1, unfinishedMs: 5, longestMs: 5 });
  });

  test("under a limit it gives out so many keys, changes first, and a refresh only when nothing else is in work", async () => {
    const { queue } = queueWith();
    const taken: (string | undefined)[] = [];
    const worker = (): void => void queue.take().then((key) => taken.push(key));
    queue.limit(2);
    queue.add("refresh-1", "refresh");
    queue.add("refresh-2", "refresh");
    for (const key of ["a", "b", "c"]) queue.add(key);
    for (let i = 0; i < 6; i += 1) worker();
    const afterDone = async (key: string): Promise<readonly unknown[]> => {
      queue.done(key);
      await settle();
      return [...taken];
    };
    await settle();
    expect(taken).toEqual(["a", "b"]);
    expect(await afterDone("a")).toEqual(["a", "b", "c"]);
    expect(await afterDone("b")).toEqual(["a", "b", "c"]);
    expect(await afterDone("c")).toEqual(["a", "b", "c", "refresh-1"]);
    queue.limit(undefined);
    await settle();
    expect(taken).toEqual(["a", "b", "c", "refresh-1", "refresh-2"]);
  });

  test("an abandoned key does not count for the limit, and nobody gets it before it is done", async () => {
    const { queue } = queueWith();
    queue.limit(1);
    for (const key of ["a", "b"]) queue.add(key);
    await queue.take();
    const second = queue.take();
    queue.abandon("a");
    expect(await second).toBe("b");
    queue.add("a");
    queue.done("b");
    const third = queue.take();
    queue.done("a");
    expect(await third).toBe("a");
    queue.add("c");
    void queue.take();
    expect(queue.load().waiting).toBe(1);
  });

  test("refuses to abandon a key that nobody has", () => {
    expect(() => queueWith().queue.abandon("a")).toThrow("abandon without take");
  });
});
