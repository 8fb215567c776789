// The table of a run, as text for a terminal and as Markdown for docs/reliability.md.

import { describeViolation } from "./oracle/violation.ts";
import type { Outcome } from "./run-scenario.ts";
import type { OpenRow, Scenario } from "./scenario.ts";
import { CONTROL_ROW } from "./scenarios/control.ts";

/** All runs of one scenario. */
export interface ScenarioReport {
  readonly scenario: Scenario;
  readonly outcomes: readonly Outcome[];
}

/** What is wrong about it: a fault that did not fire proves nothing. */
export function failuresOf({ scenario, outcomes }: ScenarioReport): readonly string[] {
  const isIdle = scenario.row !== CONTROL_ROW && outcomes.some(({ fired }) => fired === 0);
  const violations = outcomes.flatMap((outcome) => outcome.violations.map(describeViolation));
  if (outcomes.length === 0) return ["it was not run"];
  return isIdle ? [...violations, "no fault fired"] : violations;
}

type Cells = readonly [row: string, scenario: string, runs: string, fired: string, violations: string, seconds: string];

const HEADER: Cells = ["row", "scenario", "runs", "faults", "violations", "seconds"];

export function textTable(reports: readonly ScenarioReport[], open: readonly OpenRow[]): string {
  const rows = [HEADER, ...cellsOf(reports, open)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => (column === 1 ? cell.padEnd(widths[1] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  return lines.join("\n");
}

export function markdownTable(reports: readonly ScenarioReport[], open: readonly OpenRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const ruler = HEADER.map((_, column) => (column === 1 ? "---" : "---:"));
  return [line(HEADER), line(ruler), ...cellsOf(reports, open).map(line)].join("\n");
}

/** Figures that scenarios measured, one per line. */
export function notesOf(reports: readonly ScenarioReport[]): readonly string[] {
  return reports.flatMap(({ scenario, outcomes }) =>
    outcomes.flatMap(({ notes }) => notes.map((note) => `row ${scenario.row}: ${note}`)),
  );
}

export function totalsLine(reports: readonly ScenarioReport[]): string {
  const outcomes = reports.flatMap((report) => report.outcomes);
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
  const failed = reports.filter((report) => failuresOf(report).length > 0).length;
  const fired = sum((outcome) => outcome.fired);
  const violations = sum((outcome) => outcome.violations.length);
  return `${reports.length} scenarios, ${outcomes.length} runs, ${fired} faults fired, ${violations} violations, ${failed} scenarios failed`;
}

function cellsOf(reports: readonly ScenarioReport[], open: readonly OpenRow[]): readonly Cells[] {
  const done = reports.map(({ scenario, outcomes }): readonly [number, Cells] => {
    const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + of(each), 0);
    const violations = sum((outcome) => outcome.violations.length);
    const title = scenario.partly === undefined ? scenario.title : `${scenario.title} (${scenario.partly})`;
    const counts = [outcomes.length, sum(({ fired }) => fired), violations, sum(({ seconds }) => seconds).toFixed(1)];
    const [runs = "", fired = "", wrong = "", seconds = ""] = counts.map(String);
    return [scenario.row, [rowName(scenario.row), title, runs, fired, wrong, seconds]];
  });
  const waiting = open.map(({ row, title, why }): readonly [number, Cells] => [
    row,
    [rowName(row), `${title}: ${why}`, "–", "–", "–", "–"],
  ]);
  return [...done, ...waiting].toSorted(([one], [other]) => one - other).map(([, cells]) => cells);
}

function rowName(row: number): string {
  return row === CONTROL_ROW ? "–" : String(row);
}
