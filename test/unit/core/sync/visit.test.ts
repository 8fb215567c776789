import { describe, expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import type { ExternalSecretStatus } from "../../../../src/core/status/external-secret-status.ts";
import { isTargetGone, type TargetSight, visitCauses, type VisitInput } from "../../../../src/core/sync/visit.ts";
import { meta } from "../../../support/builders/records.ts";
import { memory, record, spec } from "../../../support/builders/sync.ts";

const seen = (resourceVersion: string): TargetSight => ({
  current: { uid: "uid-secret", resourceVersion, controllerUid: undefined },
  reachedVersion: resourceVersion,
});
const gone = (reachedVersion: string | undefined): TargetSight => ({ current: undefined, reachedVersion });
const status = (overrides: Partial<ExternalSecretStatus>): ExternalSecretStatus => ({
  observedGeneration: 1,
  conditions: [],
  ...overrides,
});

function causes(overrides: Partial<VisitInput> = {}): readonly string[] {
  const input = { record: record(), memory: memory(), target: seen("20"), isWoken: false, nowMs: 0 };
  return [...visitCauses({ ...input, ...overrides })].sort();
}

const forced = record({ meta: meta({ annotations: { "fairlead.dev/force-sync": "1" } }) });
const bound = record({ status: status({ binding: { name: "db" } }) });

describe("a later visit", () => {
  test.each([
    { given: "nothing moved", when: {}, then: [] },
    { given: "it was woken", when: { isWoken: true }, then: ["woken"] },
    { given: "it is due", when: { nowMs: 3_600_000 }, then: ["due"] },
    { given: "it is never due", when: { nowMs: 9e9, memory: memory({ dueMs: undefined }) }, then: [] },
    { given: "the spec changed", when: { record: record({ meta: meta({ generation: 2 }) }) }, then: ["specChanged"] },
    {
      given: "a label changed",
      when: { record: record({ meta: meta({ labels: { a: "b" } }) }) },
      then: ["specChanged"],
    },
    { given: "a force-sync is asked for", when: { record: forced }, then: ["forceSync"] },
    { given: "the force-sync was served", when: { record: forced, memory: memory({ forceSync: "1" }) }, then: [] },
    { given: "the target is newer than ours", when: { target: seen("21") }, then: ["targetChanged"] },
    { given: "the watch is behind our write", when: { target: seen("19") }, then: [] },
    { given: "the target went", when: { target: gone("20") }, then: ["targetChanged"] },
    { given: "the watch never showed our new target", when: { target: gone(undefined) }, then: [] },
    {
      given: "the target was not as wanted, and changes",
      when: { memory: memory({ target: undefined }), target: seen("21") },
      then: [],
    },
    {
      given: "a bound target that was not as wanted went",
      when: { record: bound, memory: memory({ target: undefined }), target: gone("19") },
      then: ["targetChanged"],
    },
    {
      given: "a bound target was never shown",
      when: { record: bound, memory: memory({ target: undefined }), target: gone(undefined) },
      then: [],
    },
    {
      given: "a Secret of a former name is bound",
      when: {
        record: { ...bound, status: status({ binding: { name: "old" } }) },
        memory: memory({ target: undefined }),
        target: gone("19"),
      },
      then: [],
    },
    {
      given: "the spec does not parse",
      when: {
        record: { ...bound, spec: { ok: false, error: { path: "", message: "" } } as const },
        memory: memory({ target: undefined }),
        target: gone("19"),
      },
      then: [],
    },
  ])("when $given is caused by $then", ({ when, then }) => {
    expect(causes(when)).toEqual(then);
  });
});

describe("the first visit", () => {
  const first = { memory: undefined };
  test.each([
    { given: "no status", when: {}, then: ["first", "specChanged"] },
    {
      given: "a status of this very spec",
      when: { record: record({ status: status({ syncedResourceVersion: memory().specVersion }) }) },
      then: ["first"],
    },
    {
      given: "a force-sync that was served",
      when: { record: { ...forced, status: status({ lastHandledForceSync: "1" }) } },
      then: ["first", "specChanged"],
    },
    { given: "a new force-sync", when: { record: forced }, then: ["first", "forceSync", "specChanged"] },
    {
      given: "a served force-sync whose annotation went",
      when: { record: record({ spec: ok(spec()), status: status({ lastHandledForceSync: "1" }) }) },
      then: ["first", "specChanged"],
    },
  ])("with $given is caused by $then", ({ when, then }) => {
    expect(causes({ ...first, ...when })).toEqual(then);
  });
});

test.each([
  { given: "it is shown", of: memory(), sight: seen("20"), then: false },
  { given: "the first list did not hold it", of: undefined, sight: gone(undefined), then: true },
  { given: "the watch has come to our write", of: memory(), sight: gone("20"), then: true },
  { given: "the watch is behind our write", of: memory(), sight: gone("19"), then: false },
  { given: "the watch showed it once", of: memory({ target: undefined }), sight: gone("5"), then: true },
  { given: "the watch never showed it", of: memory({ target: undefined }), sight: gone(undefined), then: false },
])("isTargetGone: when $given, then $then", ({ of, sight, then }) => {
  expect(isTargetGone(of, sight)).toBe(then);
});
