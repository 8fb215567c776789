// `make test-fuzz`: sequences of valid and invalid specs against a real control plane, a real Vault and the operator.
// Arguments: --seed=N (default: by chance, printed), --sequences=N (default 200), --only=N (one sequence), --parallel=N
// (default 8). Exits 1 on a violation, or if nothing was exercised.

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { startRig } from "../testbed/rig.ts";
import { type FuzzOptions, runFuzz } from "./fuzz.ts";
import { isPassed, reportText } from "./report.ts";

const NAMESPACES = 4;

const options = parseOptions();
const progress = { done: 0, violations: 0 };
process.stdout.write(`Seed ${options.seed}: ${options.indexes.length} sequences\n`);
await using rig = await startRig();
const startMs = performance.now();
const report = await runFuzz(rig, {
  ...options,
  onSequence: ({ steps, probes }) => {
    progress.done += 1;
    progress.violations += [...steps, ...probes].flatMap(({ violations }) => violations).length;
    if (progress.done % 25 > 0) return;
    process.stdout.write(
      `${progress.done} of ${options.indexes.length} sequences, ${progress.violations} violations\n`,
    );
  },
});
process.stdout.write(`\n${reportText(report)}, ${Math.round((performance.now() - startMs) / 1000)} s\n`);
process.exitCode = isPassed(report) ? 0 : 1;

function parseOptions(): FuzzOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { seed: text, sequences: text, only: text, parallel: text } });
  const only = values.only === undefined ? undefined : wholeNumber(values.only);
  const count = wholeNumber(values.sequences ?? "200");
  return {
    seed: values.seed === undefined ? randomInt(2 ** 31) : wholeNumber(values.seed),
    indexes: only === undefined ? Array.from({ length: count }, (_, index) => index) : [only],
    parallel: wholeNumber(values.parallel ?? "8"),
    namespaces: only === undefined ? NAMESPACES : 1,
  };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`not a whole number: ${text}`);
  return Number(text);
}
