// A Secret that did not become what we wrote, however often: somebody races us, or changes what we send. We say who it
// is as far as the Secret shows it, and leave the Secret alone for a while.

import { contestPauseMs } from "../../core/sync/heals.ts";
import { foreignWriter } from "../../core/sync/live-secret.ts";
import { fieldManager } from "../../core/sync/names.ts";
import type { SyncFailure } from "../../core/sync/report.ts";
import { type Enacted, type EnactInput, type LookAgain, refused } from "./enacted.ts";

type Contest = Pick<LookAgain, "why" | "changedKeys">;

export function contested(input: EnactInput, contest: Contest): Enacted {
  const failure = contest.why === "altered" ? altered(input) : raced(input, contest);
  const pauseMs = contestPauseMs(input.memory?.failures ?? 0);
  return { ...refused(input, failure), awaitsTarget: false, pauseMs };
}

function raced({ live, meta, spec }: EnactInput, { changedKeys }: Contest): SyncFailure {
  const manager = live === undefined ? undefined : foreignWriter(live, changedKeys, fieldManager(meta.name));
  return {
    reason: "TargetConflict",
    message: `another writer (field manager ${manager ?? "unknown"}) changes Secret ${spec.target.name} faster than it can be written; stop it, or choose another target name`,
  };
}

/** An admission plugin writes under the field manager of the request: nobody can be named. */
function altered({ spec }: EnactInput): SyncFailure {
  return {
    reason: "TargetConflict",
    message: `Secret ${spec.target.name} is stored otherwise than it is written (a mutating admission webhook or policy); exempt it there, or choose another target name`,
  };
}
