// Rows 50 to 52: what is not there, what cannot be read, and answers that are none.

import { setTimeout as pause } from "node:timers/promises";
import { dataEntry } from "../../integration/support/manifests.ts";
import { losses } from "../../integration/support/remote-secrets.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import type { FaultWorld, Workload } from "../fault-world.ts";
import { brokenJson, htmlInsteadOfJson, neverAnswered, otherBody, storeError } from "../proxy/faults.ts";
import type { Fault, RequestFacts } from "../proxy/rule.ts";
import type { Scenario } from "../scenario.ts";
import { must, settledWorld } from "./steps.ts";

const STORE_RECOVERY_MS = 40_000;
/** Two confirmations of an absence are at least that far apart; a force-sync may be the second. */
const CONFIRMED_AFTER_MS = 3_000;

/** Looks twice more, as somebody does who wonders; a deletion policy would act on the second look. */
async function lookAgain({ team }: Workload, name: string): Promise<void> {
  for (const time of ["first", "second"]) {
    await pause(CONFIRMED_AFTER_MS / 2);
    await team.patchExternalSecret(name, { metadata: { annotations: { "fairlead.dev/force-sync": time } } });
  }
  await pause(CONFIRMED_AFTER_MS);
}

const isDataOf = (path: string, key: string): boolean => path === `kv/data/${key}` || path === `kv/metadata/${key}`;

const reallyAbsent: Scenario = {
  row: 50,
  title:
    "A remote secret is soft-deleted, destroyed, deleted for good: each has its reason, and the policy Retain keeps",
  async run(world) {
    const { load } = await settledWorld(world);
    const { team, names } = load;
    for (const [index, loss] of losses.entries()) {
      const name = names[index] ?? "";
      await loss.lose(team, name);
      await team.waitExternalSecret(name, { ready: "False", reason: loss.reason });
      must((await team.secret(name)) !== undefined, `a Secret whose remote was ${loss.how} is gone`);
    }
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    return { fired: losses.length };
  },
};

const confirmedAbsence: Scenario = {
  row: 50,
  title: "Policy Delete: an absence that two looks confirm removes the Secret, and it comes back",
  async run(world) {
    const { load } = await settledWorld(world, { spec: { target: { deletionPolicy: "Delete" } } });
    const [name = ""] = load.names;
    const { team } = load;
    world.expect.allowLoss(team.namespace, name);
    await team.rig.vault.delete(`kv/metadata/${team.key(name)}`);
    await team.waitExternalSecret(name, { ready: "False", reason: "SecretNotFound" });
    await lookAgain(load, name);
    await team.waitExternalSecret(name, { ready: "True", reason: "SecretDeleted", timeoutMs: 60_000 });
    must((await team.secret(name)) === undefined, "the Secret is still there");
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    must((await team.secret(name)) !== undefined, "the Secret did not come back");
    return { fired: 1 };
  },
};

/** No answer of this sort is an absence: under policy Delete the Secret stays. */
function falseAbsence({ row, title, fault, fast }: FalseAbsence): Scenario {
  return {
    row,
    title,
    ...(fast ? { fast: true } : {}),
    async run(world) {
      const { load } = await settledWorld(world, { spec: { target: { deletionPolicy: "Delete" } } });
      const [name = ""] = load.names;
      const { team } = load;
      const isMeant = ({ path }: RequestFacts): boolean => isDataOf(path, team.key(name));
      const rule = world.vault.add({ name: title, when: isMeant, fault });
      await lookAgain(load, name);
      must(rule.fired > 0, "no fault fired");
      must((await team.secret(name)) !== undefined, "the Secret is gone");
      rule.remove();
      await load.rotate();
      await load.settled(STORE_RECOVERY_MS);
      return { fired: 0 };
    },
  };
}

interface FalseAbsence {
  readonly row: number;
  readonly title: string;
  readonly fault: Fault;
  readonly fast?: true;
}

