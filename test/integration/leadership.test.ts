// Two replicas on one cluster: one writes, the other waits with its caches filled. Who wrote is read from the API
// server's audit log, where each replica shows by its own token. One after the other; each test ends its replicas.

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { AuditMark } from "../testbed/audit-trail.ts";
import { deployOperator, OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from "../testbed/deploy-operator.ts";
import { optionalTextAt, textAt, valueAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import type { KubernetesRequest } from "../testbed/kubernetes-audit.ts";
import type { RunningOperator } from "../testbed/operator.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import type { Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/fairlead`;
const GRACEFUL_MS = 2_000;
const CRASH_MS = 17_000;
/** Longer than a Lease lasts, so that the standby has taken it. */
const STOPPED_MS = 20_000;

interface Replica {
  readonly name: string;
  readonly operator: RunningOperator;
  readonly credentialId: string;
}

const rig = rigForSuite();
const replicas: Replica[] = [];
let world: World;

beforeAll(async () => {
  // Its own operator would lead outside of the election.
  world = await startWorld(rig);
  await world.operator.stop();
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map(({ operator }) => operator.stop("SIGKILL")));
  await rig.api.delete(LEASE);
});
afterAll(async () => {
  await world.stop();
});

async function startReplica(name: string): Promise<Replica> {
  const kubeconfig = await rig.serviceAccountKubeconfig(OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT);
  const operator = await deployOperator(rig, {
    kubeconfigPath: kubeconfig.path,
    replicaName: name,
    args: ["--leader-elect", `--leader-election-namespace=${OPERATOR_NAMESPACE}`, "--log-level=debug"],
  });
  const replica = { name, operator, credentialId: kubeconfig.credentialId };
  replicas.push(replica);
  await operator.waitReady();
  return replica;
}

async function waitLeader({ name }: Replica, timeoutMs = 10_000): Promise<void> {
  const probe = async (): Promise<true | undefined> => ((await holder()) === name ? true : undefined);
  await waitUntil(`${name} leads`, probe, { timeoutMs, intervalMs: 20 });
}

async function holder(): Promise<string | undefined> {
  return optionalTextAt((await rig.api.get(LEASE)).body, "spec", "holderIdentity");
}

async function transitions(): Promise<unknown> {
  return valueAt(await ok(rig.api.get(LEASE)), "spec", "leaseTransitions");
}

/** Starts two, of which the first leads. */
async function startPair(): Promise<readonly [Replica, Replica]> {
  const first = await startReplica("fairlead-a");
  await waitLeader(first);
  return [first, await startReplica("fairlead-b")];
}

/** A team whose one ExternalSecret is looked at every second. */
async function syncedTeam(): Promise<Team> {
  const team = await world.team();
  await team.putSecret("db", { password: team.value("first") });
  await team.applyStore();
  await team.applyExternalSecret("db", {
    refreshInterval: "1s",
    data: [dataEntry("password", team.key("db"), "password")],
  });
  await team.waitSecretData("db", { password: team.value("first") });
  return team;
}

async function rotate(team: Team, label: string): Promise<void> {
  await team.putSecret("db", { password: team.value(label) });
  await team.waitSecretData("db", { password: team.value(label) });
}

async function writesOf({ credentialId }: Replica, since: AuditMark): Promise<readonly KubernetesRequest[]> {
  const verb = ["create", "update", "patch", "delete"] as const;
  const requests = await rig.audit.kubernetes.since(since);
  return requests.filter(
    (request) => request.credentialId === credentialId && verb.some((one) => one === request.verb),
  );
}

/** When the Lease was taken, after a moment of this machine's clock, milliseconds. */
async function takenAfterMs(startMs: number): Promise<number> {
  return Date.parse(textAt(await ok(rig.api.get(LEASE)), "spec", "acquireTime")) - startMs;
}

test("a standby is ready, writes nothing, and takes over within 2 s of a graceful stop", async () => {
  const mark = await rig.audit.kubernetes.mark();
  const [leader, standby] = await startPair();
  const team = await syncedTeam();
  expect(await writesOf(standby, mark)).toEqual([]);
  expect(await standby.operator.metrics()).toContain('leader_election_master_status{name="fairlead"} 0');
  expect(await leader.operator.metrics()).toContain('leader_election_master_status{name="fairlead"} 1');

  const stoppedMs = Date.now();
  const exit = leader.operator.stop();
  await waitLeader(standby);
  expect(await takenAfterMs(stoppedMs)).toBeLessThan(GRACEFUL_MS);
  expect(await exit).toMatchObject({ code: 0 });
  expect(await transitions()).toBe(1);
  await rotate(team, "second");
  expect((await writesOf(standby, mark)).some(({ resource }) => resource === "secrets")).toBe(true);
});

test("a standby takes over within 17 s of a crash", async () => {
  const [leader, standby] = await startPair();
  const team = await syncedTeam();
  const killedMs = Date.now();
  await leader.operator.stop("SIGKILL");
  await waitLeader(standby, CRASH_MS + 10_000);
  expect(await takenAfterMs(killedMs)).toBeLessThan(CRASH_MS);
  await rotate(team, "second");
});

test("a container that starts again goes on with its own Lease at once", async () => {
  const [leader, standby] = await startPair();
  const team = await syncedTeam();
  await leader.operator.stop("SIGKILL");
  const again = await startReplica(leader.name);
  await rotate(team, "second");
  expect(await holder()).toBe(again.name);
  expect(await transitions()).toBe(0);
  expect(standby.operator.pid).toBeGreaterThan(0);
});

test("a leader that was stopped beyond its Lease writes nothing when it wakes, and ends", async () => {
  const [leader, standby] = await startPair();
  const team = await syncedTeam();
  await leader.operator.signal("SIGSTOP");
  const mark = await rig.audit.kubernetes.mark();
  const wakesMs = Date.now() + STOPPED_MS;
  await waitLeader(standby, STOPPED_MS);
  await rotate(team, "second");
  await waitUntil("the leader wakes", () => Promise.resolve(Date.now() > wakesMs ? true : undefined), {
    timeoutMs: STOPPED_MS * 2,
  });
  await leader.operator.signal("SIGCONT");
  expect(await leader.operator.exited).toMatchObject({ code: 1 });
  await rotate(team, "third");
  const tried = (await writesOf(leader, mark)).filter(({ code }) => code < 400);
  expect(tried).toEqual([]);
  expect(await holder()).toBe(standby.name);
});
