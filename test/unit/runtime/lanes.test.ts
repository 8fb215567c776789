import { describe, expect, test } from "vitest";
import { createLanes } from "../../../src/runtime/lanes.ts";

/** Puts what is given, each as [key, yieldMs, nowMs], and takes all. */
function served(...given: readonly (readonly [key: string, yieldMs: number, nowMs: number])[]): readonly string[] {
  const lanes = createLanes();
  for (const [key, yieldMs, nowMs] of given) lanes.put(key, yieldMs, nowMs);
  const keys: string[] = [];
  for (let next = lanes.next(); next !== undefined; next = lanes.next()) keys.push(next.key);
  return keys;
}

describe("createLanes", () => {
  test("serves changes in the order in which they came", () => {
    expect(served(["a", 0, 1], ["b", 0, 1], ["c", 0, 2])).toEqual(["a", "b", "c"]);
  });

  test("serves refreshes by the time until which they yield, and those of the same time as they came", () => {
    expect(served(["late", 9, 0], ["a", 5, 0], ["b", 5, 0], ["soon", 1, 3])).toEqual(["soon", "a", "b", "late"]);
  });

  test.each([
    { changeAtMs: 4, first: "change" },
    { changeAtMs: 5, first: "change" },
    { changeAtMs: 6, first: "refresh" },
  ])("a refresh that yields until 5 ms and a change at $changeAtMs ms: $first goes first", ({ changeAtMs, first }) => {
    expect(served(["refresh", 5, 0], ["change", 0, changeAtMs])[0]).toBe(first);
  });

  test("a key that waits keeps its place when it is put again with the same or a later one", () => {
    expect(served(["a", 5, 0], ["b", 5, 0], ["a", 5, 0], ["b", 9, 0])).toEqual(["a", "b"]);
    expect(served(["a", 0, 0], ["b", 0, 0], ["a", 0, 0], ["a", 5, 0])).toEqual(["a", "b"]);
  });

  test("a key that waits gets a sooner place, once, and keeps the time since which it waits", () => {
    const lanes = createLanes();
    expect(lanes.put("a", 50, 1)).toBe(true);
    expect(lanes.put("a", 20, 2)).toBe(false);
    expect(lanes.put("a", 0, 3)).toBe(false);
    expect(lanes.size).toBe(1);
    expect(lanes.next()).toMatchObject({ key: "a", sinceMs: 1 });
    expect([lanes.next(), lanes.size]).toEqual([undefined, 0]);
  });

  test("forgets a place that was given up, also for a key that waits again", () => {
    const lanes = createLanes();
    lanes.put("a", 50, 0);
    lanes.put("a", 20, 0);
    lanes.next();
    lanes.put("a", 200, 0);
    lanes.put("b", 60, 0);
    expect([lanes.next()?.key, lanes.next()?.key]).toEqual(["b", "a"]);
  });

  test("gives changes only where changes are asked for", () => {
    const lanes = createLanes();
    lanes.put("refresh", 1, 0);
    lanes.put("change", 0, 9);
    expect(lanes.nextChange()?.key).toBe("change");
    expect([lanes.nextChange(), lanes.size]).toEqual([undefined, 1]);
  });

  test("has nothing after it was cleared, and serves what comes then", () => {
    const lanes = createLanes();
    lanes.put("a", 0, 0);
    lanes.put("b", 5, 0);
    lanes.clear();
    expect([lanes.size, lanes.next()]).toEqual([0, undefined]);
    lanes.put("b", 9, 1);
    expect([lanes.next()?.key, lanes.next()]).toEqual(["b", undefined]);
  });
});
