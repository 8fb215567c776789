// `run.ts --self-test`: breaks invariants for real, behind the operator's back, and shows that the oracle notices each,
// and that it keeps silent about what a scenario declared. A check that cannot fail is a defect.

import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { createKubernetesApi, type KubernetesApi, ok } from "../testbed/kubernetes-api.ts";
import { OPERATOR_NAMESPACE } from "../testbed/deploy-operator.ts";
import { createRestClient } from "../testbed/rest-client.ts";
import { startRig } from "../testbed/rig.ts";
import { runBatch } from "./batch.ts";
import type { FaultWorld, Replica, Workload } from "./fault-world.ts";
import { describeViolation, type Invariant } from "./oracle/violation.ts";
import type { Scenario } from "./scenario.ts";

interface Sabotage {
  readonly title: string;
  /** Invariants that must be reported, among others; none: nothing may be reported at all. */
  readonly breaks: readonly Invariant[];
  act(world: FaultWorld, load: Workload, operator: Replica): Promise<unknown>;
}

/** Longer than the run waits for quiet. */
const NOISE_MS = 40_000;
const LEADER_FLAGS = ["--leader-elect=true", `--leader-election-namespace=${OPERATOR_NAMESPACE}`];

const sabotages: readonly Sabotage[] = [
  {
    title: "an undeclared hand blanks a Secret",
    breaks: ["I1", "I2"],
    act: ({ rig }, { team }) => ok(rig.api.patch(team.secretPath("load-0"), { data: { username: "" } })),
  },
  {
    title: "an undeclared hand deletes a Secret",
    breaks: ["I1"],
    act: ({ rig }, { team }) => ok(rig.api.delete(team.secretPath("load-0"))),
  },
  {
    title: "a declared hand blanks one and deletes another",
    breaks: [],
    async act({ expect }, { team }) {
      await ok(expect.foreigner.patch(team.secretPath("load-0"), { data: { username: "" } }));
      await ok(expect.foreigner.delete(team.secretPath("load-1")));
    },
  },
  {
    title: "a Secret mixes two versions",
    breaks: ["I2"],
    async act({ rig, recorder }, { team, ...load }) {
      const old = recorder.current("Secret", team.namespace, "load-0")?.data.get("username") ?? "";
      await load.rotate();
      await load.settled();
      const username = Buffer.from(old).toString("base64");
      await ok(rig.api.patch(team.secretPath("load-0"), { data: { username } }));
    },
  },
  {
    title: "a Secret goes back to the version before",
    breaks: ["I5"],
    async act({ rig, recorder }, { team, ...load }) {
      const old = recorder.current("Secret", team.namespace, "load-0")?.data ?? new Map<string, string>();
      await load.rotate();
      await load.settled();
      const data = Object.fromEntries(
        [...old].map(([key, text]) => [key, Buffer.from(text).toString("base64")] as const),
      );
      await ok(rig.api.patch(team.secretPath("load-0"), { data }));
    },
  },
  {
    title: "the operator does not bring a rotation",
    breaks: ["I3"],
    async act(_world, load, operator) {
      await operator.signal("SIGSTOP");
      await load.rotate();
    },
  },
  {
    title: "a Secret stays whose ExternalSecret is unknown",
    breaks: ["I3"],
    act: ({ rig }, { team }) => ok(rig.api.post(`/api/v1/namespaces/${team.namespace}/secrets`, orphan())),
  },
  {
    title: "a standby writes",
    breaks: ["I4"],
    async act(world, { team }, operator) {
      const standby = await world.startOperator({ replicaName: "fairlead-1", args: LEADER_FLAGS });
      for (const replica of [operator, standby]) {
        const api = await apiOf(world, replica);
        await ok(api.patch(team.secretPath("load-0"), { metadata: { annotations: { writer: replica.name } } }));
      }
    },
  },
  {
    title: "somebody goes on writing with the operator's token",
    breaks: ["I6"],
    async act(world, { team }, operator) {
      const api = await apiOf(world, operator);
      const untilMs = performance.now() + NOISE_MS;
      const makeNoise = async (): Promise<void> => {
        for (let count = 0; performance.now() < untilMs; count += 1) {
          await api.patch(team.secretPath("load-0"), { metadata: { annotations: { noise: String(count) } } });
          await pause(1_000);
        }
      };
      void makeNoise().catch(() => undefined); // It ends with the rig.
    },
  },
  {
    title: "a status claims a spec that the Secret does not show",
    breaks: ["I7"],
    async act({ rig }, { team }, operator) {
      await operator.signal("SIGSTOP");
      const data = [{ secretKey: "only", remoteRef: { key: team.key("load-0"), property: "password" } }];
      await team.patchExternalSecret("load-0", { spec: { data } });
      await ok(rig.api.patch(`${team.externalSecretPath("load-0")}/status`, { status: { observedGeneration: 2 } }));
      await operator.signal("SIGCONT");
    },
  },
  {
    title: "an Event holds part of a value in base64",
    breaks: ["I8"],
    act: ({ rig, canary }, { team }) =>
      ok(rig.api.post(`/api/v1/namespaces/${team.namespace}/events`, leakyEvent(team.namespace, canary))),
  },
  {
    title: "a request carries a value in its path",
    breaks: ["I8"],
    async act(world, _load, operator) {
      const client = createRestClient({ origin: world.kube.address, caPem: world.kube.caPem });
      const authorization = `Bearer ${await readFile(operator.kubeconfig.tokenPath, "utf8")}`;
      const path = `/api/v1/namespaces/default/configmaps/${world.canary}`;
      await client.call({ method: "GET", path, headers: { authorization } });
      client.close();
    },
  },
];

