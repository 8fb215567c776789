// What the production bundle costs before it has work: time from its start to its first list, and memory at rest.

import { setTimeout as pause } from "node:timers/promises";
import { deployOperator } from "../test/testbed/deploy-operator.ts";
import type { KubernetesRequest } from "../test/testbed/kubernetes-audit.ts";
import type { Rig } from "../test/testbed/rig.ts";
import { OPERATOR } from "./cold-start.ts";
import { processUsage } from "./process-usage.ts";
import { productionOperator } from "./production-node.ts";

export interface StartUp {
  readonly firstListMs: number;
  readonly idleRssMb: number;
}

const REST_MS = 5_000;
const RUNS = 3;

/** Median of three starts with no ExternalSecret; the first list as the API server's audit log saw it arrive. */
export async function measureStartUp(rig: Rig): Promise<StartUp> {
  const runs: StartUp[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await measureOnce(rig));
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
  return {
    firstListMs: median(runs.map((run) => run.firstListMs)),
    idleRssMb: median(runs.map((run) => run.idleRssMb)),
  };
}

async function measureOnce(rig: Rig): Promise<StartUp> {
  const mark = await rig.audit.kubernetes.mark();
  let startedMs = 0;
  await using operator = await deployOperator(rig, { command: await productionOperator() }, () => {
    startedMs = Date.now();
  });
  await operator.waitReady();
  await pause(REST_MS);
  const { rssMb } = await processUsage(operator.pid);
  const requests = await rig.audit.kubernetes.since(mark);
  const lists = requests.filter((request) => request.user === OPERATOR && isList(request));
  if (lists.length === 0) throw new Error("the API server saw no list of the operator");
  const firstMs = Math.min(...lists.map((request) => Date.parse(request.at)));
  await operator.stop();
  return { firstListMs: firstMs - startedMs, idleRssMb: rssMb };
}

/** A list in pages, or the stream that begins with the state of everything. */
function isList({ verb, path }: KubernetesRequest): boolean {
  const { searchParams } = new URL(path, "https://kubernetes");
  return verb === "list" || (verb === "watch" && searchParams.get("sendInitialEvents") === "true");
}
