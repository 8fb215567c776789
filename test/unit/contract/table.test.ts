// The table of the contract: what counts as passed, what may be left out, and that nothing is lost.

import { expect, test } from "vitest";
import { contractCases, contractStores, notApplicable, type StoreKind } from "../../contract/cases.ts";
import { type ContractResults, contractTable, hasFailure, renderTable, type TestState } from "../../contract/table.ts";

const stores = [contractStores.azureStub];
const absent = { kv2: {}, kv1: {}, azure: { stage: "no stages" }, aws: {} } as const;

function results(states: Readonly<Record<string, readonly TestState[]>>): ContractResults {
  const perCase = contractCases.map((name): readonly [string, readonly TestState[]] => [
    name,
    states[name] ?? (name === "stage" ? ["skipped"] : ["passed"]),
  ]);
  return new Map([[contractStores.azureStub.name, new Map(perCase)]]);
}

function cellOf(name: string, states: readonly TestState[]): string | undefined {
  const rows = contractTable(stores, results({ [name]: states }), absent);
  return rows.find(({ contractCase }) => contractCase === name)?.cells[0];
}

test.each<{ name: string; states: readonly TestState[]; cell: string }>([
  { name: "found", states: ["passed", "passed"], cell: "pass" },
  { name: "found", states: ["passed", "failed"], cell: "FAIL" },
  { name: "found", states: ["passed", "skipped"], cell: "FAIL" },
  { name: "found", states: ["skipped"], cell: "FAIL" },
  { name: "found", states: ["pending"], cell: "FAIL" },
  { name: "found", states: [], cell: "FAIL" },
  { name: "stage", states: ["skipped"], cell: "n/a" },
  { name: "stage", states: ["passed"], cell: "FAIL" },
  { name: "stage", states: [], cell: "FAIL" },
])("$states of $name is $cell", ({ name, states, cell }) => {
  expect(cellOf(name, states)).toBe(cell);
});

test("a table without a failure has none, and a store that did not run has many", () => {
  expect(hasFailure(contractTable(stores, results({}), absent))).toBe(false);
  expect(hasFailure(contractTable(stores, new Map(), absent))).toBe(true);
});

test("the text has a line for each case and a column for each store", () => {
  const lines = renderTable(stores, contractTable(stores, results({}), absent)).split("\n");
  expect(lines.length).toBe(1 + contractCases.length);
  expect(lines[0]?.trim()).toBe(contractStores.azureStub.name);
  expect(lines.find((line) => line.startsWith("stage"))).toMatch(/n\/a$/);
});

test("what stores cannot have is what was agreed, and nothing else", () => {
  const cells = (kind: StoreKind): readonly string[] => Object.keys(notApplicable[kind]);
  expect([cells("kv2"), cells("azure"), cells("aws")]).toEqual([["stage"], ["stage"], []]);
  expect(cells("kv1")).toEqual([
    ...["version pinned", "older version", "stage", "soft-deleted", "disabled"],
    ...["tags", "version check cheaper than a read"],
  ]);
});
