// The table of faults: every scenario by its number of design/faults.md, and what has none yet.

import type { OpenRow, Scenario } from "./scenario.ts";
import { absenceScenarios } from "./scenarios/absence.ts";
import { apiServerScenarios } from "./scenarios/api-server.ts";
import { crashScenarios } from "./scenarios/crash.ts";
import { frameScenarios } from "./scenarios/frames.ts";
import { frozenScenarios } from "./scenarios/frozen.ts";
import { leadershipScenarios } from "./scenarios/leadership.ts";
import { misuseScenarios } from "./scenarios/misuse.ts";
import { vaultScenarios } from "./scenarios/vault.ts";
import { watchScenarios } from "./scenarios/watches.ts";
import { writeScenarios } from "./scenarios/writes.ts";

/** Numbers 1 to this one. */
export const LAST_ROW = 60;

const groups: readonly (readonly Scenario[])[] = [
  crashScenarios,
  frozenScenarios,
  apiServerScenarios,
  watchScenarios,
  frameScenarios,
  writeScenarios,
  leadershipScenarios,
  vaultScenarios,
  absenceScenarios,
  misuseScenarios,
];

/** In order of their rows. */
export const allScenarios: readonly Scenario[] = groups.flat().toSorted((one, other) => one.row - other.row);

/** Numbers that the table does not mention at all. */
export function forgottenRows(scenarios: readonly Scenario[], open: readonly OpenRow[]): readonly number[] {
  const known = new Set([...scenarios, ...open].map(({ row }) => row));
  return Array.from({ length: LAST_ROW }, (_, index) => index + 1).filter((row) => !known.has(row));
}
