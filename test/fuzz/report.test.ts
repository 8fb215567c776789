// A run passes only if it proved something and found nothing; logs, leaks and violations are told with what repeats them.

import { describe, expect, test } from "vitest";
import { judgeLeaks, judgeLogs } from "./final-checks.ts";
import { type FuzzReport, idleness, isPassed, reportText } from "./report.ts";
import type { StepRecord } from "./run-sequence.ts";

const step: StepRecord = {
  intent: "good",
  kind: "good",
  accepted: true,
  expected: "content",
  rejections: [],
  help: undefined,
  violations: [],
};
const rollback: StepRecord = { ...step, intent: "rollback", kind: "rollback" };
const refused: StepRecord = { ...step, intent: "invalid", kind: "no source", accepted: false, expected: undefined };
const violation = { check: "a partial Secret", detail: "keys a" } as const;

function reportOf(steps: readonly StepRecord[], changes: Partial<FuzzReport> = {}): FuzzReport {
  return { seed: 7, sequences: [{ index: 3, steps, probes: [] }], overall: [], ...changes };
}

describe("a run", () => {
  test("that exercised everything and found nothing has passed", () => {
    const report = reportOf([step, refused, rollback]);
    expect(isPassed(report)).toBe(true);
    expect(reportText(report)).toContain("0 violations");
  });

  test.each([
    { missing: "accepted", steps: [refused], then: ["no spec was accepted", "no spec was rolled back"] },
    { missing: "refused", steps: [step, rollback], then: ["no spec was refused"] },
    { missing: "rolled back", steps: [step, refused], then: ["no spec was rolled back"] },
    {
      missing: "rolled back in peace",
      steps: [step, refused, { ...rollback, expected: "kept" as const }],
      then: ["no spec was rolled back"],
    },
  ])("in which nothing was $missing has failed", ({ steps, then }) => {
    const report = reportOf(steps);
    expect(idleness(report)).toEqual(then);
    expect(isPassed(report)).toBe(false);
  });

  test.each([
    {
      where: "a step",
      report: reportOf([{ ...step, violations: [violation] }, refused, rollback]),
      repeat: "--seed=7 --only=3",
    },
    {
      where: "a probe",
      report: reportOf([], {
        sequences: [
          { index: 3, steps: [step, refused, rollback], probes: [{ accepted: true, violations: [violation] }] },
        ],
      }),
      repeat: "--seed=7 --only=3",
    },
    { where: "the run", report: reportOf([step, refused, rollback], { overall: [violation] }), repeat: "--seed=7" },
  ])("with a violation in $where has failed, and says what repeats it", ({ report, repeat }) => {
    expect(isPassed(report)).toBe(false);
    expect(reportText(report)).toContain(`ARGS="${repeat}"`);
    expect(reportText(report)).toContain("1 violations");
  });
});

describe("the operator's output", () => {
  test.each([
    { msg: "Secret written", then: 0 },
    { msg: "Reconcile threw", then: 1 },
    { msg: "Change handler threw", then: 1 },
  ])("$msg: $then violations", ({ msg, then }) => {
    expect(judgeLogs([{ msg }], [JSON.stringify({ msg })])).toHaveLength(then);
  });

  test("an unhandled rejection is a violation", () => {
    expect(judgeLogs([], ["[UnhandledPromiseRejection: made up]"])).toHaveLength(1);
  });

  test("a part of a value, also in base64, is a violation", () => {
    const canary = "canary-5f1c9e0ad47b4c4e9d2f6a7b8c9d0e1f";
    const leaky = ["plain", `x${canary.slice(10, 30)}`, Buffer.from(`ab${canary}`).toString("base64")];
    const texts = leaky.map((text, index) => ({ where: `text ${index}`, text }));
    expect(judgeLeaks(texts, canary)).toHaveLength(2);
  });
});
