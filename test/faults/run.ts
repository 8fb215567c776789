// `make test-faults`: runs the scenarios of the fault table on real servers, prints what came of each, and exits with 1
// where an invariant was broken or a fault did not fire. `--rows` and `--seed` repeat a run; `--help` lists the rest.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startRig } from "../testbed/rig.ts";
import { runBatch } from "./batch.ts";
import { describeViolation } from "./oracle/violation.ts";
import { failuresOf, markdownTable, notesOf, type ScenarioReport, textTable, totalsLine } from "./report.ts";
import type { Outcome } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { CONTROL_ROW, controlRun, silentMinute } from "./scenarios/control.ts";
import { openRows } from "./scenarios/open-rows.ts";
import { runSelfTest } from "./self-test.ts";
import { allScenarios, forgottenRows } from "./table.ts";

const USAGE = `usage: node test/faults/run.ts [OPTION]...
  --seed=N       repeats the run of that seed (default: by the clock)
  --rows=1,4,22  these rows only
  --only=TEXT    scenarios whose title holds the text
  --runs=N       each scenario so often, with a seed of its own (default 1)
  --fast         the subset that runs in make test
  --soak         scenarios of minutes at full length instead of a tenth
  --list         prints the scenarios and ends
  --logs=FOLDER  writes what the operators and proxies logged there, for each run with violations
  --markdown     prints the table as Markdown
  --self-test    breaks invariants for real and shows that each is noticed`;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string" },
    rows: { type: "string" },
    only: { type: "string", default: "" },
    runs: { type: "string", default: "1" },
    fast: { type: "boolean", default: false },
    soak: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    logs: { type: "string" },
    markdown: { type: "boolean", default: false },
    "self-test": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const rows = flags.rows?.split(",").map(Number);
const isWanted = ({ row, title, fast }: Scenario): boolean =>
  (rows === undefined || rows.includes(row)) && title.includes(flags.only) && (!flags.fast || fast === true);
const chosen = allScenarios.filter(isWanted);
const isAll = rows === undefined && flags.only === "" && !flags.fast;

if (flags.help) {
  console.log(USAGE);
} else if (flags.list) {
  for (const { row, title, fast, partly } of chosen) {
    console.log(
      `${String(row).padStart(3)}  ${title}${fast ? " [fast]" : ""}${partly === undefined ? "" : ` (${partly})`}`,
    );
  }
} else if (flags["self-test"]) {
  process.exitCode = await runSelfTest(seed, flags.only);
} else {
  process.exitCode = await runTable();
}

async function runTable(): Promise<number> {
  const forgotten = forgottenRows(allScenarios, openRows);
  const reports = await runBatch({
    scenarios: [controlRun, ...chosen, ...(isAll ? [silentMinute] : [])],
    seed,
    runs: Number(flags.runs),
    timeScale: flags.soak ? 1 : 0.1,
    startRig: () => startRig(),
    onOutcome: printOutcome,
  });
  const open = openRows.filter(({ row }) => isAll || rows?.includes(row) === true);
  const table = flags.markdown ? markdownTable : textTable;
  console.log(`\n${table(reports, open)}\n`);
  for (const note of notesOf(reports)) console.log(note);
  const failed = reports.filter((report) => failuresOf(report).length > 0);
  const notRun = reports.filter(({ outcomes }) => outcomes.length === 0);
  failed.filter((report) => !notRun.includes(report)).forEach(printFailed);
  if (notRun.length > 0) console.log(`\nFAILED: ${notRun.length} scenarios were not run, for the control run failed`);
  if (forgotten.length > 0) console.log(`\nFAILED: the table says nothing of rows ${forgotten.join(", ")}`);
  console.log(`\nseed ${seed}: ${totalsLine(reports)}`);
  return failed.length > 0 || forgotten.length > 0 ? 1 : 0;
}

function printOutcome(
  { row, title }: Scenario,
  { fired, violations, seconds, outputs }: Outcome,
  runSeed: number,
): "goOn" | "stop" {
  const verdict = violations.length === 0 ? "ok  " : "FAIL";
  console.error(`${verdict} row ${row} (seed ${runSeed}, ${fired} faults, ${seconds.toFixed(1)} s) ${title}`);
  for (const violation of violations) console.error(`     ${describeViolation(violation)}`);
  if (flags.logs !== undefined && outputs.length > 0) {
    const path = join(flags.logs, `row-${row}-${title.replaceAll(/[^A-Za-z0-9]+/g, "-")}-${runSeed}.log`);
    mkdirSync(flags.logs, { recursive: true });
    writeFileSync(path, outputs.map(({ where, text }) => `=== ${where}\n${text}\n`).join("\n"));
    console.error(`     logs: ${path}`);
  }
  // What is broken without any fault would look like the work of every fault.
  return row === CONTROL_ROW && violations.length > 0 ? "stop" : "goOn";
}

function printFailed(report: ScenarioReport): void {
  const { row, title } = report.scenario;
  console.log(`\nFAILED row ${row}: ${title}`);
  console.log(`  repeat: node test/faults/run.ts --seed=${seed} --rows=${row} --only=${JSON.stringify(title)}`);
  for (const failure of failuresOf(report)) console.log(`  ${failure}`);
}
