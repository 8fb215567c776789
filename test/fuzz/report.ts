// Sums up a run: what was tried, what came of it, and every violation with what repeats it. A run that exercised nothing
// has failed.

import { codeOnlyRejections } from "./code-only-rejections.ts";
import type { Violation } from "./violation.ts";
import { rollbackHelps } from "./rollback-help.ts";
import type { SequenceRecord, StepRecord } from "./run-sequence.ts";

export interface FuzzReport {
  readonly seed: number;
  readonly sequences: readonly SequenceRecord[];
  /** Of the run as a whole: logs, leaks, statuses. */
  readonly overall: readonly Violation[];
}

export interface FoundViolation extends Violation {
  /** Arguments of `make test-fuzz` that repeat it. */
  readonly repeat: string;
  readonly where: string;
}

export function violationsOf({ seed, sequences, overall }: FuzzReport): readonly FoundViolation[] {
  const ofSequences = sequences.flatMap(({ index, steps, probes }) => {
    const repeat = `--seed=${seed} --only=${index}`;
    return [
      ...steps.flatMap(({ kind, violations }, number) =>
        violations.map((violation) => ({ ...violation, repeat, where: `sequence ${index}, step ${number} (${kind})` })),
      ),
      ...probes.flatMap(({ violations }, number) =>
        violations.map((violation) => ({ ...violation, repeat, where: `sequence ${index}, probe ${number}` })),
      ),
    ];
  });
  return [
    ...ofSequences,
    ...overall.map((violation) => ({ ...violation, repeat: `--seed=${seed}`, where: "the run" })),
  ];
}

/** Why the run proves nothing; empty if it does. */
export function idleness({ sequences }: FuzzReport): readonly string[] {
  const steps = sequences.flatMap((sequence) => sequence.steps);
  const counts = {
    accepted: steps.filter(({ accepted }) => accepted).length,
    refused: steps.filter(({ accepted }) => !accepted).length,
    "rolled back": steps.filter(isRolledBack).length,
  };
  return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [`no spec was ${what}`] : []));
}

function isRolledBack({ intent, expected, violations }: StepRecord): boolean {
  return intent === "rollback" && expected === "content" && violations.length === 0;
}

export function isPassed(report: FuzzReport): boolean {
  return violationsOf(report).length === 0 && idleness(report).length === 0;
}

export function reportText(report: FuzzReport): string {
  const { seed, sequences } = report;
  const steps = sequences.flatMap((sequence) => sequence.steps);
  const violations = violationsOf(report);
  return [
    `Spec fuzzing: seed ${seed}, ${sequences.length} sequences, ${steps.length} steps`,
    "",
    table(
      ["step", "runs", "accepted", "refused", "served", "not served", "left", "not judged", "violations"],
      stepRows(steps),
    ),
    "",
    probeLine(report),
    "",
    table(
      ["accepted at admission, refused by the code", "times", "why it is no rule of the CRD"],
      rejectionRows(steps),
    ),
    "",
    table(["roll-back that needed help", "times", "why"], helpRows(steps)),
    `${steps.filter(isRolledBack).length} roll-backs reached the good state, ${steps.filter((step) => isRolledBack(step) && step.help === undefined).length} of them without help`,
    "",
    ...violations.map(
      ({ check, detail, where, repeat }) =>
        `VIOLATION ${check}: ${detail}\n  in ${where}; repeat: make test-fuzz ARGS="${repeat}"`,
    ),
    ...idleness(report).map((why) => `NOTHING PROVED: ${why}`),
    `${violations.length} violations`,
  ].join("\n");
}

function stepRows(steps: readonly StepRecord[]): readonly (readonly string[])[] {
  const groups = Map.groupBy(steps, ({ intent, kind }) => (intent === kind ? kind : `${intent}: ${kind}`));
  const rows = [...groups].sort(([left], [right]) => left.localeCompare(right));
  return [...rows, ["all", steps] as const].map(([name, group]) => {
    const count = (holds: (step: StepRecord) => boolean): string => String(group.filter(holds).length);
    const ended = (...kinds: readonly string[]): string => count(({ expected }) => kinds.includes(expected ?? ""));
    return [
      name,
      String(group.length),
      count(({ accepted }) => accepted),
      count(({ accepted }) => !accepted),
      ended("content"),
      ended("kept"),
      ended("left", "removed"),
      ended("beyond"),
      String(group.flatMap(({ violations }) => violations).length),
    ];
  });
}

function probeLine({ sequences }: FuzzReport): string {
  const probes = sequences.flatMap((sequence) => sequence.probes);
  const accepted = probes.filter((probe) => probe.accepted).length;
  return `Specs shown to admission and parser only: ${accepted} accepted, ${probes.length - accepted} refused`;
}

function rejectionRows(steps: readonly StepRecord[]): readonly (readonly string[])[] {
  const said = steps.flatMap(({ rejections }) => [...new Set(rejections)]);
  return codeOnlyRejections.map(({ id, reason, why }) => [
    `${reason}: ${id}`,
    String(said.filter((other) => other === id).length),
    why,
  ]);
}

function helpRows(steps: readonly StepRecord[]): readonly (readonly string[])[] {
  return rollbackHelps.map(({ id, why }) => [id, String(steps.filter(({ help }) => help === id).length), why]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(isText(column, rows) ? 0 : (widths[column] ?? 0)),
      )
      .join("  ");
  return [head, ...rows].map((row) => line(row).trimEnd()).join("\n");
}

function isText(column: number, rows: readonly (readonly string[])[]): boolean {
  return rows.some((row) => !/^\d*$/.test(row[column] ?? ""));
}
