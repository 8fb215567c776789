// Who may use a store: controller classes, namespaces, conditions of ClusterSecretStores, credentials of tenants.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, valueAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import {
  applyClusterStore,
  deleteClusterStore,
  REPAIR_MS,
  waitClusterStore,
  writeOperatorRole,
} from "./support/stores.ts";
import { conditionStatus, OPERATOR, passwordEntry, pastOthers, readyTeam } from "./support/targets.ts";
import { message, SERVICE_ACCOUNT, type Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

async function newTeam(): Promise<Team> {
  const team = await world.team();
  await team.putSecret("db", { password: team.value() });
  return team;
}

function shared(name: string): JsonRecord {
  return { secretStoreRef: { name, kind: "ClusterSecretStore" } };
}

async function label(team: Team, labels: Readonly<Record<string, string | null>>): Promise<void> {
  await ok(team.rig.api.patch(`/api/v1/namespaces/${team.namespace}`, { metadata: { labels } }));
}

describe.concurrent("a store of another controller class", () => {
  test("is left alone entirely, with its ExternalSecrets, until its class is ours", async () => {
    const team = await readyTeam(world);
    await team.applyStore("foreign", {}, { controller: "other" });
    await team.applyExternalSecret("db", { secretStoreRef: { name: "foreign" }, ...passwordEntry(team) });
    await pastOthers(team, "first");
    await pastOthers(team, "second");
    expect(valueAt(await team.store("foreign"), "status")).toEqual({ observedGeneration: -1 });
    expect(valueAt(await team.externalSecret("db"), "status")).toEqual({ observedGeneration: -1 });
    expect(await team.secret("db")).toBeUndefined();
    await team.applyStore("foreign", {}, { controller: "default" });
    await team.waitStore("foreign");
    await team.waitExternalSecret("db");
  });
});

describe.concurrent("a store that is not there", () => {
  test("is StoreNotFound, also if another namespace has it, until it appears", async () => {
    const [team, other] = await Promise.all([newTeam(), readyTeam(world)]);
    await team.applyExternalSecret("db", passwordEntry(team));
    const lost = await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotFound" });
    expect(message(lost)).toBe(
      `SecretStore vault does not exist in namespace ${team.namespace}; create it or correct secretStoreRef`,
    );
    expect(await other.store()).toBeDefined();
    await team.applyStore();
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: 10_000 });
  });

  test("is StoreNotFound for a ClusterSecretStore too, and again once it is deleted, with the Secret kept", async () => {
    const team = await newTeam();
    const name = team.namespace;
    await writeOperatorRole(team);
    await team.applyExternalSecret("db", { ...shared(name), ...passwordEntry(team) });
    const lost = await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotFound" });
    expect(message(lost)).toBe(`ClusterSecretStore ${name} does not exist; create it or correct secretStoreRef`);
    await applyClusterStore(team, name);
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: 10_000 });
    await deleteClusterStore(team, name);
    await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotFound" });
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });
});