/** Exit code: 0 if every sabotage was noticed. */
export async function runSelfTest(seed: number, only: string): Promise<number> {
  const chosen = sabotages.filter(({ title }) => title.includes(only));
  const reports = await runBatch({
    scenarios: chosen.map(scenarioOf),
    seed,
    runs: 1,
    timeScale: 0.1,
    startRig: () => startRig(),
    onOutcome: ({ title }, { violations, seconds }) => {
      console.error(`${title} (${seconds.toFixed(1)} s)`);
      for (const violation of violations) console.error(`     noticed: ${describeViolation(violation)}`);
      return "goOn";
    },
  });
  const missed = chosen.filter(({ breaks }, index) => {
    const noticed = new Set(
      reports[index]?.outcomes.flatMap(({ violations }) => violations.map((each) => each.invariant)),
    );
    return breaks.length === 0 ? noticed.size > 0 : !breaks.every((invariant) => noticed.has(invariant));
  });
  for (const { title, breaks } of missed) console.log(`MISSED: ${title} (expected: ${breaks.join(", ") || "silence"})`);
  console.log(
    `seed ${seed}: ${chosen.length - missed.length} of ${chosen.length} acts of sabotage judged as they must be`,
  );
  return missed.length > 0 ? 1 : 0;
}

function scenarioOf({ title, act }: Sabotage): Scenario {
  return {
    row: 0,
    title,
    async run(world) {
      const operator = await world.startOperator({ args: LEADER_FLAGS });
      const load = await world.workload({ team: await world.team(), count: 2, refreshInterval: "2s" });
      await load.settled(30_000);
      await act(world, load, operator);
      return { fired: 1 };
    },
  };
}

/** The API server with the operator's own token, past the proxy. */
async function apiOf({ rig }: FaultWorld, { kubeconfig }: Replica): Promise<KubernetesApi> {
  const token = await readFile(kubeconfig.tokenPath, "utf8");
  const { server, caPem } = rig.handle.kubernetes;
  return createKubernetesApi(
    createRestClient({ origin: server, caPem, headers: { authorization: `Bearer ${token}` } }),
  );
}

/** Garbage collection wants to remove it, and its finalizer keeps it. */
function orphan(): object {
  const owner = {
    apiVersion: "fairlead.dev/v1",
    kind: "ExternalSecret",
    name: "gone",
    uid: "0-0-0-0",
    controller: true,
  };
  const metadata = { name: "orphan", finalizers: ["example.com/keep"], ownerReferences: [owner] };
  return { apiVersion: "v1", kind: "Secret", metadata };
}

function leakyEvent(namespace: string, canary: string): object {
  const message = `synced ${Buffer.from(canary.slice(10, 28)).toString("base64")}`;
  const involvedObject = { apiVersion: "v1", kind: "Secret", namespace, name: "load-0" };
  return { apiVersion: "v1", kind: "Event", metadata: { name: "leaky" }, involvedObject, reason: "Synced", message };
}
