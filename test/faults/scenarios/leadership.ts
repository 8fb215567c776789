// Rows 43 and 44: leaders that sleep beyond their Lease, and Leases that cannot be renewed.

import { setTimeout as pause } from "node:timers/promises";
import { OPERATOR_NAMESPACE } from "../../testbed/deploy-operator.ts";
import { optionalTextAt, textAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import type { RunningOperator } from "../../testbed/operator.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld, Workload } from "../fault-world.ts";
import { serverError } from "../proxy/faults.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import type { Scenario } from "../scenario.ts";
import { lastOrder, must, requestsSince } from "./steps.ts";

const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/fairlead`;
const CRASH_FAILOVER_MS = 17_000;
const GRACEFUL_FAILOVER_MS = 2_000;
const SLEEP_MS = 60_000;
/** A leader may write for 10 s after its last renewal. */
const FENCE_MS = 10_000;

interface Pair {
  readonly leader: RunningOperator;
  readonly standby: RunningOperator;
  readonly load: Workload;
}

async function startReplica(world: FaultWorld, replicaName: string): Promise<RunningOperator> {
  const args = ["--leader-elect", `--leader-election-namespace=${OPERATOR_NAMESPACE}`];
  return world.startOperator({ replicaName, args });
}

async function startPair(world: FaultWorld): Promise<Pair> {
  await world.rig.api.delete(LEASE);
  const leader = await startReplica(world, "fairlead-a");
  await waitHolder(world, "fairlead-a", 10_000);
  const standby = await startReplica(world, "fairlead-b");
  const load = await world.workload({ team: await world.team(), count: 3, refreshInterval: "2s" });
  await load.settled(30_000);
  return { leader, standby, load };
}

async function waitHolder(world: FaultWorld, name: string, timeoutMs: number): Promise<void> {
  const probe = async (): Promise<true | undefined> =>
    optionalTextAt((await world.rig.api.get(LEASE)).body, "spec", "holderIdentity") === name ? true : undefined;
  await waitUntil(`${name} holds the Lease`, probe, { timeoutMs, intervalMs: 20 });
}

/** From a moment of this machine's clock until the Lease was taken. */
async function takeoverMs(world: FaultWorld, sinceMs: number): Promise<number> {
  return Date.parse(textAt(await ok(world.rig.api.get(LEASE)), "spec", "acquireTime")) - sinceMs;
}

const sleepingLeader: Scenario = {
  row: 43,
  title: "The leader is stopped for 60 s (SIGSTOP), then wakes",
  async run(world) {
    const { leader, load } = await startPair(world);
    await leader.signal("SIGSTOP");
    const sinceMs = Date.now();
    await waitHolder(world, "fairlead-b", CRASH_FAILOVER_MS + 10_000);
    await load.rotate();
    await load.settled();
    await pause(Math.max(0, SLEEP_MS - (Date.now() - sinceMs)));
    // So that there would be something to write.
    await load.rotate();
    await leader.signal("SIGCONT");
    const exit = await leader.exited;
    must(exit.code === 1, `a leader that was overtaken ended with ${JSON.stringify(exit)}, not with code 1`);
    await load.settled();
    world.note("a leader stopped for 60 s wrote nothing after it woke, and ended with exit code 1");
    return { fired: 1 };
  },
};

const crashedLeader: Scenario = {
  row: 43,
  title: "The leader is killed; the standby takes over",
  async run(world) {
    const { leader, load } = await startPair(world);
    const killedMs = Date.now();
    await leader.stop("SIGKILL");
    await waitHolder(world, "fairlead-b", CRASH_FAILOVER_MS + 10_000);
    const tookMs = await takeoverMs(world, killedMs);
    must(tookMs <= CRASH_FAILOVER_MS, `the standby took over after ${tookMs} ms`);
    world.note(`crash failover: ${tookMs} ms`);
    await load.rotate();
    await load.settled();
    return { fired: 1 };
  },
};

const stoppedLeader: Scenario = {
  row: 43,
  title: "The leader is told to stop; the standby takes over",
  fast: true,
  async run(world) {
    const { leader, load } = await startPair(world);
    const stoppedMs = Date.now();
    const exit = leader.stop();
    await waitHolder(world, "fairlead-b", 10_000);
    const tookMs = await takeoverMs(world, stoppedMs);
    must(tookMs <= GRACEFUL_FAILOVER_MS, `the standby took over after ${tookMs} ms`);
    world.note(`graceful failover: ${tookMs} ms`);
    await exit;
    await load.rotate();
    await load.settled();
    return { fired: 1 };
  },
};

const isLeaseWrite = ({ verb, resource }: RequestFacts): boolean =>
  resource === "leases" && (verb === "update" || verb === "create");
const isTargetWrite = ({ verb, resource }: Pick<RequestFacts, "verb" | "resource">): boolean =>
  resource === "secrets" && ["create", "patch", "delete"].includes(verb);

const noRenewal: Scenario = {
  row: 44,
  title: "Nobody can renew the Lease: it suspends, and goes on when it can",
  partly: "jumps of the wall clock are tried by unit tests of the fence",
  async run(world) {
    await world.rig.api.delete(LEASE);
    const operator = await startReplica(world, "fairlead-a");
    const load = await world.workload({ team: await world.team(), count: 3, refreshInterval: "2s" });
    await load.settled(30_000);
    const rule = world.kube.add({ name: "lease writes fail", when: isLeaseWrite, fault: serverError(500) });
    await rule.firedTimes(1);
    await pause(FENCE_MS + 1_000);
    const from = lastOrder(world);
    await load.rotate();
    await pause(5_000);
    const written = requestsSince(world, from).filter(isTargetWrite);
    must(written.length === 0, `${written.length} writes of Secrets after the time of the Lease was over`);
    rule.remove();
    await load.settled();
    must(
      (await operator.metrics()).includes('leader_election_master_status{name="fairlead"} 1'),
      "it does not lead again",
    );
    return { fired: 0 };
  },
};

const deafLeader: Scenario = {
  row: 44,
  title: "Only the leader cannot renew: the standby takes over, and the leader ends",
  async run(world) {
    const { leader, load } = await startPair(world);
    const rule = world.kube.add({
      name: "the leader's renewals fail",
      when: (request) => isLeaseWrite(request) && request.body.includes('"fairlead-a"'),
      fault: serverError(503),
    });
    await waitHolder(world, "fairlead-b", CRASH_FAILOVER_MS + 15_000);
    await load.rotate();
    await load.settled();
    rule.remove();
    const exit = await leader.exited;
    must(exit.code === 1, `a leader that was overtaken ended with ${JSON.stringify(exit)}, not with code 1`);
    return { fired: 0 };
  },
};

export const leadershipScenarios: readonly Scenario[] = [
  stoppedLeader,
  crashedLeader,
  sleepingLeader,
  noRenewal,
  deafLeader,
];
