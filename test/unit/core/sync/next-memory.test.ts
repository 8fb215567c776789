import { describe, expect, test } from "vitest";
import { type SyncEnd, nextMemory } from "../../../../src/core/sync/next-memory.ts";
import type { ExternalSecretSpec } from "../../../../src/core/spec/external-secret.ts";
import { memory, spec, syncEnd } from "../../../support/builders/sync.ts";

const HOUR_MS = 3_600_000;
const moment = { nowMs: 1_000_000, random: () => 0 };

function delayMs(end: Partial<SyncEnd>, wanted: Partial<ExternalSecretSpec> = {}, failures = 0): number | undefined {
  const { dueMs } = nextMemory(memory({ failures }), spec(wanted), syncEnd(end), moment);
  return dueMs === undefined ? undefined : dueMs - moment.nowMs;
}

const absences = (nextCheckMs: number | undefined) => ({
  confirmations: new Map(),
  confirmed: new Set<string>(),
  nextCheckMs,
});

describe("when to look again", () => {
  test.each([
    { given: "a success", end: {}, then: HOUR_MS },
    { given: "a success with an absence to confirm", end: { absences: absences(1_030_000) }, then: 30_000 },
    { given: "an absence whose time has come", end: { absences: absences(999_000) }, then: 0 },
    { given: "a denied entry", end: { reason: "AccessDenied" }, then: 1_000 },
    { given: "a denied entry that asks for patience", end: { reason: "Throttled", minDelayMs: 90_000 }, then: 90_000 },
    { given: "a store that is out", end: { reason: "ProviderUnavailable", isStoreOutage: true }, then: undefined },
    { given: "a store that is not there", end: { reason: "StoreNotFound" }, then: undefined },
    { given: "a fight that pauses", end: { reason: "TargetConflict", minDelayMs: 300_000 }, then: 300_000 },
    { given: "an invalid reference", end: { reason: "InvalidReference", isStalled: true }, then: undefined },
    { given: "a refused write", end: { reason: "TargetRejected" }, then: 1_000 },
    { given: "a refused write that stalls", end: { reason: "TargetRejected", isStalled: true }, then: HOUR_MS },
    { given: "an immutable target", end: { reason: "TargetImmutable", isStalled: true }, then: HOUR_MS },
  ] as const)("after $given: in $then ms", ({ end, then }) => {
    expect(delayMs(end)).toBe(then);
  });

  test.each([{ refreshIntervalMs: 0 }, { refreshPolicy: "OnChange" }, { refreshPolicy: "CreatedOnce" }] as const)(
    "with %j never by time, well or stalled",
    (wanted) => {
      expect(delayMs({}, wanted)).toBeUndefined();
      expect(delayMs({ reason: "TargetImmutable", isStalled: true }, wanted)).toBeUndefined();
    },
  );

  test("after each further failure twice as late, up to the cap", () => {
    const delays = [0, 1, 2, 8, 20].map((failures) => delayMs({ reason: "AccessDenied" }, {}, failures));
    expect(delays).toEqual([1_000, 2_000, 4_000, 256_000, 300_000]);
  });

  test("random numbers take up to half of a backoff off", () => {
    const later = { ...moment, random: () => 0.999 };
    const { dueMs } = nextMemory(memory({ failures: 3 }), spec(), syncEnd({ reason: "AccessDenied" }), later);
    expect((dueMs ?? 0) - moment.nowMs).toBeCloseTo(4_004);
  });

  test("never by time while the spec does not parse", () => {
    expect(
      nextMemory(undefined, undefined, syncEnd({ reason: "InvalidSpec", isStalled: true }), moment).dueMs,
    ).toBeUndefined();
  });
});

test.each([
  { given: "a success", end: {}, then: 0 },
  { given: "a further failure", end: { reason: "AccessDenied" }, then: 4 },
  { given: "a failure of another spec", end: { reason: "AccessDenied", specVersion: "2-x" }, then: 1 },
] as const)("failures in a row after $given: $then", ({ end, then }) => {
  expect(nextMemory(memory({ failures: 3 }), spec(), syncEnd(end), moment).failures).toBe(then);
});

test("our last write of status is remembered until the next, so is a write that status has not told", () => {
  const written = { status: { observedGeneration: 1, conditions: [] }, basedOn: "10", resourceVersion: "11" };
  const secret = { kind: "written", created: true, keys: [], changedKeys: [] } as const;
  const unpublished = { secret, revision: 1 };
  const before = memory({ written, unpublished, formerRefusals: 2, outageSinceMs: 5 });
  expect(nextMemory(before, spec(), syncEnd(), moment)).toMatchObject({
    written,
    unpublished,
    formerRefusals: 2,
    outageSinceMs: undefined,
  });
});
