import { describe, expect, test } from "vitest";
import { providerError } from "../../../../src/core/provider/error.ts";
import type { StoreHealth } from "../../../../src/core/provider/port.ts";
import { failed, ok } from "../../../../src/core/result.ts";
import { nextStoreStatus, type StoreReport } from "../../../../src/core/status/next-store-status.ts";
import { statusPatch } from "../../../../src/core/status/patch-status.ts";
import { storeFailure } from "../../../../src/core/status/store-error.ts";
import { transitionEvent } from "../../../../src/core/status/transition-event.ts";
import { at, condition, NOON_MS } from "./builders.ts";
import { kstatus } from "./kstatus.ts";

function valid(health: Partial<StoreHealth> = {}, generation = 1): StoreReport {
  return {
    generation,
    forceSync: undefined,
    outcome: ok({ capabilities: "ReadOnly", backendIdentity: "kv2-a", notes: [], ...health }),
  };
}

function invalid(kind: Parameters<typeof providerError>[0], generation = 1): StoreReport {
  return { generation, forceSync: undefined, outcome: failed(storeFailure(providerError(kind, `detail of ${kind}`))) };
}

const good = nextStoreStatus(undefined, valid(), NOON_MS);

test("nextStoreStatus: a first valid outcome fills every field", () => {
  const common = { observedGeneration: 1, lastTransitionTime: "2026-03-01T12:00:00Z", reason: "Valid" };
  expect(good).toEqual({
    observedGeneration: 1,
    conditions: [
      { type: "Ready", status: "True", message: "login and access were checked", ...common },
      { type: "Reconciling", status: "False", message: "", ...common },
      { type: "Stalled", status: "False", message: "", ...common },
    ],
    capabilities: "ReadOnly",
    backendIdentity: "kv2-a",
    lastValidated: "2026-03-01T12:00:00Z",
  });
});

test("nextStoreStatus: notes become the message of Valid", () => {
  const status = nextStoreStatus(undefined, valid({ notes: ["KV v2", "metadata reads are denied"] }), NOON_MS);
  expect(condition(status, "Ready").message).toBe("KV v2; metadata reads are denied");
});

test.each([
  { kind: "invalidConfig", reason: "InvalidProviderConfig", type: "Stalled", judged: "Failed" },
  { kind: "mountChanged", reason: "MountChanged", type: "Reconciling", judged: "InProgress" },
  { kind: "unauthenticated", reason: "Unauthenticated", type: "Reconciling", judged: "InProgress" },
  { kind: "accessDenied", reason: "AccessDenied", type: "Reconciling", judged: "InProgress" },
  { kind: "throttled", reason: "Throttled", type: "Reconciling", judged: "InProgress" },
  { kind: "unavailable", reason: "Unreachable", type: "Reconciling", judged: "InProgress" },
] as const)("nextStoreStatus: $kind is $reason with $type, kstatus $judged", ({ kind, reason, type, judged }) => {
  const status = nextStoreStatus(good, invalid(kind), at(1));
  expect(condition(status, "Ready")).toMatchObject({ status: "False", reason, message: `detail of ${kind}` });
  expect(condition(status, type)).toMatchObject({ status: "True", reason, message: `detail of ${kind}` });
  expect(status.conditions.filter((each) => each.status === "True")).toHaveLength(1);
  expect(kstatus({ generation: 1, status })).toBe(judged);
  expect(transitionEvent(good, status)).toEqual({ type: "Warning", reason, message: `detail of ${kind}` });
});

describe("lastValidated", () => {
  test.each([
    { given: "the same outcome", next: valid(), then: "12:00" },
    { given: "another outcome", next: invalid("unavailable"), then: "13:00" },
    { given: "another generation", next: valid({}, 2), then: "13:00" },
  ])("after $given it is $then", ({ next, then }) => {
    expect(nextStoreStatus(good, next, at(1)).lastValidated).toBe(`2026-03-01T${then}:00Z`);
  });
});

test("nextStoreStatus: a failure says nothing about the capabilities, so they stay", () => {
  expect(nextStoreStatus(good, invalid("unavailable"), at(1)).capabilities).toBe("ReadOnly");
  expect(nextStoreStatus(undefined, invalid("unavailable"), NOON_MS)).not.toHaveProperty("capabilities");
});

test("nextStoreStatus: quiet, the same outcome again is no write and no Event", () => {
  for (const again of [valid(), invalid("unavailable")]) {
    const before = nextStoreStatus(undefined, again, NOON_MS);
    const next = nextStoreStatus(before, again, at(1));
    expect(statusPatch(before, next)).toBeUndefined();
    expect(transitionEvent(before, next)).toBeUndefined();
  }
});

describe("backendIdentity", () => {
  test.each([
    {
      given: "another backend that was accepted under the same spec",
      next: valid({ backendIdentity: "kv2-b" }),
      then: "kv2-b",
    },
    { given: "a failure under the same spec", next: invalid("mountChanged"), then: "kv2-a" },
    { given: "another backend under a new spec", next: valid({ backendIdentity: "kv2-b" }, 2), then: "kv2-b" },
    { given: "a failure under a new spec", next: invalid("unavailable", 2), then: undefined },
    { given: "an unknown backend under the same spec", next: valid({ backendIdentity: undefined }), then: "kv2-a" },
  ])("after $given it is $then", ({ next, then }) => {
    expect(nextStoreStatus(good, next, at(1)).backendIdentity).toBe(then);
  });
});

describe("lastHandledForceSync", () => {
  test.each([
    { given: "a valid outcome with a token", next: { ...valid(), forceSync: "new" }, then: "new" },
    { given: "a valid outcome without one", next: valid(), then: "old" },
    { given: "a failure with a token", next: { ...invalid("unavailable"), forceSync: "new" }, then: "old" },
  ])("after $given it is $then", ({ next, then }) => {
    const before = { ...good, lastHandledForceSync: "old" };
    expect(nextStoreStatus(before, next, at(1)).lastHandledForceSync).toBe(then);
  });
});
