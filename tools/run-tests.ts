// Runs vitest over all projects and closes with the one line `N passed, N failed`, which CI reads.
// Exit code: 0 if every test passed and at least one ran, else 1.

import { startVitest } from "vitest/node";

const vitest = await startVitest(process.argv.slice(2), { run: true, watch: false });
const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
const brokenModules = vitest.state
  .getTestModules()
  .filter((module) => module.state() === "failed" && module.errors().length > 0);
const unhandled = vitest.state.getUnhandledErrors().length;
await vitest.close();

const passed = count("passed");
const failed = count("failed") + brokenModules.length + unhandled;
const skipped = count("skipped");
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
