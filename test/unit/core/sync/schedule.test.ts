import fc from "fast-check";
import { expect, test } from "vitest";
import { heartbeatPeriodMs, nextRefreshDelayMs, retryBounds } from "../../../../src/core/sync/schedule.ts";

const HOUR_MS = 3_600_000;

test.each([
  { reason: "SecretNotFound", intervalMs: 1_000, then: { minMs: 1_000, capMs: 30_000 } },
  { reason: "AccessDenied", intervalMs: 60_000, then: { minMs: 1_000, capMs: 60_000 } },
  { reason: "PropertyNotFound", intervalMs: HOUR_MS, then: { minMs: 1_000, capMs: 300_000 } },
  { reason: "SecretSyncedError", intervalMs: 0, then: { minMs: 1_000, capMs: 300_000 } },
  { reason: "ProviderUnavailable", intervalMs: HOUR_MS, then: { minMs: 1_000, capMs: 30_000 } },
  { reason: "TargetRejected", intervalMs: HOUR_MS, then: { minMs: 1_000, capMs: 30_000 } },
  { reason: "SecretSynced", intervalMs: HOUR_MS, then: undefined },
  { reason: "InvalidSpec", intervalMs: HOUR_MS, then: undefined },
  { reason: "TargetNotOwned", intervalMs: HOUR_MS, then: undefined },
] as const)("retryBounds: $reason at interval $intervalMs ms", ({ reason, intervalMs, then }) => {
  expect(retryBounds(reason, intervalMs)).toEqual(then);
});

test.each([
  { interval: 10_000, random: 0, then: 10_000 },
  { interval: 10_000, random: 0.5, then: 9_500 },
  { interval: 0, random: 0.5, then: undefined },
])("nextRefreshDelayMs: interval $interval ms and random $random give $then", ({ interval, random, then }) => {
  expect(nextRefreshDelayMs(interval, () => random)).toBe(then);
});

test("nextRefreshDelayMs: never late, and at most a tenth early", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1_000, max: 8_760 * HOUR_MS }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (interval, random) => {
        const delay = nextRefreshDelayMs(interval, () => random);
        expect(delay).toBeLessThanOrEqual(interval);
        expect(delay).toBeGreaterThanOrEqual(interval * 0.9);
      },
    ),
  );
});

test.each([
  { refreshPolicy: "OnChange", refreshIntervalMs: HOUR_MS },
  { refreshPolicy: "CreatedOnce", refreshIntervalMs: HOUR_MS },
  { refreshPolicy: "Periodic", refreshIntervalMs: 0 },
] as const)("heartbeatPeriodMs: none for $refreshPolicy with interval $refreshIntervalMs ms", (spec) => {
  expect(heartbeatPeriodMs(spec, "uid")).toBeUndefined();
});

test("heartbeatPeriodMs: from max(interval, 6 h) to a tenth more, spread by uid and steady for each", () => {
  for (const refreshIntervalMs of [1_000, HOUR_MS, 24 * HOUR_MS]) {
    const periods = Array.from({ length: 100 }, (_, index) =>
      heartbeatPeriodMs({ refreshPolicy: "Periodic", refreshIntervalMs }, `uid-${index}`),
    );
    const least = Math.max(refreshIntervalMs, 6 * HOUR_MS);
    for (const period of periods) {
      expect(period).toBeGreaterThanOrEqual(least);
      expect(period).toBeLessThanOrEqual(least * 1.1);
    }
    expect(new Set(periods).size).toBeGreaterThan(90);
    expect(heartbeatPeriodMs({ refreshPolicy: "Periodic", refreshIntervalMs }, "uid-0")).toBe(periods[0]);
  }
});
