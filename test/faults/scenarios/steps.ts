// Steps that scenarios share.

import { setTimeout as pause } from "node:timers/promises";

import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld, Replica, Workload, WorkloadOptions } from "../fault-world.ts";
import type { LoggedRequest } from "../proxy/proxy-port.ts";
import type { RequestFacts } from "../proxy/rule.ts";

export interface Settled {
  readonly operator: Replica;
  readonly load: Workload;
}

/** An operator, a team and a few ExternalSecrets that are in sync. */
export async function settledWorld(world: FaultWorld, options: Partial<WorkloadOptions> = {}): Promise<Settled> {
  const operator = await world.startOperator();
  const team = options.team ?? (await world.team());
  const load = await world.workload({ count: 3, refreshInterval: "2s", ...options, team });
  await load.settled(30_000);
  return { operator, load };
}

type Asked = Pick<RequestFacts, "verb" | "resource">;

export const isWatch = ({ verb }: Asked): boolean => verb === "watch";

export function isWatchOf(...resources: readonly string[]): (request: Asked) => boolean {
  return (request) => isWatch(request) && resources.includes(request.resource);
}

/** Our own two kinds of informers that matter to a workload. */
export const isWorkloadWatch = isWatchOf("externalsecrets", "secrets");

/** Requests that reached the proxy of the API server after `from`. */
export function requestsSince(world: FaultWorld, from: number): readonly LoggedRequest[] {
  return world.kube.requests().filter(({ order }) => order > from);
}

export function lastOrder(world: FaultWorld): number {
  return world.kube.requests().at(-1)?.order ?? 0;
}

/** Lists begun since: of a paged one its first page, of a streaming one its watch. One object says only how far the server is. */
export function listsSince(world: FaultWorld, from: number): readonly LoggedRequest[] {
  return requestsSince(world, from).filter(
    ({ verb, query }) =>
      (verb === "list" && !query.has("continue") && query.get("limit") !== "1") ||
      (verb === "watch" && query.get("sendInitialEvents") === "true"),
  );
}

/** Resolves with the milliseconds that it took. */
export async function measured(what: string, isThere: () => Promise<boolean>, timeoutMs: number): Promise<number> {
  const startMs = performance.now();
  await waitUntil(what, async () => ((await isThere()) ? true : undefined), { timeoutMs, intervalMs: 20 });
  return performance.now() - startMs;
}

/** Watches that the operator has begun again so far, by its own metrics. */
export async function watchRestarts(operator: Replica): Promise<number> {
  const lines = (await operator.metrics()).match(/^fairlead_watch_restarts_total\{.*$/gm) ?? [];
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** For faults that last: scaled 1:10 outside of the soak. */
export async function last(world: FaultWorld, durationMs: number): Promise<void> {
  await pause(durationMs * world.timeScale);
}

export function must(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence);
}
