// Rows 12, 13, 33, 34, 37, 39 to 41, 58 and 59: writes that are refused, lost, late, fought over or not ours to make.

import { setTimeout as pause } from "node:timers/promises";
import { type JsonRecord, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { ok, patchTypes } from "../../testbed/kubernetes-api.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld, Workload } from "../fault-world.ts";
import { ambiguousWrite, conflict409, isWrite, kubernetesStatus } from "../proxy/faults.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import { delayEvents } from "../proxy/watch-faults.ts";
import type { Scenario } from "../scenario.ts";
import { isWorkloadWatch, lastOrder, must, requestsSince, settledWorld } from "./steps.ts";

type Asked = Pick<RequestFacts, "verb" | "resource" | "subresource">;

const isOurWrite = (request: Asked): boolean => isWrite(request) && request.resource !== "leases";
const isTargetWrite = (request: Asked): boolean => isWrite(request) && request.resource === "secrets";
const isTargetPatch = ({ verb, resource }: Asked): boolean => verb === "patch" && resource === "secrets";

const takenName: Scenario = {
  row: 12,
  title: "An owned Secret is deleted, and a user makes one of the same name",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const [name = ""] = load.names;
    const { team } = load;
    await operator.stop("SIGKILL");
    await ok(world.expect.foreigner.delete(team.secretPath(name)));
    const own = { metadata: { name }, stringData: { theirs: "kept" } };
    await ok(world.expect.foreigner.post(`/api/v1/namespaces/${team.namespace}/secrets`, own));
    await world.startOperator();
    await team.waitExternalSecret(name, { ready: "False", reason: "TargetNotOwned" });
    must((await team.secretData(name))?.["theirs"] === "kept", "a Secret of somebody else was overwritten");
    await ok(world.expect.foreigner.delete(team.secretPath(name)));
    await load.settled(30_000);
    return { fired: 1 };
  },
};

const LATE_MS = 12_000;

const lateOwnWrites: Scenario = {
  row: 13,
  title: "The operator's own writes reach its cache 12 s late",
  fast: true,
  async run(world) {
    await world.startOperator();
    const team = await world.team();
    const seen = Promise.withResolvers<undefined>();
    const rule = world.kube.add({
      name: "late events",
      when: (request) => isWorkloadWatch(request) && request.name === "",
      // Creations by people pass: else there would be nothing to write.
      fault: delayEvents(seen.promise, ({ type }) => type !== "ADDED" && type !== "BOOKMARK"),
    });
    const from = lastOrder(world);
    const load = await world.workload({ team, count: 3, refreshInterval: "2s" });
    await pause(LATE_MS);
    seen.resolve(undefined);
    await load.settled(30_000);
    await load.rotate();
    await load.settled(30_000);
    const creates = requestsSince(world, from).filter(
      ({ verb, resource }) => verb === "create" && resource === "secrets",
    );
    must(creates.length === load.names.length, `${creates.length} creates of ${load.names.length} Secrets`);
    const patches = requestsSince(world, from).filter(isTargetPatch);
    must(
      patches.length === load.names.length,
      `${patches.length} changes of ${load.names.length} Secrets for one rotation`,
    );
    must(rule.fired > 0, "no event was late");
    return { fired: 0 };
  },
};

/** Each write of each object meets the fault once; the end is as if nothing had been. */
function oncePerObject(row: number, title: string, fault: typeof conflict409, fast: boolean): Scenario {
  return {
    row,
    title,
    ...(fast ? { fast: true } : {}),
    async run(world) {
      const struck = new Set<string>();
      const first = ({ verb, path, subresource }: RequestFacts): boolean => {
        const id = `${verb} ${path} ${subresource}`;
        return !struck.has(id) && struck.add(id).size > 0;
      };
      const isMeant = (request: RequestFacts): boolean =>
        isOurWrite(request) && (row !== 33 || request.verb !== "create") && first(request);
      const rule = world.kube.add({ name: title, when: isMeant, fault: fault() });
      const { load } = await settledWorld(world);
      await load.rotate();
      await load.settled(20_000);
      struck.clear();
      await load.rotate();
      await load.settled(20_000);
      must(rule.fired >= 2 * load.names.length, `it struck only ${rule.fired} writes`);
      const creates = world.kube
        .requests()
        .filter(
          ({ verb, resource, serverStatus }) => verb === "create" && resource === "secrets" && serverStatus === 201,
        );
      must(creates.length === load.names.length, `${creates.length} Secrets were created for ${load.names.length}`);
      return { fired: 0 };
    },
  };
}

