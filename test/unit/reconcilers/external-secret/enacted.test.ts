// What a write that did not succeed means for the next look.

import { describe, expect, test } from "vitest";
import { assemble } from "../../../../src/core/sync/assemble.ts";
import type { WrittenReport } from "../../../../src/core/sync/report.ts";
import { errorFromStatus } from "../../../../src/kubernetes/api-error.ts";
import { noStatusFacts } from "../../../../src/kubernetes/status-body.ts";
import { type EnactInput, rejected } from "../../../../src/reconcilers/external-secret/enacted.ts";
import { liveSecret, meta } from "../../../support/builders/records.ts";
import { memory, spec } from "../../../support/builders/sync.ts";

const LOST = errorFromStatus(504, noStatusFacts, { write: true });
const writes = (...changedKeys: string[]): WrittenReport => ({
  kind: "written",
  created: false,
  keys: ["a", "b"],
  changedKeys,
});

function input(overrides: Partial<EnactInput> = {}): EnactInput {
  return {
    meta: meta(),
    spec: spec(),
    memory: memory(),
    causes: new Set(),
    reads: [],
    isCurrent: () => true,
    sight: { current: undefined, reachedVersion: undefined },
    rivals: [],
    once: undefined,
    unsure: undefined,
    nowMs: 0,
    showsNames: true,
    live: liveSecret(),
    decision: { kind: "keep", verdict: { reason: "SecretRetained", message: "" } },
    assembly: assemble([], new Set(), { showsNames: true }),
    ...overrides,
  };
}

describe("a write whose answer is lost", () => {
  test("is judged by what the Secret was before it", () => {
    const outcome = rejected(input(), LOST, { verb: "change", secret: writes("a") });
    expect(outcome).toMatchObject({ why: "unanswered", unsure: { secret: { changedKeys: ["a"] }, before: "20" } });
  });

  test("is told together with an earlier one, if that is in doubt still", () => {
    const unsure = { secret: { ...writes("a"), created: true }, before: undefined };
    const outcome = rejected(input({ unsure }), LOST, { verb: "change", secret: writes("b") });
    expect(outcome).toMatchObject({
      unsure: { secret: { created: true, changedKeys: ["a", "b"] }, before: undefined },
    });
  });

  test("is not told where it changes no content", () => {
    expect(rejected(input(), LOST, { verb: "change" })).toMatchObject({ why: "unanswered", unsure: undefined });
  });
});
