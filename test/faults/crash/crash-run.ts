// One run of a workload, undisturbed or crashed at one point, and what came of it.

import { setTimeout as pause } from "node:timers/promises";
import type { Team } from "../../integration/support/team.ts";
import type { FaultWorld } from "../fault-world.ts";
import type { OperationCounts } from "../oracle/counts.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import type { Outcome } from "./comparison.ts";
import {
  type Call,
  type CallPoint,
  type CrashPoint,
  describePoint,
  numbered,
  storeCallOf,
  writeOf,
} from "./crash-point.ts";
import { endStateOf, type RunNames } from "./end-state.ts";
import type { Lives } from "./lives.ts";
import type { Phase } from "./reference-workload.ts";
import { type RunObjects, runObjects } from "./run-objects.ts";

/** Where the runs of one scenario take place, one after the other, with one operator for all as long as it lives. */
export interface CrashLab {
  readonly world: FaultWorld;
  readonly team: Team;
  readonly lives: Lives;
  /** Runs so far. */
  runs: number;
}

/** What happens at one point of a run, once. */
export interface Strike {
  readonly point: CrashPoint;
  /** The call is held until it resolves, or the operator is gone. */
  readonly strike: () => Promise<void>;
}

export interface RunOptions {
  readonly phases: readonly Phase[];
  /** Default: the run is undisturbed. */
  readonly strike?: Strike;
}

export interface RunReport extends Outcome {
  /** The operator's calls, in order. */
  readonly calls: readonly CallPoint[];
  /** The operator was killed where it should be. */
  readonly isStruck: boolean;
}

/** I3 allows 10 s from the last fault on; the start of the next operator on a busy machine comes before that. */
const PHASE_LIMIT_MS = 20_000;
/** The garbage collector looks for new kinds each 30 s: kube-controller-manager, garbagecollector.Sync, v1.36. */
const UNDISTURBED_LIMIT_MS = 60_000;
const POLL_MS = 10;
const URGE_MS = 1000;
/** Of the run's own writes. The runner waits longer when the scenario is over. */
const QUIET_MS = 400;
/** How long after its answer was passed on the operator may live at most. */
const MAX_AFTERLIFE_MS = 8;

export async function runWorkload(lab: CrashLab, options: RunOptions): Promise<RunReport> {
  const { phases, strike } = options;
  const { world, team, lives } = lab;
  lab.runs += 1;
  const objects = runObjects(world, team, prefixOf(lab.runs));
  const watch = watchCalls(lab, objects.prefix);
  const armed = strike === undefined ? undefined : arm(lab, objects.prefix, strike);
  const limitMs = strike === undefined ? UNDISTURBED_LIMIT_MS : PHASE_LIMIT_MS;
  const last = phases.slice(-1);
  try {
    for (const phase of phases) await runPhase(objects, phase, limitMs);
    armed?.remove();
    await lives.settled();
    await watch.quiet();
    // A crash near the end is not over yet: what held before it must hold again.
    for (const phase of last) await untilComplete(objects, phase, limitMs);
    await watch.quiet();
    return { ...(await outcomeOf(objects)), calls: numbered(watch.calls), isStruck: armed?.isStruck() ?? false };
  } finally {
    armed?.remove();
    watch.remove();
    await objects.cleanUp();
  }
}

/** Names of the next run begin so. */
export function nextPrefix({ runs }: CrashLab): string {
  return prefixOf(runs + 1);
}

function prefixOf(run: number): string {
  return `r${run}-`;
}

async function runPhase(objects: RunObjects, phase: Phase, limitMs: number): Promise<void> {
  await phase.act(objects);
  await untilComplete(objects, phase, limitMs);
}

async function untilComplete(objects: RunObjects, { name, missing, urge }: Phase, limitMs: number): Promise<void> {
  const startMs = performance.now();
  let urgedMs = startMs;
  for (;;) {
    const what = missing(objects);
    if (what === undefined) return;
    const nowMs = performance.now();
    if (nowMs - startMs > limitMs) throw new Error(`"${name}": after ${limitMs} ms it does not hold that ${what}`);
    if (nowMs - urgedMs > URGE_MS) {
      await urge?.(objects);
      urgedMs = nowMs;
    }
    await pause(POLL_MS);
  }
}

interface WatchedCalls {
  readonly calls: readonly Call[];
  /** Returns when no write of the run has passed for a while. */
  quiet(): Promise<void>;
  remove(): void;
}

/** Rules are asked about each request: these note it, and strike none. */
function watchCalls({ world }: CrashLab, prefix: string): WatchedCalls {
  const calls: Call[] = [];
  let lastMs = performance.now();
  const noting = (read: (request: RequestFacts) => Call | undefined) => (request: RequestFacts) => {
    const call = read(request);
    if (call !== undefined) {
      calls.push(call);
      lastMs = performance.now();
    }
    return false;
  };
  const fault = { kind: "delay", at: "before", delayMs: 0 } as const;
  const rules = [
    world.kube.add({ name: "note writes", when: noting((request) => writeOf(request, prefix)), fault }),
    world.vault.add({ name: "note calls", when: noting((request) => storeCallOf(request, prefix)), fault }),
  ];
  return {
    calls,
    async quiet() {
      for (;;) {
        const leftMs = lastMs + QUIET_MS - performance.now();
        if (leftMs <= 0) return;
        await pause(leftMs);
      }
    },
    remove: () => rules.forEach((rule) => rule.remove()),
  };
}

interface Armed {
  isStruck(): boolean;
  remove(): void;
}

function arm({ world }: CrashLab, prefix: string, { point, strike }: Strike): Armed {
  const isMeant = (request: RequestFacts): boolean => {
    const call = point.server === "vault" ? storeCallOf(request, prefix) : writeOf(request, prefix);
    return call?.id === point.id;
  };
  const active = world[point.server === "vault" ? "vault" : "kube"].add({
    name: `struck ${point.position}`,
    when: isMeant,
    from: point.occurrence,
    times: 1,
    fault: { kind: "hold", at: point.position === "before" ? "before" : "after", until: strike },
  });
  return { isStruck: () => active.fired > 0, remove: active.remove };
}

/** kill -9 at the point, and another operator after it. */
export function crash({ lives, world }: CrashLab, point: CrashPoint, whileDown?: () => Promise<void>): Strike {
  const ending = { signal: "SIGKILL", ...(whileDown === undefined ? {} : { meanwhile: whileDown }) } as const;
  return {
    point,
    async strike() {
      if (point.position === "answered") {
        // The answer passes as soon as this returns.
        lives.replace({ ...ending, afterMs: world.random() * MAX_AFTERLIFE_MS });
        return;
      }
      lives.replace(ending);
      // The call ends with its client.
      await new Promise(() => undefined);
    },
  };
}

async function outcomeOf({ world, team, prefix }: RunObjects): Promise<Outcome> {
  await world.recorder.caughtUp();
  const names: RunNames = { namespace: team.namespace, prefix };
  return {
    endState: endStateOf(world.recorder.revisions(), names),
    counts: ownCounts(world.recorder.counts(team.namespace), prefix),
  };
}

/** Of the run's objects, by KIND/NAME without the prefix. */
function ownCounts(counts: ReadonlyMap<string, OperationCounts>, prefix: string): ReadonlyMap<string, OperationCounts> {
  const own = [...counts].filter(([id]) => id.includes(`/${prefix}`));
  return new Map(own.map(([id, count]) => [id.replace(`/${prefix}`, "/"), count]));
}

export function failureOf(point: CrashPoint, error: unknown): string {
  return `${describePoint(point)}: ${error instanceof Error ? error.message : String(error)}`;
}