const hostileWriter: Scenario = {
  row: 34,
  title: "Another writer overwrites each change of a Secret",
  async run(world) {
    const { load } = await settledWorld(world);
    const [name = ""] = load.names;
    const { team } = load;
    const from = lastOrder(world);
    const body = { stringData: { username: "theirs" } };
    const fight = new AbortController();
    const fighting = overwrite(world, { path: team.secretPath(name), body, signal: fight.signal });
    const wanted = { ready: "False", reason: "TargetConflict", timeoutMs: 60_000 } as const;
    const lost = await team.waitExternalSecret(name, wanted);
    const text = JSON.stringify(valueAt(lost, "status", "conditions"));
    must(text.includes("hostile"), "the condition does not name the other field manager");
    const writes = requestsSince(world, from).filter((request) => isTargetPatch(request) && request.name === name);
    must(writes.length <= 6, `${writes.length} writes in a fight that is lost`);
    fight.abort();
    await fighting;
    await load.rotate(name);
    // The backoff after a lost fight may be minutes; asking for a sync ends it.
    await team.patchExternalSecret(name, { metadata: { annotations: { "fairlead.dev/force-sync": "now" } } });
    await load.settled(30_000);
    return { fired: 1 };
  },
};

interface Fight {
  readonly path: string;
  readonly body: JsonRecord;
  readonly signal: AbortSignal;
}

async function overwrite(world: FaultWorld, { path, body, signal }: Fight): Promise<void> {
  let mine = "";
  while (!signal.aborted) {
    const now = optionalTextAt((await world.rig.api.get(path)).body, "metadata", "resourceVersion") ?? "";
    if (now !== mine) {
      const reply = await world.expect.foreigner.patch(`${path}?fieldManager=hostile`, body, patchTypes.merge);
      mine = optionalTextAt(reply.body, "metadata", "resourceVersion") ?? "";
    }
    await pause(20);
  }
}

const terminal: Scenario = {
  row: 39,
  title: "The API server refuses a write for good (422, 413)",
  async run(world) {
    const { load } = await settledWorld(world);
    const [one = "", other = ""] = load.names;
    const { team } = load;
    const refusal = (name: string, code: number, reason: string) =>
      world.kube.add({
        name: `${code}`,
        when: (request) => isTargetPatch(request) && request.name === name,
        fault: { kind: "answer", answer: kubernetesStatus(code, reason) },
      });
    const rules = [refusal(one, 422, "Invalid"), refusal(other, 413, "RequestEntityTooLarge")];
    await load.rotate();
    for (const name of [one, other]) {
      const stalled = await team.waitExternalSecret(name, { ready: "False", reason: "TargetRejected" });
      must(JSON.stringify(valueAt(stalled, "status", "conditions")).includes('"Stalled"'), "Stalled is not said");
    }
    const from = lastOrder(world);
    await pause(5_000);
    const again = requestsSince(world, from).filter(
      (request) => isTargetWrite(request) && request.name !== load.names[2],
    );
    must(again.length === 0, `${again.length} further tries of a write that is refused for good`);
    for (const rule of rules) rule.remove();
    await load.rotate();
    await load.settled(30_000);
    return { fired: 0 };
  },
};

