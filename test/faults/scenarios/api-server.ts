// Rows 14, 19 to 21, 35, 36, 38 and 42: an API server that is away, overloaded, forbids, forgets who we are, or shows
// things late.

import { setTimeout as pause } from "node:timers/promises";
import { optionalTextAt } from "../../testbed/json.ts";
import { ok, patchTypes } from "../../testbed/kubernetes-api.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import { expiredToken, forbidden403, tooManyRequests } from "../proxy/faults.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import { delayEvents, isObjectEvent, mutedWatch } from "../proxy/watch-faults.ts";
import type { Scenario } from "../scenario.ts";
import { isWatchOf, last, lastOrder, must, requestsSince, settledWorld } from "./steps.ts";

const isSecretWrite = ({ verb, resource }: Pick<RequestFacts, "verb" | "resource">): boolean =>
  resource === "secrets" && ["create", "patch", "delete"].includes(verb);

const lateStore: Scenario = {
  row: 14,
  title: "The store is told to use another role while its watch lags",
  async run(world) {
    const { load } = await settledWorld(world);
    const { team, names } = load;
    await team.rig.vault.putPolicy(`${team.namespace}-none`, `path "kv/data/none" { capabilities = ["read"] }`);
    await team.rig.vault.write(`auth/kubernetes/role/${team.namespace}-none`, {
      bound_service_account_names: "reader",
      bound_service_account_namespaces: team.namespace,
      audience: "vault",
      token_policies: [`${team.namespace}-none`],
      token_ttl: "10m",
    });
    const seen = Promise.withResolvers<undefined>();
    const rule = world.kube.add({
      name: "late store",
      when: isWatchOf("secretstores"),
      fault: delayEvents(seen.promise, isObjectEvent),
    });
    const path = `/apis/fairlead.dev/v1/namespaces/${team.namespace}/secretstores/vault`;
    const role = (name: string): object => ({
      spec: { provider: { vault: { auth: { kubernetes: { role: name } } } } },
    });
    await ok(world.rig.api.patch(path, role(`${team.namespace}-none`), patchTypes.merge));
    await rule.firedTimes(1);
    seen.resolve(undefined);
    const [name = ""] = names;
    await team.waitExternalSecret(name, { ready: "False", reason: "AccessDenied" });
    const held = await team.secretData(name);
    await load.rotate();
    await pause(5_000);
    must(
      JSON.stringify(await team.secretData(name)) === JSON.stringify(held),
      "a value that the store's new role may not read was written",
    );
    await ok(world.rig.api.patch(path, role(team.namespace), patchTypes.merge));
    await load.settled(30_000);
    return { fired: 0 };
  },
};

const unseenLabel: Scenario = {
  row: 19,
  title: "An opt-out (suspend) is set and taken back, and nobody saw it",
  async run(world) {
    const { load } = await settledWorld(world);
    const [name = ""] = load.names;
    const { team } = load;
    const seen = Promise.withResolvers<undefined>();
    const rule = world.kube.add({
      name: "late events",
      when: isWatchOf("externalsecrets"),
      fault: delayEvents(seen.promise, isObjectEvent),
    });
    await team.patchExternalSecret(name, { spec: { suspend: true } });
    await team.patchExternalSecret(name, { spec: { suspend: false } });
    await rule.firedTimes(1);
    seen.resolve(undefined);
    await load.rotate();
    await load.settled();
    return { fired: 0 };
  },
};

const storeComesLast: Scenario = {
  row: 21,
  title: "At the start Secrets and ExternalSecrets are known long before their store",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const { team } = load;
    await operator.stop("SIGKILL");
    const known = Promise.withResolvers<undefined>();
    const rule = world.kube.add({
      name: "late list of stores",
      when: ({ verb, resource }) => resource === "secretstores" && (verb === "list" || verb === "watch"),
      fault: { kind: "hold", at: "before", until: () => known.promise },
    });
    const from = lastOrder(world);
    const started = await world.launchOperator();
    await rule.firedTimes(1);
    await pause(4_000);
    const judged = requestsSince(world, from).filter(
      ({ verb, subresource }) => verb === "patch" && subresource === "status",
    );
    must(judged.length === 0, `${judged.length} statuses were written before the stores were known`);
    const ready = await fetch(`${started.origin}/readyz`);
    must(ready.status !== 200, "ready before the stores were known");
    known.resolve(undefined);
    rule.remove();
    await started.waitReady();
    await load.rotate();
    await load.settled();
    const failed = world.recorder
      .revisions()
      .filter((revision) => revision.kind === "ExternalSecret" && revision.namespace === team.namespace)
      .filter(({ object }) => JSON.stringify(object["status"] ?? {}).includes("StoreNotFound"));
    must(failed.length === 0, "a status said that the store does not exist");
    return { fired: 0 };
  },
};

function overloaded(retryAfterSeconds: number | undefined): Scenario {
  const header = retryAfterSeconds === undefined ? "without Retry-After" : `with Retry-After ${retryAfterSeconds}`;
  return {
    row: 35,
    title: `Writes of Secrets answer 429 ${header}`,
    partly:
      "that renewals of the Lease keep their priority needs the FlowSchema component; limits per store come with the refresh engine",
    async run(world) {
      const { load } = await settledWorld(world, { count: 1 });
      const times: number[] = [];
      const isMeant = (request: RequestFacts): boolean => {
        if (!isSecretWrite(request)) return false;
        times.push(performance.now());
        return true;
      };
      world.kube.add({ name: `429 ${header}`, when: isMeant, times: 1, fault: tooManyRequests(retryAfterSeconds) });
      await load.rotate();
      await load.settled(20_000);
      const [first = 0, second = 0] = times;
      const waitedMs = second - first;
      must(times.length === 2, `${times.length} tries, not 2`);
      must(waitedMs >= (retryAfterSeconds ?? 0) * 1000, `tried again after ${Math.round(waitedMs)} ms`);
      must(waitedMs <= (retryAfterSeconds ?? 5) * 1000 + 3_000, `tried again only after ${Math.round(waitedMs)} ms`);
      return { fired: 0 };
    },
  };
}

