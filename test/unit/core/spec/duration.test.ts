import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDurationMs, parseIntervalMs } from "../../../../src/core/spec/duration.ts";
import { intervals, notIntervals } from "../../../support/interval-vectors.ts";

test.each(Object.entries(intervals))("the interval %j is %d ms", (text, ms) => {
  expect(parseIntervalMs(text)).toBe(ms);
});

test.each([...notIntervals, ""])("%j is no interval", (text) => {
  expect(parseIntervalMs(text)).toBeUndefined();
});

test.each([
  ["10ms", 10],
  ["0.001ms", 0.001],
  ["10000h", 36_000_000_000],
  ["0", 0],
])("the duration %j is %d ms, though it is no interval", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test("a duration is the sum of its parts", () => {
  const parts = fc.tuple(fc.nat(99_999), fc.nat(9_999_999), fc.nat(999_999_999), fc.nat(999_999_999));
  fc.assert(
    fc.property(parts, ([h, m, s, ms]) => {
      expect(parseDurationMs(`${h}h${m}m${s}s${ms}ms`)).toBe(h * 3_600_000 + m * 60_000 + s * 1_000 + ms);
    }),
  );
});
