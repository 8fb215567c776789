// What an operator costs that has nothing to do: it starts, looks at all ExternalSecrets once, finds them as wanted, and
// rests. Nobody asks it to collect garbage; it is scraped as Prometheus would.

import { setTimeout as pause } from "node:timers/promises";
import { deployOperator } from "../test/testbed/deploy-operator.ts";
import type { RunningOperator } from "../test/testbed/operator.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { waitUntil } from "../test/testbed/wait-until.ts";
import { OPERATOR, WRITES } from "./cold-start.ts";
import { addIdleExternalSecrets } from "./idle-scenario.ts";
import { processUsage } from "./process-usage.ts";
import { productionOperator } from "./production-node.ts";
import { measureRecordHeap, type RecordHeap } from "./record-heap.ts";

export interface IdleMemory {
  readonly count: number;
  /** After the rest, and the highest on the way. */
  readonly rssMb: number;
  readonly peakMb: number;
  /** V8's heap in use as the operator reports it after the rest, garbage included. */
  readonly heapMb: number;
  /** From its start until each was looked at. */
  readonly seconds: number;
  readonly cpuMsPerVisit: number;
  /** Of the visits and the rest together. */
  readonly writes: number;
}

export type IdleFigures = IdleMemory & Pick<RecordHeap, "heapMbPerThousand" | "wireBytes">;

const DEADLINE_MS = 600_000;
const REST_MS = 60_000;
const SCRAPE_MS = 15_000;

/** Adds what is missing of `count` ExternalSecrets. */
export async function measureIdleMemory(rig: Rig, count: number): Promise<IdleFigures> {
  await addIdleExternalSecrets(rig, count);
  const idle = await measureOperator(rig, count);
  const { heapMbPerThousand, wireBytes } = await measureRecordHeap(rig);
  return { ...idle, heapMbPerThousand, wireBytes };
}

async function measureOperator(rig: Rig, count: number): Promise<IdleMemory> {
  const mark = await rig.audit.kubernetes.mark();
  const startedMs = performance.now();
  await using operator = await deployOperator(rig, {
    args: ["--log-level=warn"],
    command: await productionOperator(),
  });
  await operator.waitReady(DEADLINE_MS);
  const allVisited = async (): Promise<true | undefined> =>
    (await sumOf(operator, "fairlead_externalsecret_sync_total")) >= count ? true : undefined;
  await waitUntil(`${count} ExternalSecrets were visited`, allVisited, { timeoutMs: DEADLINE_MS, intervalMs: 5_000 });
  const seconds = (performance.now() - startedMs) / 1000;
  const { cpuMs } = await processUsage(operator.pid);
  for (let restedMs = 0; restedMs < REST_MS; restedMs += SCRAPE_MS) {
    await pause(SCRAPE_MS);
    await operator.metrics();
  }
  const { rssMb, peakMb } = await processUsage(operator.pid);
  const heapMb = (await sumOf(operator, "nodejs_heap_size_used_bytes")) / 1e6;
  const writes = await rig.audit.kubernetes.countSince(mark, { user: OPERATOR, verb: WRITES, resource: COUNTED });
  await operator.stop();
  return { count, rssMb, peakMb, heapMb, seconds, cpuMsPerVisit: cpuMs / count, writes };
}

/** Logins need tokens; everything else would be a write about an ExternalSecret that needs none. */
const COUNTED = ["secrets", "externalsecrets"];

async function sumOf(operator: RunningOperator, series: string): Promise<number> {
  const lines = (await operator.metrics()).split("\n").filter((line) => /^[a-z_]+/.exec(line)?.[0] === series);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
