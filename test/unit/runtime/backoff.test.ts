import { describe, expect, test } from "vitest";
import { equalJitterMs } from "../../../src/runtime/backoff.ts";

const RANGE = { baseMs: 1_000, capMs: 30_000 };

describe("backoff", () => {
  test.each([
    { failures: 1, ceilingMs: 1_000 },
    { failures: 2, ceilingMs: 2_000 },
    { failures: 5, ceilingMs: 16_000 },
    { failures: 6, ceilingMs: 30_000 },
    { failures: 5_000, ceilingMs: 30_000 },
  ])("after $failures failures is between half of $ceilingMs ms and all of it", ({ failures, ceilingMs }) => {
    expect(equalJitterMs(failures, RANGE, () => 0)).toBe(ceilingMs / 2);
    expect(equalJitterMs(failures, RANGE, () => 0.5)).toBe(ceilingMs * 0.75);
  });

  test("a cap below the base holds from the first failure on", () => {
    expect(equalJitterMs(1, { baseMs: 1_000, capMs: 100 }, () => 0)).toBe(50);
  });
});
