// What a sync costs, counted in the servers' own audit logs: little when something is new, nothing when nothing is.

import { afterAll, beforeAll, expect, test } from "vitest";
import { valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import type { Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

const OPERATOR = "system:serviceaccount:fairlead-system:fairlead";
const WRITES = ["create", "update", "patch", "delete"];

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

async function readyTeam(): Promise<Team> {
  const team = await world.team();
  await team.applyStore();
  await team.waitStore();
  await team.putSecret("db", { password: team.value() });
  return team;
}

/** Reads of the team's remote key so far, by Vault's audit log. */
async function readsSince(team: Team, mark: { offset: number }): Promise<number> {
  return world.rig.audit.vault.countSince(mark, {
    type: "request",
    operation: "read",
    path: `kv/data/${team.key("db")}`,
  });
}

test("a cold ExternalSecret of one new Secret costs three writes: the Secret, its status, one Event", async () => {
  const team = await readyTeam();
  const mark = await world.rig.audit.kubernetes.mark();
  await team.applyExternalSecret("db", { data: [dataEntry("password", team.key("db"), "password")] });
  await team.waitExternalSecret("db");
  await waitUntil(
    "the Event is written",
    async () => ((await operatorWrites(team, mark)).length >= 3 ? true : undefined),
    {
      timeoutMs: 10_000,
    },
  );
  const writes = await operatorWrites(team, mark);
  expect(
    writes.map(({ verb, resource, subresource }) => `${verb} ${resource} ${subresource}`.trim()).toSorted(),
  ).toEqual(["create events", "create secrets", "patch externalsecrets status"]);
  // A Secret is made only after a look at its ExternalSecret itself, whatever the cache shows.
  expect(await operatorGets(team, mark, "db")).toEqual(["get externalsecrets"]);
});

test("ten refreshes with nothing new log in to Vault once, and write nothing to the API server", async () => {
  const team = await readyTeam();
  await team.applyExternalSecret("db", {
    refreshInterval: "1s",
    data: [dataEntry("password", team.key("db"), "password")],
  });
  await team.waitExternalSecret("db");
  const login = { type: "request", path: "auth/kubernetes/login", operation: "update" } as const;
  const [kubernetesMark, vaultMark] = await Promise.all([
    world.rig.audit.kubernetes.mark(),
    world.rig.audit.vault.mark(),
  ]);
  const tenRefreshes = async (): Promise<true | undefined> =>
    (await readsSince(team, vaultMark)) >= 10 ? true : undefined;
  await waitUntil("ten refreshes", tenRefreshes, { timeoutMs: 60_000, intervalMs: 500 });
  expect(await operatorWrites(team, kubernetesMark)).toEqual([]);
  expect(await world.rig.audit.vault.countSince(vaultMark, login)).toBe(0);
});

test("several keys of one remote secret are one read", async () => {
  const team = await readyTeam();
  const mark = await world.rig.audit.vault.mark();
  const property = (name: string) => dataEntry(name, team.key("db"), "password");
  await team.applyExternalSecret("db", { data: [property("a"), property("b"), property("c")] });
  await team.waitExternalSecret("db");
  expect(await readsSince(team, mark)).toBe(1);
});

test("our own writes to the Secret and to status cause no second sync", async () => {
  const team = await readyTeam();
  const mark = await world.rig.audit.vault.mark();
  await team.applyExternalSecret("db", { data: [dataEntry("password", team.key("db"), "password")] });
  await team.waitExternalSecret("db");
  // The next ExternalSecret's sync shows that the queue has gone on past the echoes of the first.
  await team.applyExternalSecret("later", { data: [dataEntry("password", team.key("db"), "password")] });
  const later = await team.waitExternalSecret("later");
  expect(valueAt(later, "status", "revision")).toBe(1);
  expect(await readsSince(team, mark)).toBe(2);
});

async function operatorGets(team: Team, mark: { offset: number }, object: string): Promise<readonly string[]> {
  const requests = await world.rig.audit.kubernetes.since(mark);
  const gets = requests.filter(({ user, verb, namespace, name }) => {
    return user === OPERATOR && verb === "get" && namespace === team.namespace && name === object;
  });
  return gets.map(({ verb, resource }) => `${verb} ${resource}`);
}

async function operatorWrites(team: Team, mark: { offset: number }) {
  const requests = await world.rig.audit.kubernetes.since(mark);
  return requests.filter(
    ({ user, verb, namespace }) => user === OPERATOR && WRITES.includes(verb) && namespace === team.namespace,
  );
}