describe.concurrent("conditions of a ClusterSecretStore", () => {
  const rows: readonly {
    readonly by: string;
    readonly closed: (team: Team) => JsonRecord;
    readonly open: (team: Team) => JsonRecord;
  }[] = [
    {
      by: "names",
      closed: (team) => ({ namespaces: [`${team.namespace}-other`] }),
      open: (team) => ({ namespaces: ["nobody", team.namespace] }),
    },
    {
      by: "regexes, which match the whole name",
      closed: (team) => ({ namespaceRegexes: [team.namespace.slice(0, -1), team.namespace.slice(1)] }),
      open: (team) => ({ namespaceRegexes: [`${team.namespace.slice(0, -2)}.{2}`] }),
    },
    {
      by: "a selector",
      closed: () => ({ namespaceSelector: { matchLabels: { "example.com/vault": "shared" } } }),
      open: (team) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": team.namespace } } }),
    },
    {
      by: "a selector of all",
      closed: () => ({ namespaceSelector: { matchExpressions: [{ key: "no-such", operator: "Exists" }] } }),
      open: () => ({ namespaceSelector: {} }),
    },
  ];

  test.each(rows)("say by $by which namespaces it serves; the others are StoreNotAllowed", async ({ closed, open }) => {
    const team = await newTeam();
    const name = team.namespace;
    await writeOperatorRole(team);
    await applyClusterStore(team, name, { spec: { conditions: [closed(team)] } });
    await waitClusterStore(team, name);
    await team.applyExternalSecret("db", { ...shared(name), ...passwordEntry(team) });
    const refused = await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotAllowed" });
    expect(message(refused)).toBe(
      `ClusterSecretStore ${name} does not serve namespace ${name}; its spec.conditions say which it serves`,
    );
    expect(conditionStatus(refused, "Stalled")).toBe("False");
    expect(await team.secret("db")).toBeUndefined();
    await applyClusterStore(team, name, { spec: { conditions: [closed(team), open(team)] } });
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: 10_000 });
    await deleteClusterStore(team, name);
  });

  test("are judged anew when the labels of a namespace change, and the Secret is kept", async () => {
    const team = await newTeam();
    const name = team.namespace;
    const conditions = [{ namespaceSelector: { matchLabels: { "example.com/tenant": name } } }];
    await writeOperatorRole(team);
    await applyClusterStore(team, name, { spec: { conditions } });
    await team.applyExternalSecret("db", { ...shared(name), ...passwordEntry(team) });
    await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotAllowed" });
    await label(team, { "example.com/tenant": name });
    await team.waitExternalSecret("db", { ready: "True", timeoutMs: 10_000 });
    await label(team, { "example.com/tenant": null });
    await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotAllowed", timeoutMs: 10_000 });
    expect(await team.secretData("db")).toEqual({ password: team.value() });
    await deleteClusterStore(team, name);
  });

  test("with an invalid regexp make the store InvalidProviderConfig, and never open it", async () => {
    const team = await newTeam();
    const name = team.namespace;
    await applyClusterStore(team, name, { spec: { conditions: [{ namespaceRegexes: ["(", ".*"] }] } });
    const store = await waitClusterStore(team, name, { ready: "False", reason: "InvalidProviderConfig" });
    expect(message(store)).toBe(
      "spec.conditions[0].namespaceRegexes[0]: invalid regular expression: give an RE2 pattern",
    );
    expect(conditionStatus(store, "Stalled")).toBe("True");
    await team.applyExternalSecret("db", { ...shared(name), ...passwordEntry(team) });
    await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotReady" });
    await deleteClusterStore(team, name);
  });
});

test("credentials of the tenant's namespace: the store is Valid, each namespace has its own login and its own outcome", async () => {
  const [team, other] = await Promise.all([newTeam(), newTeam()]);
  const name = team.namespace;
  const auth = { kubernetes: { role: name, serviceAccountRef: { name: SERVICE_ACCOUNT } } };
  const conditions = [{ namespaces: [team.namespace, other.namespace] }];
  const mark = await world.rig.audit.kubernetes.mark();
  await applyClusterStore(team, name, { vault: { auth }, spec: { conditions } });
  const store = await waitClusterStore(team, name, { ready: "True", reason: "Valid" });
  expect(message(store)).toBe("credentials checked per namespace");
  await team.applyExternalSecret("db", { ...shared(name), ...passwordEntry(team) });
  await other.applyExternalSecret("db", { ...shared(name), ...passwordEntry(team) });
  await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
  await other.waitExternalSecret("db", { ready: "False", reason: "Unauthenticated" });
  await waitClusterStore(team, name, { ready: "True", reason: "Valid" });

  const tokens = (await world.rig.audit.kubernetes.since(mark)).filter(
    ({ user, resource, subresource }) => user === OPERATOR && resource === "serviceaccounts" && subresource === "token",
  );
  expect(new Set(tokens.map(({ namespace }) => namespace))).toEqual(new Set([team.namespace, other.namespace]));

  await team.writeRole({ bound_service_account_namespaces: [team.namespace, other.namespace] });
  await other.waitExternalSecret("db", { ready: "True", timeoutMs: REPAIR_MS });
  expect(await other.secretData("db")).toEqual({ password: team.value() });
  await deleteClusterStore(team, name);
});
