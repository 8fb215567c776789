// What the suites of the contract came to, as one table: a case passes if all its tests do, and says n/a only where the
// list in cases.ts says so. Everything else is a failure, also a case or a store that did not run.

import {
  type ContractCase,
  contractCases,
  type ContractStore,
  notApplicable as listed,
  type StoreKind,
} from "./cases.ts";

export type TestState = "passed" | "failed" | "skipped" | "pending";
export type Cell = "pass" | "n/a" | "FAIL";

/** States of the tests of a case, by name of the store and by case. */
export type ContractResults = ReadonlyMap<string, ReadonlyMap<string, readonly TestState[]>>;
export type AbsentCells = Readonly<Record<StoreKind, Readonly<Partial<Record<ContractCase, string>>>>>;

export interface ContractRow {
  readonly contractCase: ContractCase;
  /** One for each store. */
  readonly cells: readonly Cell[];
}

export function contractTable(
  stores: readonly ContractStore[],
  results: ContractResults,
  absent: AbsentCells = listed,
): readonly ContractRow[] {
  return contractCases.map((contractCase) => ({
    contractCase,
    cells: stores.map(({ name, kind }) =>
      cellOf(results.get(name)?.get(contractCase) ?? [], absent[kind][contractCase] !== undefined),
    ),
  }));
}

export function hasFailure(rows: readonly ContractRow[]): boolean {
  return rows.some(({ cells }) => cells.includes("FAIL"));
}

/** Lines of text, a column for each store. */
export function renderTable(stores: readonly ContractStore[], rows: readonly ContractRow[]): string {
  const lines = [["", ...stores.map(({ name }) => name)], ...rows.map((row) => [row.contractCase, ...row.cells])];
  const [heads = []] = lines;
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellOf(states: readonly TestState[], isListed: boolean): Cell {
  if (states.length === 0) return "FAIL";
  if (isListed) return states.every((state) => state === "skipped") ? "n/a" : "FAIL";
  return states.every((state) => state === "passed") ? "pass" : "FAIL";
}