const OUTAGE_MS = 10 * 60_000;

function outage(signal: "SIGKILL" | "SIGTERM", fast: boolean): Scenario {
  return {
    row: 36,
    title: `The API server is ${signal === "SIGKILL" ? "killed" : "stopped"}, away for minutes, and back`,
    ...(fast ? { fast: true } : {}),
    partly: "the peak of requests after a long outage with thousands of ExternalSecrets is the refresh engine's",
    async run(world) {
      const { operator, load } = await settledWorld(world);
      await world.rig.controlPlane.stopApiServer(signal);
      await (fast ? pause(5_000) : last(world, OUTAGE_MS));
      const before = lastOrder(world);
      await world.rig.controlPlane.startApiServer();
      await load.rotate();
      await load.settled(20_000);
      const lists = requestsSince(world, before).filter(({ verb }) => verb === "list");
      must(lists.length <= 20, `${lists.length} lists after the outage`);
      must((await fetch(`${operator.origin}/readyz`)).status === 200, "not ready after the outage");
      return { fired: 1 };
    },
  };
}

const frozenServer: Scenario = {
  row: 36,
  title: "The API server is frozen (SIGSTOP) for 20 s: connections stay, nothing answers",
  async run(world) {
    const { load } = await settledWorld(world);
    await world.rig.controlPlane.pauseApiServer();
    await pause(20_000);
    await world.rig.controlPlane.resumeApiServer();
    await load.rotate();
    await load.settled(20_000);
    return { fired: 1 };
  },
};

const RECOVERY_MS = 30_000;

const forbidden: Scenario = {
  row: 38,
  title: "Writing Secrets is forbidden in one namespace, then allowed again",
  async run(world) {
    const { load } = await settledWorld(world);
    const other = await world.workload({ team: await world.team(), count: 3, refreshInterval: "2s" });
    await other.settled(30_000);
    const rule = world.kube.add({
      name: "403",
      when: (request) => isSecretWrite(request) && request.namespace === load.team.namespace,
      fault: forbidden403(),
    });
    await load.rotate();
    await other.rotate();
    const [name = ""] = load.names;
    await load.team.waitExternalSecret(name, { ready: "False", reason: "TargetRejected" });
    await other.settled();
    rule.remove();
    await load.settled(RECOVERY_MS);
    return { fired: 0 };
  },
};

const unknownToken: Scenario = {
  row: 42,
  title: "The API server knows the operator's token no more, then the token's file has a new one",
  partly: "rotation of the CA is tried by the tests of the transport",
  async run(world) {
    const { operator, load } = await settledWorld(world);
    const rule = world.kube.add({ name: "401", when: () => true, fault: expiredToken() });
    world.kube.setLink("down");
    world.kube.setLink("open");
    await rule.firedTimes(3);
    await pause(5_000);
    await operator.kubeconfig.renewToken();
    rule.remove();
    await load.rotate();
    await load.settled(60_000);
    return { fired: 1 };
  },
};

const droppedDelete: Scenario = {
  row: 20,
  title: "A Secret is deleted, and its DELETE event is lost for good",
  async run(world) {
    const { operator, load } = await settledWorld(world, { refreshInterval: "5s" });
    const [name = ""] = load.names;
    const { team } = load;
    const rule = world.kube.add({
      name: "lost DELETE",
      when: isWatchOf("secrets"),
      fault: { kind: "frames", pass: ({ type, raw }) => (type === "DELETED" ? [] : [raw]) },
    });
    await ok(world.expect.foreigner.delete(team.secretPath(name)));
    await rule.firedTimes(1);
    // What is lost is found at the latest by the next complete list, which a start is.
    await operator.stop("SIGKILL");
    await world.startOperator();
    await load.settled(20_000);
    return { fired: 1 };
  },
};

const mutedStores: Scenario = {
  row: 14,
  title: "A store is deleted and made again elsewhere while its watch shows nothing",
  async run(world) {
    const { load } = await settledWorld(world);
    const { team } = load;
    const rule = world.kube.add({ name: "muted", when: isWatchOf("secretstores"), fault: mutedWatch() });
    const path = `/apis/fairlead.dev/v1/namespaces/${team.namespace}/secretstores/vault`;
    const before = optionalTextAt((await world.rig.api.get(path)).body, "metadata", "uid");
    await ok(world.rig.api.delete(path));
    await team.applyStore("vault", {
      server: world.vault.address,
      caBundle: Buffer.from(world.vault.caPem).toString("base64"),
    });
    rule.remove();
    world.kube.setLink("down");
    world.kube.setLink("open");
    const isNew = async (): Promise<true | undefined> =>
      optionalTextAt(await team.store(), "metadata", "uid") === before ? undefined : true;
    await waitUntil("the store is another one", isNew, { timeoutMs: 10_000 });
    await team.waitStore();
    await load.rotate();
    await load.settled(30_000);
    return { fired: 1 };
  },
};

export const apiServerScenarios: readonly Scenario[] = [
  lateStore,
  mutedStores,
  unseenLabel,
  droppedDelete,
  storeComesLast,
  overloaded(3),
  overloaded(undefined),
  outage("SIGKILL", true),
  outage("SIGTERM", false),
  frozenServer,
  forbidden,
  unknownToken,
];
