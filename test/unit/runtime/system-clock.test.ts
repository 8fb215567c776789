import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock, systemRandom } from "../../../src/runtime/system-clock.ts";

const DAY_MS = 86_400_000;

describe("systemClock", () => {
  afterEach(() => void vi.useRealTimers());

  test.each([1, 1_000, 24 * DAY_MS, 365 * DAY_MS])(
    "fires once after %d ms, also beyond what setTimeout can hold",
    (delayMs) => {
      vi.useFakeTimers();
      let fired = 0;
      systemClock.setTimer(delayMs, () => (fired += 1));
      vi.advanceTimersByTime(delayMs - 1);
      expect(fired).toBe(0);
      vi.advanceTimersByTime(1);
      expect(fired).toBe(1);
      vi.advanceTimersByTime(400 * DAY_MS);
      expect(fired).toBe(1);
    },
  );

  test.each([1_000, 365 * DAY_MS])("never fires once cancelled, at any time of %d ms", (delayMs) => {
    vi.useFakeTimers();
    let fired = 0;
    const cancel = systemClock.setTimer(delayMs, () => (fired += 1));
    vi.advanceTimersByTime(delayMs - 1);
    cancel();
    vi.advanceTimersByTime(400 * DAY_MS);
    expect([fired, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test("its monotonic time does not follow the wall clock", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(0);
    const before = systemClock.monotonicMs();
    expect(systemClock.nowMs()).toBe(0);
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(before);
  });

  test("random numbers are in [0, 1)", () => {
    const numbers = Array.from({ length: 100 }, systemRandom);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(numbers).size).toBeGreaterThan(90);
  });
});
