// Runs the tests of some projects of vitest.config.ts and closes with `N passed, N failed, N skipped`. What broke
// outside of a test counts as failed too.

import { startVitest } from "vitest/node";

const vitest = await startVitest([], { run: true, watch: false, project: process.argv.slice(2) });
const modules = vitest.state.getTestModules();
const tests = modules.flatMap((module) => [...module.children.allTests()]);
const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
const broken = modules.filter((module) => module.state() === "failed" && module.errors().length > 0).length;
const unhandled = vitest.state.getUnhandledErrors().length;
await vitest.close();

const failed = count("failed") + broken + unhandled;
console.log(`${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`);
process.exit(failed > 0 ? 1 : 0);