const fullQuota: Scenario = {
  row: 40,
  title: "The quota of Secrets is full, then it is raised",
  async run(world) {
    await world.startOperator();
    const team = await world.team();
    const path = `/api/v1/namespaces/${team.namespace}/resourcequotas`;
    const quota = (secrets: string): JsonRecord => ({
      metadata: { name: "few" },
      spec: { hard: { "count/secrets": secrets } },
    });
    await ok(world.rig.api.post(path, quota("0")));
    const isCounted = async (): Promise<true | undefined> =>
      valueAt((await world.rig.api.get(`${path}/few`)).body, "status", "hard", "count/secrets") === "0"
        ? true
        : undefined;
    await waitUntil("the quota is in force", isCounted, { timeoutMs: 30_000 });
    const from = lastOrder(world);
    const load = await world.workload({ team, count: 2 });
    const [name = ""] = load.names;
    await team.waitExternalSecret(name, { ready: "False", reason: "TargetRejected" });
    await pause(5_000);
    const tries = requestsSince(world, from).filter(
      ({ verb, resource }) => verb === "create" && resource === "secrets",
    );
    must(tries.length <= 12, `${tries.length} tries to create 2 Secrets into a full quota`);
    await ok(world.rig.api.patch(`${path}/few`, quota("10"), patchTypes.merge));
    await load.settled(40_000);
    return { fired: 1 };
  },
};

const mutatingWebhook: Scenario = {
  row: 41,
  title: "Whatever is written to a Secret comes back altered, as by a mutating webhook",
  async run(world) {
    const { load } = await settledWorld(world);
    const [name = ""] = load.names;
    const { team } = load;
    const from = lastOrder(world);
    const rule = world.kube.add({
      name: "altered after each write",
      when: (request) => isTargetPatch(request) && request.name === name,
      fault: { kind: "hold", at: "after", until: () => alter(world, load, name) },
    });
    await load.rotate(name);
    await team.waitExternalSecret(name, { ready: "False", reason: "TargetConflict", timeoutMs: 60_000 });
    const writes = requestsSince(world, from).filter((request) => isTargetPatch(request) && request.name === name);
    must(writes.length <= 5, `${writes.length} writes against a webhook`);
    rule.remove();
    await load.rotate(name);
    await team.patchExternalSecret(name, { metadata: { annotations: { "fairlead.dev/force-sync": "now" } } });
    await load.settled(30_000);
    return { fired: 0 };
  },
};

async function alter(world: FaultWorld, { team }: Workload, name: string): Promise<void> {
  const body = { stringData: { username: "altered" } };
  await ok(world.expect.foreigner.patch(`${team.secretPath(name)}?fieldManager=webhook`, body, patchTypes.merge));
}

const twoClaims: Scenario = {
  row: 58,
  title: "Two ExternalSecrets name one Secret, over restarts",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const [name = "", from = ""] = load.names;
    const { team } = load;
    const rival = await ok(world.rig.api.get(team.externalSecretPath(from)));
    const spec = valueAt(rival, "spec", "data");
    await team.applyExternalSecret("rival", { target: { name }, data: spec });
    await team.waitExternalSecret("rival", { ready: "False", reason: "TargetConflict" });
    const version = async (): Promise<string | undefined> =>
      optionalTextAt(await team.secret(name), "metadata", "resourceVersion");
    const before = await version();
    let running = operator;
    for (let restart = 0; restart < 2; restart += 1) {
      await running.stop("SIGKILL");
      running = await world.startOperator();
      await pause(2_000);
    }
    must((await version()) === before, "the Secret was written although nothing had changed");
    await load.rotate();
    await load.settled(30_000);
    return { fired: 2 };
  },
};

const immutableTarget: Scenario = {
  row: 59,
  title: "The Secret is immutable and the value rotates",
  async run(world) {
    const { load } = await settledWorld(world, { spec: { target: { immutable: true } } });
    const { team, names } = load;
    const from = lastOrder(world);
    await load.rotate();
    for (const name of names) await team.waitExternalSecret(name, { ready: "False", reason: "TargetImmutable" });
    await pause(5_000);
    const writes = requestsSince(world, from).filter(isTargetWrite);
    must(writes.length <= names.length, `${writes.length} tries to change an immutable Secret`);
    for (const name of names) await ok(world.expect.foreigner.delete(team.secretPath(name)));
    await load.settled(30_000);
    return { fired: 1 };
  },
};

export const writeScenarios: readonly Scenario[] = [
  takenName,
  lateOwnWrites,
  oncePerObject(33, "Each first change of each object answers 409", conflict409, true),
  oncePerObject(37, "Each first write is committed, and its answer lost", ambiguousWrite, true),
  hostileWriter,
  terminal,
  fullQuota,
  mutatingWebhook,
  twoClaims,
  immutableTarget,
];
