// Crash enumeration: a reference run tells which calls the operator makes; then it is killed at each of them, and what
// comes of it is compared with the undisturbed run.

import type { FaultWorld, WorldOptions } from "../fault-world.ts";
import type { ScenarioResult } from "../scenario.ts";
import { differences } from "./comparison.ts";
import { crash, type CrashLab, failureOf, type RunReport, runWorkload, type Strike } from "./crash-run.ts";
import { type CallPoint, common, type CrashPoint, type CrashPosition, describePoint } from "./crash-point.ts";
import { startLives } from "./lives.ts";
import { referencePhases, repeatableEvents } from "./reference-workload.ts";

export interface Enumeration {
  readonly position: CrashPosition;
  /** Which of the calls of the reference run are points. Default: all. */
  readonly isPoint?: (call: CallPoint) => boolean;
  /** So many points, chosen by the seed. Default: all. */
  readonly sample?: number;
}

/** More would only repeat the first ones. */
const SHOWN_FAILURES = 10;

/** An operator and a namespace; its own store is of no use here. */
export async function startLab(world: FaultWorld, options: WorldOptions = {}): Promise<CrashLab> {
  const team = await world.team();
  await world.rig.api.delete(`/apis/fairlead.dev/v1/namespaces/${team.namespace}/secretstores/vault`);
  const lives = await startLives(world, options);
  return { world, team, lives, runs: 0 };
}

/** kill -9 at each point. Throws with what differs from the undisturbed run, point by point. */
export async function enumerateCrashes(world: FaultWorld, enumeration: Enumeration): Promise<ScenarioResult> {
  return enumerateStrikes(await startLab(world), enumeration, crash);
}

/** What is done at a point. */
export type StrikeAt = (lab: CrashLab, point: CrashPoint) => Strike;

export async function enumerateStrikes(
  lab: CrashLab,
  enumeration: Enumeration,
  strikeAt: StrikeAt,
): Promise<ScenarioResult> {
  const { world, lives } = lab;
  const { reference, calls } = await referenceRun(lab);
  const failures: string[] = [];
  const startMs = performance.now();
  for (const point of chosenPoints(world, calls, enumeration)) {
    failures.push(...(await failuresAt(lab, reference, strikeAt(lab, point))));
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  world.note(`${lives.ended} of ${calls.length} calls struck (${enumeration.position}) in ${seconds} s`);
  if (failures.length > 0) throw new Error(shortened(failures).join("\n"));
  // The proxies have counted them.
  return { fired: 0 };
}

function shortened(failures: readonly string[]): readonly string[] {
  const more = failures.length - SHOWN_FAILURES;
  return more > 0 ? [...failures.slice(0, SHOWN_FAILURES), `and ${more} more`] : failures;
}

interface Reference {
  readonly reference: RunReport;
  readonly calls: readonly CallPoint[];
}

/** Twice, so that a difference that no crash explains is known as one. */
async function referenceRun(lab: CrashLab): Promise<Reference> {
  const reference = await runWorkload(lab, { phases: referencePhases });
  const again = await runWorkload(lab, { phases: referencePhases });
  const differing = differences(reference, again);
  if (differing.length > 0) throw new Error(`two undisturbed runs differ: ${differing.join("; ")}`);
  return { reference, calls: common([reference.calls, again.calls]) };
}

function chosenPoints(world: FaultWorld, calls: readonly CallPoint[], enumeration: Enumeration): readonly CrashPoint[] {
  const { position, isPoint = () => true, sample = Number.POSITIVE_INFINITY } = enumeration;
  const points = calls.filter(isPoint).map((call) => ({ ...call, position }));
  if (sample >= points.length) return points;
  const ranked = points.map((point) => ({ point, rank: world.random() }));
  return ranked
    .toSorted((one, other) => one.rank - other.rank)
    .slice(0, sample)
    .map(({ point }) => point);
}

/** What differs from the undisturbed run. */
async function failuresAt(lab: CrashLab, reference: RunReport, strike: Strike): Promise<readonly string[]> {
  const { point } = strike;
  try {
    const report = await runWorkload(lab, { phases: referencePhases, strike });
    if (!report.isStruck) return [`${describePoint(point)}: the call was never made`];
    const differing = differences(reference, report, repeatableEvents);
    return differing.map((difference) => `${describePoint(point)}: ${difference}`);
  } catch (error) {
    return [failureOf(point, error)];
  }
}
