// Builds what scenarios run in: a batch (real servers with the CRDs and manifests that we ship) and, for each run, a
// world of its own with fresh proxies, operators, recorder and canary. Ends what it started.

import { randomUUID } from "node:crypto";
import { createSightings } from "../integration/support/sightings.ts";
import { createTeam, type Team } from "../integration/support/team.ts";
import { createCertificateAuthority } from "../testbed/certificates.ts";
import { OPERATOR_NAMESPACE } from "../testbed/deploy-operator.ts";
import type { NamedText } from "../testbed/leaks.ts";
import type { Rig } from "../testbed/rig.ts";
import type { FaultWorld, Replica, Workload, WorldOptions } from "./fault-world.ts";
import { createExpectations } from "./oracle/expectations.ts";
import { LEASE_NAME } from "./oracle/leaders.ts";
import { startRecorder } from "./oracle/recorder.ts";
import { createRemoteHistory } from "./oracle/remote-history.ts";
import type { Violation } from "./oracle/violation.ts";
import { seededRandom } from "./seeded-random.ts";
import { judgeRecorded, judgeSettling } from "./world/aftermath.ts";
import { replicaWrites, waitQuiet } from "./world/operator-writes.ts";
import { createProxyIdentity, type ProxyIdentity, startProxies } from "./world/proxies.ts";
import { createReplicas } from "./world/replicas.ts";
import { trackedVault } from "./world/tracked-vault.ts";
import { createWorkload } from "./world/workload.ts";

export interface Batch {
  readonly rig: Rig;
  readonly identity: ProxyIdentity;
}

export interface RunOptions {
  /** Of this run alone. */
  readonly seed: number;
  readonly timeScale: number;
}

export interface RunningWorld {
  readonly world: FaultWorld;
  readonly notes: readonly string[];
  /** Faults of the proxies that fired so far. */
  fired(): number;
  /** Ends the faults, judges and cleans up. `isWhole`: the scenario got to its end, so all must settle. */
  finish(isWhole: boolean): Promise<Verdict>;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** For whoever looks for the cause: logs of the operators, requests that the proxies saw. */
  readonly outputs: readonly NamedText[];
}

const NOT_QUIET_MS = 30_000;
const DEFAULT_QUIET_MS = 5_000;
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/${LEASE_NAME}`;
const CLUSTER_STORES = "/apis/fairlead.dev/v1/clustersecretstores";

/** Applies what we ship, and removes what others have left: it would be work for our operators. */
export async function prepareBatch(rig: Rig): Promise<Batch> {
  await rig.kubectl(["apply", "-f", "crds/"]);
  await rig.kubectl(["apply", "-k", "config/default"]);
  await rig.kubectl(["delete", "externalsecrets,secretstores", "--all", "-A"]);
  await rig.api.delete(CLUSTER_STORES);
  await rig.api.delete(LEASE);
  return { rig, identity: await createProxyIdentity(await createCertificateAuthority("fault-proxies")) };
}

export async function startWorld({ rig: bare, identity }: Batch, options: RunOptions): Promise<RunningWorld> {
  await using stack = new AsyncDisposableStack();
  const canary = `canary-${randomUUID().replaceAll("-", "")}`;
  const remotes = createRemoteHistory();
  const rig: Rig = { ...bare, vault: trackedVault(bare.vault, remotes) };
  const mark = await rig.audit.kubernetes.mark();
  const teams: Team[] = [];
  stack.defer(() => cleanCluster(rig, teams));
  const recorder = stack.use(await startRecorder(rig));
  const proxies = stack.use(await startProxies(rig, identity, canary));
  const replicas = stack.use(createReplicas(rig, proxies.kube));
  const expect = createExpectations(rig.api);
  const sightings = createSightings();
  const workloads: Workload[] = [];
  const notes: string[] = [];
  const launchOperator = (which: WorldOptions = {}): Promise<Replica> => replicas.launch(which);
  const world: FaultWorld = {
    ...{ rig, kube: proxies.kube, vault: proxies.vault, recorder, expect, canary, launchOperator },
    note: (text) => void notes.push(text),
    random: seededRandom(options.seed),
    timeScale: options.timeScale,
    async startOperator(which) {
      const replica = await launchOperator(which);
      await replica.waitReady();
      return replica;
    },
    addKubeProxy: proxies.addKube,
    async team() {
      // The store's server is the proxy; the administrator's own client goes on to speak to Vault itself.
      const { address, caPem } = proxies.vault;
      const team = await createTeam({ rig: { ...rig, vault: { ...rig.vault, address, caPem } }, sightings, canary });
      teams.push(team);
      await team.applyStore();
      return team;
    },
    async workload(wanted) {
      const load = await createWorkload({ recorder, expect, canary, remotes }, wanted);
      workloads.push(load);
      return load;
    },
    quiesce: (quietMs = DEFAULT_QUIET_MS) => waitQuiet(rig, replicas.byToken, { quietMs, timeoutMs: NOT_QUIET_MS }),
  };
  const judge = async (isWhole: boolean): Promise<Verdict> => {
    proxies.clear();
    const namespaces = new Set(teams.map(({ namespace }) => namespace));
    const settling = isWhole ? await judgeSettling(world, workloads, namespaces) : [];
    const outputs = await replicas.end();
    const writes = replicaWrites(await rig.audit.kubernetes.since(mark), replicas.byToken);
    const isSettled = isWhole && settling.length === 0;
    const leakingRequests = proxies.leaks();
    const recorded = await judgeRecorded({
      ...{ rig, world, remotes, namespaces, writes, outputs, leakingRequests, isSettled },
    });
    return { violations: [...settling, ...recorded], outputs: [...outputs, ...proxies.logs()] };
  };
  const kept = stack.move();
  return {
    world,
    notes,
    fired: proxies.fired,
    async finish(isWhole) {
      try {
        return await judge(isWhole);
      } finally {
        await kept.disposeAsync();
      }
    },
  };
}

async function cleanCluster({ api }: Rig, teams: readonly Team[]): Promise<void> {
  const own = teams.flatMap(({ namespace }) => [
    `/apis/fairlead.dev/v1/namespaces/${namespace}/externalsecrets`,
    `/apis/fairlead.dev/v1/namespaces/${namespace}/secretstores`,
    `/api/v1/namespaces/${namespace}`,
  ]);
  for (const path of [...own, CLUSTER_STORES, LEASE]) await api.delete(path);
}
