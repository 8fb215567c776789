// `make test-simulation`: many schedules, each from its own seed, shared out to two threads. Prints what was seen, and
// each violation with the seed that repeats it; exits with 1 where there is one, or where a kind of fault never fired.

import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { recordOf } from "../../src/core/unknown.ts";
import { type FaultKind, faultKinds } from "./faults/kinds.ts";
import { LEAST, runSchedule, type ScheduleResult } from "./schedule.ts";

const THREADS = 2;
/** What a schedule leaves behind is garbage at its end: a large nursery spares the collector from copying it. */
const LIMITS = { maxYoungGenerationSizeMb: 192 };
/** Printed in full; of more only the number. */
const SHOWN_VIOLATIONS = 20;

interface Share {
  readonly first: number;
  readonly count: number;
}

interface Tally {
  readonly schedules: number;
  readonly steps: number;
  readonly states: readonly number[];
  readonly fired: ReadonlyMap<FaultKind, number>;
  /** One line each. */
  readonly violations: readonly string[];
  /** Schedules that were less than they must be. One line each, too. */
  readonly meagre: readonly string[];
}

async function runShare({ first, count }: Share): Promise<Tally> {
  const states = new Set<number>();
  const fired = new Map<FaultKind, number>();
  const violations: string[] = [];
  const meagre: string[] = [];
  let steps = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSchedule(seed, { states });
    steps += result.steps;
    for (const [kind, times] of result.fired) fired.set(kind, (fired.get(kind) ?? 0) + times);
    const [worst] = result.violations;
    if (worst !== undefined) violations.push(`seed ${seed}: ${worst.invariant} at ${worst.atMs} ms: ${worst.detail}`);
    else if (isMeagre(result)) meagre.push(`seed ${seed}: ${result.steps} steps, ${result.faults} faults`);
    await setImmediate();
  }
  return { schedules: count, steps, states: [...states], fired, violations, meagre };
}

function isMeagre({ steps, externalSecrets, faults }: ScheduleResult): boolean {
  return steps < LEAST.steps || externalSecrets < LEAST.externalSecrets || faults < LEAST.faults;
}

function inThread(share: Share): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share, resourceLimits: LIMITS });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function shareOf(data: unknown): Share {
  const { first, count } = recordOf(data);
  if (typeof first !== "number" || typeof count !== "number") throw new Error("a thread needs its share");
  return { first, count };
}

async function replay(seed: number): Promise<number> {
  const onNote = (atMs: number, text: string): void =>
    console.log(`${String(Math.round(atMs)).padStart(8)} ms  ${text}`);
  const { violations } = await runSchedule(seed, { states: new Set(), onNote });
  for (const { invariant, atMs, detail } of violations) console.log(`VIOLATION ${invariant} at ${atMs} ms: ${detail}`);
  return violations.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      schedules: { type: "string", default: "100000" },
      replay: { type: "string" },
    },
  });
  if (values.replay !== undefined) return replay(Number(values.replay));
  const [first, schedules] = [Number(values.seed), Number(values.schedules)];
  const size = Math.ceil(schedules / THREADS);
  const shares = Array.from({ length: THREADS }, (_, index) => ({
    first: first + index * size,
    count: Math.min(size, schedules - index * size),
  }));
  const tallies = await Promise.all(shares.map(inThread));
  return report(first, tallies);
}

function report(first: number, tallies: readonly Tally[]): number {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const violations = tallies.flatMap((tally) => tally.violations);
  const meagre = tallies.flatMap((tally) => tally.meagre);
  const firedTimes = faultKinds.map((kind) => ({ kind, times: sum(({ fired }) => fired.get(kind) ?? 0) }));
  const states = new Set(tallies.flatMap((tally) => tally.states)).size;
  console.log(
    `${sum(({ schedules }) => schedules)} schedules from seed ${first}, ${sum(({ steps }) => steps)} steps, ` +
      `${firedTimes.reduce((total, { times }) => total + times, 0)} faults fired, ${states} distinct states`,
  );
  for (const { kind, times } of firedTimes) console.log(`${String(times).padStart(9)}  ${kind}`);
  for (const line of violations.slice(0, SHOWN_VIOLATIONS)) console.log(`VIOLATION ${line}`);
  for (const line of meagre.slice(0, SHOWN_VIOLATIONS)) console.log(`FAILED: too little happened: ${line}`);
  const idle = firedTimes.filter(({ times }) => times === 0).map(({ kind }) => kind);
  if (idle.length > 0) console.log(`FAILED: never fired: ${idle.join(", ")}`);
  console.log(`${violations.length} schedules with violations`);
  return violations.length + idle.length + meagre.length > 0 ? 1 : 0;
}

if (isMainThread) process.exitCode = await main();
else {
  // Calls that are given up each make an error whose stack nobody reads; a replay shows stacks.
  Error.stackTraceLimit = 0;
  const share: unknown = workerData;
  parentPort?.postMessage(await runShare(shareOf(share)));
}
