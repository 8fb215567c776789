// Rows 9 to 11, 15 and 17: a restart onto an API server that is stuck in the past. Its lists and watches show the world
// as it was; what is read one object at a time is the truth.

import { setTimeout as pause } from "node:timers/promises";
import { textAt, valueAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld, Workload } from "../fault-world.ts";
import { staleReads } from "../proxy/faults.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import type { Scenario } from "../scenario.ts";
import { lastOrder, must, requestsSince, settledWorld } from "./steps.ts";

/** Long enough for an operator that believes what it sees to act on it. */
const FROZEN_MS = 4_000;

const isCollectionRead = ({ verb }: RequestFacts): boolean => verb === "list" || verb === "watch";

interface Freeze {
  readonly world: FaultWorld;
  readonly load: Workload;
  /** What happens while nobody serves the cluster: the frozen view does not show it. */
  readonly meanwhile: () => Promise<void>;
  /** Judged while the view is frozen and the operator has had its time. */
  readonly check: (from: number) => Promise<void>;
}

/** Kills the operator, changes the world, starts it onto the view of before, and thaws. */
async function restartIntoThePast({ world, load, meanwhile, check }: Freeze): Promise<void> {
  const version = await clusterVersion(world, load);
  await meanwhile();
  const thawed = Promise.withResolvers<undefined>();
  world.kube.add({ name: "frozen in the past", when: isCollectionRead, fault: staleReads(version, thawed.promise) });
  const from = lastOrder(world);
  await world.startOperator();
  await pause(FROZEN_MS);
  await check(from);
  thawed.resolve(undefined);
  world.kube.clear();
}

async function clusterVersion({ rig }: FaultWorld, { team }: Workload): Promise<string> {
  const list = await ok(rig.api.get(`/apis/fairlead.dev/v1/namespaces/${team.namespace}/externalsecrets`));
  return textAt(list, "metadata", "resourceVersion");
}

function secretWrites(world: FaultWorld, namespace: string, from: number): readonly string[] {
  return requestsSince(world, from)
    .filter((request) => request.resource === "secrets" && request.namespace === namespace)
    .filter(({ verb }) => ["create", "patch", "delete"].includes(verb))
    .map(({ verb, name, serverStatus }) => `${verb} ${name} (${serverStatus ?? "unanswered"})`);
}

async function waitGone(world: FaultWorld, path: string): Promise<void> {
  const probe = async (): Promise<true | undefined> =>
    (await world.rig.api.get(path)).status === 404 ? true : undefined;
  await waitUntil(`${path} is gone`, probe, { timeoutMs: 30_000 });
}

function deletedBehind(creationPolicy: "Owner" | "Orphan", fast: boolean): Scenario {
  return {
    row: 9,
    title: `Restart onto a view from before the ExternalSecret was deleted (${creationPolicy})`,
    ...(fast ? { fast: true } : {}),
    async run(world) {
      const { operator, load } = await settledWorld(world, { spec: { target: { creationPolicy } } });
      const { team, names } = load;
      await operator.stop("SIGKILL");
      const { foreigner } = world.expect;
      await restartIntoThePast({
        ...{ world, load },
        async meanwhile() {
          for (const name of names) {
            await ok(foreigner.delete(team.externalSecretPath(name)));
            // Where it is owned, garbage collection may have been faster.
            await foreigner.delete(team.secretPath(name));
            await waitGone(world, team.secretPath(name));
          }
        },
        check: async (from) => {
          const writes = secretWrites(world, team.namespace, from);
          must(writes.length === 0, `writes for ExternalSecrets that do not exist: ${writes.join(", ")}`);
          await Promise.resolve();
        },
      });
      return { fired: 1 };
    },
  };
}

