// Runs all tests and closes with the one line `N passed, N failed`, which CI reads. The integration tests wait for real
// servers most of the time, so the other projects, whose servers are their own, run beside them.
// Exit code: 0 if every test passed and at least one ran of each lane, else 1.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** Projects of vitest.config.ts that run one after the other; lanes run side by side. */
const LANES = [["integration"], ["unit", "faults"]] as const;
const COUNTS = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m;

interface LaneResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Its output comes in one piece when it is over, or at once for the lane that shows how things go. */
async function runLane(projects: readonly string[], isShown: boolean): Promise<LaneResult> {
  const lane = spawn(process.execPath, ["tools/run-lane.ts", ...projects], { stdio: ["ignore", "pipe", "inherit"] });
  if (isShown) lane.stdout.pipe(process.stdout, { end: false });
  const output = await text(lane.stdout);
  if (!isShown) process.stdout.write(output);
  const counts = COUNTS.exec(output)?.slice(1).map(Number);
  const [passed = 0, failed = 1, skipped = 0] = counts ?? [];
  return passed === 0 ? { passed, failed: Math.max(1, failed), skipped } : { passed, failed, skipped };
}

const results = await Promise.all(LANES.map((projects, index) => runLane(projects, index === 0)));
const total = (count: keyof LaneResult): number => results.reduce((sum, result) => sum + result[count], 0);
const skipped = total("skipped");
console.log(`${total("passed")} passed, ${total("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(total("failed") > 0 ? 1 : 0);
