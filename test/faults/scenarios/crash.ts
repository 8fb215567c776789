// Crashes and stops of the operator itself: rows 1 to 8 of the fault table.

import { enumerateCrashes } from "../crash/crash-enumeration.ts";
import { deleteAroundCrashes } from "../crash/deletions.ts";
import { killAfterLogins, killAgainAndAgain } from "../crash/logins.ts";
import { editWhileDown } from "../crash/spec-edit.ts";
import { enumerateTerminations } from "../crash/terminations.ts";
import type { Scenario } from "../scenario.ts";

/** Points of the fast subset, for each position. */
const SAMPLE = 3;

export const crashScenarios: readonly Scenario[] = [
  {
    row: 1,
    title: "SIGKILL before a call is sent, at some points",
    fast: true,
    run: (world) => enumerateCrashes(world, { position: "before", sample: SAMPLE }),
  },
  {
    row: 1,
    title: "SIGKILL before each call (writes, logins, reads of the store) is sent",
    run: (world) => enumerateCrashes(world, { position: "before" }),
  },
  {
    row: 2,
    title: "SIGKILL after the commit of a call, before its answer, at some points",
    fast: true,
    run: (world) => enumerateCrashes(world, { position: "committed", sample: SAMPLE }),
  },
  {
    row: 2,
    title: "SIGKILL after the commit of each call, before its answer",
    run: (world) => enumerateCrashes(world, { position: "committed" }),
  },
  {
    row: 3,
    title: "SIGKILL right after the answer to each call",
    run: (world) => enumerateCrashes(world, { position: "answered" }),
  },
  {
    row: 4,
    title: "SIGKILL between the Secret and the status, and the spec edited while it is down",
    run: editWhileDown,
  },
  {
    row: 5,
    title: "SIGKILL before, at and during the deletion of an ExternalSecret, by policy",
    run: deleteAroundCrashes,
  },
  { row: 6, title: "SIGKILL right after a Vault login, four times", run: killAfterLogins },
  {
    row: 7,
    title: "SIGKILL every 5 s for 5 min with 1,000 ExternalSecrets",
    partly: "scaled; what needs the refresh engine comes with it",
    run: killAgainAndAgain,
  },
  {
    row: 8,
    title: "SIGTERM before a call is sent, at some points",
    fast: true,
    run: (world) => enumerateTerminations(world, { position: "before", sample: SAMPLE }),
  },
  {
    row: 8,
    title: "SIGTERM before each call is sent",
    run: (world) => enumerateTerminations(world, { position: "before" }),
  },
  {
    row: 8,
    title: "SIGTERM after the commit of each call, before its answer",
    run: (world) => enumerateTerminations(world, { position: "committed" }),
  },
];
