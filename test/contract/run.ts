// Runs the contract suites of all providers, and prints one table, case by store. `--unit` leaves out those that need
// real servers. Exit code 0: every cell passes, or says n/a where the list in cases.ts does.

import { startVitest, type TestModule, type TestSuite } from "vitest/node";
import { contractStores, SUITE_PREFIX } from "./cases.ts";
import { type ContractResults, contractTable, hasFailure, renderTable, type TestState } from "./table.ts";

const UNIT_FLAG = "--unit";
const files = {
  unit: ["vault", "azure", "aws"].map((provider) => `test/unit/providers/${provider}/contract.test.ts`),
  integration: ["vault", "azure", "aws"].map((provider) => `test/integration/${provider}-provider.test.ts`),
};

const isUnitOnly = process.argv.includes(UNIT_FLAG);
const projects: readonly (keyof typeof files)[] = isUnitOnly ? ["unit"] : ["unit", "integration"];
const vitest = await startVitest(
  projects.flatMap((project) => files[project]),
  {
    run: true,
    watch: false,
    project: [...projects],
    testNamePattern: new RegExp(`^${SUITE_PREFIX}`),
    reporters: ["dot"],
  },
);
const modules = vitest.state.getTestModules();
const results = resultsIn(modules);
const unhandled = vitest.state.getUnhandledErrors();
await vitest.close();

const stores = Object.values(contractStores).filter(({ project }) => projects.includes(project));
const rows = contractTable(stores, results);
console.log(renderTable(stores, rows));
process.exit(hasFailure(rows) || unhandled.length > 0 ? 1 : 0);

function resultsIn(modules: readonly TestModule[]): ContractResults {
  const suites = modules.flatMap((module) => [...module.children.suites()]);
  const contracts = suites.filter(({ name }) => name.startsWith(SUITE_PREFIX));
  return new Map(contracts.map((suite) => [suite.name.slice(SUITE_PREFIX.length), casesIn(suite)]));
}

function casesIn(store: TestSuite): ReadonlyMap<string, readonly TestState[]> {
  const cases = [...store.children.suites()];
  return new Map(cases.map((suite) => [suite.name, [...suite.children.allTests()].map((test) => test.result().state)]));
}
