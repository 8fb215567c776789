// One ExternalSecret with keys from Vault, AWS and Azure, under the operator as it is shipped: each key follows its own
// store, and while one store fails nothing of the Secret changes. Azure is logged in to by workload identity from end to
// end: a token of the real API server, which Entra verifies with the keys that the cluster shows.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createIssuer, EXCHANGE_AUDIENCE } from "../support/federated-issuer.ts";
import { federatedLogins } from "../testbed/azure/cluster-trust.ts";
import { isRecord, type JsonRecord, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { annotate, entriesOf, uidOf } from "./support/targets.ts";
import { message, SERVICE_ACCOUNT, type Team } from "./support/team.ts";
import {
  annotateAccount,
  applyStore,
  azureSpec,
  keyOf,
  OPERATOR_ARGS,
  startThreeStores,
  type StoreName,
  storeNames,
  type ThreeStores,
  threeEntries,
} from "./support/three-stores.ts";
import { startWorld, type World } from "./support/world.ts";

const INSTALL_MS = 10 * 60_000;
const REPAIR_MS = 60_000;

let world: World;
let stores: ThreeStores;
beforeAll(async () => {
  const rig = rigForSuite();
  stores = await startThreeStores(rig, (line) => void process.stderr.write(`${line}\n`));
  world = await startWorld(rig, { args: OPERATOR_ARGS });
}, INSTALL_MS);
afterAll(async () => {
  await world.stop();
  await stores.close();
});

type Versions = Readonly<Record<StoreName, string>>;

/** Writes a new value into each store. */
async function putAll(team: Team, label: string): Promise<Versions> {
  const [vault, aws, azure] = await Promise.all(storeNames.map((name) => stores.put(team, name, team.value(label))));
  return { vault: vault ?? "", aws: aws ?? "", azure: azure ?? "" };
}

function dataOf(team: Team, label: string): Readonly<Record<string, string>> {
  return Object.fromEntries(storeNames.map((name) => [name, team.value(label)]));
}

function entryOf(object: JsonRecord, store: string): JsonRecord {
  const found = entriesOf(object)
    .filter(isRecord)
    .find((entry) => entry["store"] === store);
  return found ?? {};
}

/** Ready, with these versions in the Secret. */
async function waitVersions(team: Team, versions: Versions, timeoutMs = REPAIR_MS): Promise<void> {
  const where = (object: JsonRecord): boolean =>
    storeNames.every((name) => {
      const entry = entryOf(object, name);
      return entry["state"] === "Synced" && entry["version"] === versions[name];
    });
  await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced", where, timeoutMs });
}

async function syncedTeam(): Promise<Team> {
  const team = await world.team();
  const versions = await putAll(team, "old");
  await stores.join(team);
  await team.applyExternalSecret("db", {
    refreshInterval: "1s",
    secretStoreRef: { name: "vault" },
    data: threeEntries(team),
  });
  await waitVersions(team, versions);
  expect(await team.secretData("db")).toEqual(dataOf(team, "old"));
  return team;
}

describe("an ExternalSecret of three stores", () => {
  test("holds a key of each with its version, and follows the rotation of each alone and of all", async () => {
    const team = await syncedTeam();
    expect(message(await team.waitExternalSecret("db"))).toBe("3 keys from 3 remote secrets");
    const wanted = { ...dataOf(team, "old") };
    for (const name of storeNames) {
      const version = await stores.put(team, name, team.value(`new-${name}`));
      wanted[name] = team.value(`new-${name}`);
      await team.waitSecretData("db", wanted);
      const isShown = (object: JsonRecord): boolean => entryOf(object, name)["version"] === version;
      const shown = await team.waitExternalSecret("db", { ready: "True", where: isShown });
      expect(valueAt(shown, "status", "history", 0, "changed")).toMatchObject([{ store: name, to: version }]);
    }
    const versions = await putAll(team, "latest");
    await team.waitSecretData("db", dataOf(team, "latest"));
    await waitVersions(team, versions);
  });

  test.each([
    { store: "vault", how: "denies its key", harm: "deny", reason: "AccessDenied" },
    { store: "vault", how: "is sealed", harm: "fail", reason: "ProviderUnavailable" },
    { store: "aws", how: "denies its key", harm: "deny", reason: "AccessDenied" },
    { store: "aws", how: "lets nobody in", harm: "fail", reason: "Unauthenticated" },
    { store: "azure", how: "denies its key", harm: "deny", reason: "AccessDenied" },
    { store: "azure", how: "lets nobody in", harm: "fail", reason: "Unauthenticated" },
  ] as const)("stays whole while $store $how, and takes all that was rotated after that", async (row) => {
    const { store, harm, reason } = row;
    const team = await syncedTeam();
    const before = await team.secret("db");
    onTestFinished(() => stores.repair(team, store));
    await stores.harm(team, store, harm);
    await team.waitExternalSecret("db", { ready: "False", reason, timeoutMs: REPAIR_MS });
    const versions = await putAll(team, "new");
    const others = storeNames.filter((name) => name !== store);
    await annotate(team, "db", { "fairlead.dev/force-sync": "look-again" });
    const isHeldBack = (object: JsonRecord): boolean =>
      valueAt(object, "status", "lastHandledForceSync") === "look-again" &&
      others.every((name) => entryOf(object, name)["latestVersion"] === versions[name]);
    const where = { ready: "False", reason, where: isHeldBack, timeoutMs: REPAIR_MS } as const;
    const shown = await team.waitExternalSecret("db", where);
    expect(entryOf(shown, store)).toMatchObject({ key: keyOf(team, store), state: "Failed", reason });
    for (const name of others) expect(entryOf(shown, name)).toMatchObject({ state: "Pending" });
    expect(message(shown)).toContain(`store ${store} `);
    expect(await team.secret("db")).toEqual(before);

    await stores.repair(team, store);
    await team.waitSecretData("db", dataOf(team, "new"), REPAIR_MS);
    await waitVersions(team, versions);
    expect(uidOf(await team.secret("db"))).toBe(uidOf(before));
    await team.waitStore(store);
  });
});

describe("workload identity, from the cluster to Key Vault", () => {
  /** A store `azure` and an ExternalSecret of it, with a ServiceAccount. */
  async function applyAzure(team: Team, account: string): Promise<void> {
    await stores.put(team, "azure", team.value());
    await annotateAccount(team, account, stores.cloud);
    await applyStore(team, "azure", azureSpec(stores.cloud, account));
    const data = [dataEntry("password", keyOf(team, "azure"), "password")];
    await team.applyExternalSecret("db", { refreshInterval: "1s", secretStoreRef: { name: "azure" }, data });
  }

  const loginsOf = (team: Team) => {
    const subject = `system:serviceaccount:${team.namespace}:${SERVICE_ACCOUNT}`;
    return federatedLogins(stores.cloud).filter((login) => login.subject === subject);
  };

  test("a ServiceAccount's token, signed by the cluster's key, becomes a Key Vault token and a Secret", async () => {
    const team = await world.team();
    stores.trust.federate(team.namespace, SERVICE_ACCOUNT);
    await applyAzure(team, SERVICE_ACCOUNT);
    await team.waitSecretData("db", { password: team.value() });
    const logins = loginsOf(team);
    const keyIds = (await stores.trust.keys()).keys.map((key) => key["kid"]);
    for (const { keyId, issuer, audience } of logins) {
      expect(keyIds).toContain(keyId);
      expect({ issuer, audience }).toEqual({ issuer: stores.trust.issuer, audience: EXCHANGE_AUDIENCE });
    }
    expect(logins.length).toBeGreaterThan(0);
  });

  test("a ServiceAccount that the application does not trust gets nothing, until it does", async () => {
    const team = await world.team();
    await applyAzure(team, SERVICE_ACCOUNT);
    const store = await team.waitStore("azure", { ready: "False", reason: "Unauthenticated" });
    expect(message(store)).toContain("no federated credential that fits");
    expect(await team.secret("db")).toBeUndefined();
    stores.trust.federate(team.namespace, SERVICE_ACCOUNT);
    await team.waitSecretData("db", { password: team.value() }, REPAIR_MS);
  });

  test("a token that the issuer's keys do not verify gets nothing", async () => {
    const team = await world.team();
    stores.trust.federate(team.namespace, SERVICE_ACCOUNT);
    const { entra } = stores.cloud;
    const keyId = (await stores.trust.keys()).keys[0]?.["kid"];
    const foreign = (await (await createIssuer()).keys()).keys.map((key) => ({ ...key, kid: keyId }));
    entra.trustIssuer(stores.trust.issuer, () => Promise.resolve({ keys: foreign }));
    onTestFinished(() => entra.trustIssuer(stores.trust.issuer, stores.trust.keys));
    await applyAzure(team, SERVICE_ACCOUNT);
    await team.waitStore("azure", { ready: "False", reason: "Unauthenticated" });
    expect(await team.secret("db")).toBeUndefined();
    entra.trustIssuer(stores.trust.issuer, stores.trust.keys);
    await team.waitSecretData("db", { password: team.value() }, REPAIR_MS);
  });
});