const lostMount: Scenario = {
  row: 50,
  title: "The mount is disabled under policy Delete, and comes back",
  async run(world) {
    const { load } = await settledWorld(world);
    const { team } = load;
    const mount = `lost-${team.namespace}`;
    await team.rig.vault.write(`sys/mounts/${mount}`, { type: "kv", options: { version: "2" } });
    await team.allow(`path "${mount}/*" { capabilities = ["read", "list"] }`);
    await team.rig.vault.putSecret(mount, "db", { password: team.value("mounted") });
    await team.applyStore("mounted", {
      ...{ path: mount, server: world.vault.address },
      caBundle: Buffer.from(world.vault.caPem).toString("base64"),
    });
    const spec = {
      secretStoreRef: { name: "mounted" },
      refreshInterval: "1s",
      target: { deletionPolicy: "Delete" },
      data: [dataEntry("password", "db", "password")],
    };
    await team.applyExternalSecret("mounted", spec);
    await team.waitExternalSecret("mounted");
    await team.rig.vault.delete(`sys/mounts/${mount}`);
    await lookAgain({ ...load }, "mounted");
    must((await team.secret("mounted")) !== undefined, "the Secret is gone with its mount");
    await ok(world.rig.api.delete(team.externalSecretPath("mounted")));
    await team.allow();
    await load.rotate();
    await load.settled(STORE_RECOVERY_MS);
    return { fired: 1 };
  },
};

function oneOfMany(title: string, lose: (world: FaultWorld, key: string) => () => void, reason: string): Scenario {
  return {
    row: 51,
    title: `One of 20 keys ${title}`,
    async run(world) {
      const { load } = await settledWorld(world, { count: 1 });
      const { team } = load;
      const keys = Array.from({ length: 20 }, (_, index) => `many-${index}`);
      const put = (version: string): Promise<unknown> =>
        Promise.all(keys.map((key) => team.putSecret(key, { password: team.value(`${key}-${version}`) })));
      await put("first");
      await team.applyExternalSecret("many", {
        refreshInterval: "2s",
        data: keys.map((key) => dataEntry(key, team.key(key), "password")),
      });
      await team.waitExternalSecret("many");
      const before = JSON.stringify(await team.secretData("many"));
      const release = lose(world, team.key("many-7"));
      await put("second");
      const failed = await team.waitExternalSecret("many", { ready: "False", reason, timeoutMs: 60_000 });
      must(JSON.stringify(failed["status"]).includes("many-7"), "status does not name the key");
      must(JSON.stringify(await team.secretData("many")) === before, "the Secret was changed in part");
      release();
      const wanted = Object.fromEntries(keys.map((key) => [key, team.value(`${key}-second`)]));
      await team.waitSecretData("many", wanted, STORE_RECOVERY_MS);
      return { fired: 0 };
    },
  };
}

const denied = (fault: Fault) => (world: FaultWorld, key: string) => {
  const rule = world.vault.add({ name: key, when: ({ path }) => isDataOf(path, key), fault });
  return (): void => rule.remove();
};

const emptyValue = { data: { data: null, metadata: { version: 2 } } };

export const absenceScenarios: readonly Scenario[] = [
  reallyAbsent,
  confirmedAbsence,
  falseAbsence({ row: 50, title: "404 as a page of HTML", fault: htmlInsteadOfJson(404), fast: true }),
  falseAbsence({
    row: 50,
    title: "404 with an empty list of errors, from a proxy, for a path that exists",
    fault: storeError(404),
  }),
  lostMount,
  oneOfMany("is denied", denied(storeError(403)), "AccessDenied"),
  oneOfMany("is never answered", denied(neverAnswered()), "ProviderUnavailable"),
  falseAbsence({ row: 52, title: "200 with an empty body", fault: otherBody("") }),
  falseAbsence({ row: 52, title: "200 with {}", fault: otherBody({}) }),
  falseAbsence({ row: 52, title: "200 with a page of HTML", fault: htmlInsteadOfJson(200) }),
  falseAbsence({ row: 52, title: "200 with half of the JSON", fault: brokenJson() }),
  falseAbsence({ row: 52, title: "200 with a list where an object is due", fault: otherBody({ data: { data: [] } }) }),
  falseAbsence({ row: 52, title: "200 with data null and no deletion time", fault: otherBody(emptyValue) }),
];