const olderGeneration: Scenario = {
  row: 10,
  title: "Restart onto a view with an older generation",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const [name = ""] = load.names;
    const { team } = load;
    const isOwned = async (): Promise<boolean> =>
      valueAt(await team.secret(name), "metadata", "ownerReferences") !== undefined;
    const version = await clusterVersion(world, load);
    await team.patchExternalSecret(name, { spec: { target: { creationPolicy: "Orphan" } } });
    await waitUntil("the owner reference is gone", async () => ((await isOwned()) ? undefined : true), {
      timeoutMs: 20_000,
    });
    await operator.stop("SIGKILL");
    const thawed = Promise.withResolvers<undefined>();
    world.kube.add({ name: "frozen in the past", when: isCollectionRead, fault: staleReads(version, thawed.promise) });
    await world.startOperator();
    await load.rotate(name);
    await pause(FROZEN_MS);
    must(!(await isOwned()), "the rendering of an older generation was written over that of a newer one");
    thawed.resolve(undefined);
    world.kube.clear();
    await load.rotate();
    await load.settled(30_000);
    must(!(await isOwned()), "the owner reference came back");
    return { fired: 1 };
  },
};

const recreated: Scenario = {
  row: 11,
  title: "Restart onto a view from before the ExternalSecret was deleted and made again",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const { team, names } = load;
    const version = await clusterVersion(world, load);
    for (const name of names) {
      const before = await ok(world.rig.api.get(team.externalSecretPath(name)));
      await ok(world.expect.foreigner.delete(team.externalSecretPath(name)));
      await waitGone(world, team.secretPath(name));
      await team.applyExternalSecret(name, specOf(before));
    }
    await load.settled(30_000);
    await operator.stop("SIGKILL");
    const thawed = Promise.withResolvers<undefined>();
    world.kube.add({ name: "frozen in the past", when: isCollectionRead, fault: staleReads(version, thawed.promise) });
    await world.startOperator();
    await pause(FROZEN_MS);
    for (const name of names) must((await team.secret(name)) !== undefined, `the Secret of the new ${name} is gone`);
    thawed.resolve(undefined);
    world.kube.clear();
    await load.rotate();
    await load.settled(30_000);
    return { fired: 1 };
  },
};

function specOf(object: unknown): Readonly<Record<string, unknown>> {
  const spec: unknown = valueAt(object, "spec");
  return typeof spec === "object" && spec !== null ? { ...spec } : {};
}

const namespaceAgain: Scenario = {
  row: 15,
  title: "Restart onto a view from before the namespace was deleted and made again",
  async run(world) {
    const { operator, load } = await settledWorld(world, { spec: { target: { creationPolicy: "Orphan" } } });
    const { team } = load;
    await operator.stop("SIGKILL");
    world.expect.allowLoss(team.namespace, "*");
    await restartIntoThePast({
      ...{ world, load },
      async meanwhile() {
        const path = `/api/v1/namespaces/${team.namespace}`;
        await ok(world.expect.foreigner.delete(path));
        await waitGone(world, path);
        await ok(world.expect.foreigner.post("/api/v1/namespaces", { metadata: { name: team.namespace } }));
      },
      check: async (from) => {
        const writes = secretWrites(world, team.namespace, from);
        must(writes.length === 0, `writes into a namespace that is another one now: ${writes.join(", ")}`);
        await Promise.resolve();
      },
    });
    return { fired: 1 };
  },
};

const neverObserved: Scenario = {
  row: 17,
  title: "An ExternalSecret is created and deleted, and nobody saw it",
  async run(world) {
    const { load } = await settledWorld(world);
    const { team, names } = load;
    const seen = Promise.withResolvers<undefined>();
    const lists = (request: RequestFacts): boolean =>
      isCollectionRead(request) && request.resource === "externalsecrets";
    const version = await clusterVersion(world, load);
    world.kube.add({ name: "frozen in the past", when: lists, fault: staleReads(version, seen.promise) });
    world.kube.setLink("down");
    world.kube.setLink("open");
    const template = specOf(await ok(world.rig.api.get(team.externalSecretPath(names[0] ?? ""))));
    await team.applyExternalSecret("unseen", { ...template, target: { creationPolicy: "Orphan" } });
    await ok(world.expect.foreigner.delete(team.externalSecretPath("unseen")));
    seen.resolve(undefined);
    world.kube.clear();
    await load.rotate();
    await load.settled(30_000);
    must((await team.secret("unseen")) === undefined, "a Secret was made for an ExternalSecret that is gone");
    return { fired: 1 };
  },
};

export const frozenScenarios: readonly Scenario[] = [
  deletedBehind("Owner", false),
  deletedBehind("Orphan", true),
  olderGeneration,
  recreated,
  namespaceAgain,
  neverObserved,
];
