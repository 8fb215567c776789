// Many keys at once: extract, find, rewrite, several stores, and names that cannot be keys.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, listAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { entriesOf, passwordEntry, readyTeam } from "./support/targets.ts";
import { message, type Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

async function putAll(team: Team, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => team.putSecret(name, { v: team.value(name) })));
}

/** What `find` gives for a remote secret of putAll: the whole of it. */
function whole(team: Team, name: string): string {
  return JSON.stringify({ v: team.value(name) });
}

/** Takes what stands before the last part of a key away. */
const LAST_PART = [{ regexp: { source: "^.*/", target: "" } }];

async function syncedData(team: Team, dataFrom: readonly JsonRecord[]): Promise<unknown> {
  await team.applyExternalSecret("db", { dataFrom });
  await team.waitExternalSecret("db");
  return team.secretData("db");
}

describe.concurrent("extract", () => {
  test("takes every property, or those of the object that a property leads to", async () => {
    const team = await readyTeam(world);
    await team.putSecret("all", { user: "app", password: team.value(), inner: { host: "h", port: 5432 } });
    const key = team.key("all");
    expect(await syncedData(team, [{ extract: { key } }, { extract: { key, property: "inner" } }])).toEqual({
      ...{ user: "app", password: team.value(), inner: '{"host":"h","port":5432}' },
      ...{ host: "h", port: "5432" },
    });
  });

  test("follows properties that come and go", async () => {
    const team = await readyTeam(world);
    await team.putSecret("all", { a: team.value("a"), b: team.value("b") });
    await team.applyExternalSecret("db", {
      refreshInterval: "1s",
      dataFrom: [{ extract: { key: team.key("all") } }],
    });
    await team.waitSecretData("db", { a: team.value("a"), b: team.value("b") });
    await team.putSecret("all", { b: team.value("b2"), c: team.value("c") });
    await team.waitSecretData("db", { b: team.value("b2"), c: team.value("c") });
  });

  test.each([
    { strategy: "Default", wanted: ["a_b", "c__d", "_"] },
    { strategy: "Unicode", wanted: ["a_U002f_b", "c_U0020__U00fc_d", "_U1f511_"] },
  ])("makes keys of names by conversionStrategy $strategy", async ({ strategy, wanted }) => {
    const team = await readyTeam(world);
    await team.putSecret("odd", { "a/b": "1", "c üd": "2", "🔑": "3" });
    const data = await syncedData(team, [{ extract: { key: team.key("odd"), conversionStrategy: strategy } }]);
    expect(data).toEqual(Object.fromEntries(wanted.map((key, index) => [key, String(index + 1)])));
  });

  test("later sources win over earlier ones, and data over all", async () => {
    const team = await readyTeam(world);
    await team.putSecret("one", { a: "one", b: "one", c: "one" });
    await team.putSecret("two", { b: "two", c: "two" });
    await team.putSecret("three", { c: team.value() });
    await team.applyExternalSecret("db", {
      dataFrom: [{ extract: { key: team.key("one") } }, { extract: { key: team.key("two") } }],
      data: [dataEntry("c", team.key("three"), "c")],
    });
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({ a: "one", b: "two", c: team.value() });
  });
});

describe.concurrent("find", () => {
  test("takes what lies below a path and matches a name, whole, with keys made of its full name", async () => {
    const team = await readyTeam(world);
    await putAll(team, ["app/db-a", "app/deep/db-b", "app/web", "other/db-c"]);
    const find = { path: `${team.namespace}/app`, name: { regexp: "db-[a-z]$" } };
    expect(await syncedData(team, [{ find }])).toEqual({
      [`${team.namespace}_app_db-a`]: whole(team, "app/db-a"),
      [`${team.namespace}_app_deep_db-b`]: whole(team, "app/deep/db-b"),
    });
    const synced = await team.waitExternalSecret("db");
    expect(message(synced)).toBe("2 keys from 2 remote secrets");
    expect(entriesOf(synced)).toMatchObject([
      { key: `find(path=${team.namespace}/app, name=db-[a-z]$)`, state: "Synced", secretKeysTotal: 2 },
    ]);
  });

  test("mirrors what comes, with its keys rewritten in several steps", async () => {
    const team = await readyTeam(world);
    await putAll(team, ["app/db-a"]);
    const rewrite = [
      { regexp: { source: "^.*/([^/]+)$", target: "$1" } },
      { regexp: { source: "(?P<kind>db)-(.)", target: "${2}_${kind}" } },
    ];
    const find = { path: `${team.namespace}/app`, name: { regexp: "." } };
    await team.applyExternalSecret("db", { refreshInterval: "1s", dataFrom: [{ find, rewrite }] });
    await team.waitSecretData("db", { a_db: whole(team, "app/db-a") });
    await putAll(team, ["app/db-b"]);
    await team.waitSecretData("db", { a_db: whole(team, "app/db-a"), b_db: whole(team, "app/db-b") });
  });

  test("takes what custom metadata tags, all of them, and skips what is soft-deleted", async () => {
    const team = await readyTeam(world);
    await putAll(team, ["app/a", "app/b", "app/c", "app/d"]);
    const tag = (name: string, tags: JsonRecord): Promise<unknown> =>
      team.rig.vault.write(`kv/metadata/${team.key(name)}`, { custom_metadata: tags });
    await Promise.all([
      tag("app/a", { env: "prod", tier: "db" }),
      tag("app/b", { env: "prod", tier: "web" }),
      tag("app/c", { env: "prod", tier: "db" }),
    ]);
    await team.rig.vault.delete(`kv/data/${team.key("app/c")}`);
    const find = { path: `${team.namespace}/app`, tags: { env: "prod", tier: "db" } };
    expect(await syncedData(team, [{ find, rewrite: LAST_PART }])).toEqual({ a: whole(team, "app/a") });
  });

  test("by name skips what is soft-deleted too", async () => {
    const team = await readyTeam(world);
    await putAll(team, ["app/a", "app/b"]);
    await team.rig.vault.delete(`kv/data/${team.key("app/b")}`);
    const find = { path: `${team.namespace}/app`, name: { regexp: "." } };
    expect(await syncedData(team, [{ find, rewrite: LAST_PART }])).toEqual({ a: whole(team, "app/a") });
  });

  test("that meets one denied key fails as a whole", async () => {
    const team = await readyTeam(world);
    await putAll(team, ["app/a", "app/b"]);
    await team.allow(`
path "kv/metadata/${team.namespace}/*" { capabilities = ["read", "list"] }
path "kv/data/${team.namespace}/*" { capabilities = ["read"] }
path "kv/data/${team.namespace}/app/b" { capabilities = ["deny"] }`);
    const find = { path: `${team.namespace}/app`, name: { regexp: "." } };
    await team.applyExternalSecret("db", { dataFrom: [{ find }] });
    await team.waitExternalSecret("db", { ready: "False", reason: "AccessDenied" });
    expect(await team.secret("db")).toBeUndefined();
  });
});

describe.concurrent("a key that cannot be", () => {
  const rows: readonly {
    readonly what: string;
    readonly dataFrom: (key: string) => JsonRecord;
    readonly says: string;
  }[] = [
    {
      what: "two names that become one key",
      dataFrom: (key) => ({ extract: { key } }),
      says: "two values of KEY in store vault have the key a_b; give them different keys by rewrite or conversionStrategy Unicode",
    },
    {
      what: "two names that a rewrite makes one",
      dataFrom: (key) => ({ extract: { key }, rewrite: [{ regexp: { source: "^.*$", target: "same" } }] }),
      says: "two values of KEY in store vault have the key same; give them different keys by rewrite or conversionStrategy Unicode",
    },
    {
      what: "a name that a rewrite makes illegal",
      dataFrom: (key) => ({ extract: { key }, rewrite: [{ regexp: { source: "a", target: "ü$0" } }] }),
      says: '2 of the keys of KEY in store vault cannot be a key of a Secret, such as "?a?b"; rename them there, or by rewrite',
    },
  ];

  test.each(rows)("is MalformedPayload, and nothing is written: $what", async ({ dataFrom, says }) => {
    const team = await readyTeam(world);
    await team.putSecret("clash", { "a/b": team.value("1"), a_b: team.value("2") });
    await team.applyExternalSecret("db", { dataFrom: [dataFrom(team.key("clash"))] });
    const refused = await team.waitExternalSecret("db", { ready: "False", reason: "MalformedPayload" });
    expect(message(refused)).toBe(says.replace("KEY", team.key("clash")));
    expect(await team.secret("db")).toBeUndefined();
  });

  test("is no matter under conversionStrategy Unicode", async () => {
    const team = await readyTeam(world);
    await team.putSecret("clash", { "a/b": "1", a_b: "2" });
    const extract = { key: team.key("clash"), conversionStrategy: "Unicode" };
    expect(await syncedData(team, [{ extract }])).toEqual({ a_U002f_b: "1", a_b: "2" });
  });
});

test("sources of several stores make one Secret; if one store fails, it stays whole and the entry says which", async () => {
  const team = await readyTeam(world);
  await team.rig.vault.write(`kv1/${team.key("old")}`, { a: team.value("v1") });
  await team.applyStore("old", { path: "kv1", version: "v1" });
  const fromOld = { sourceRef: { storeRef: { name: "old" } } };
  await team.applyExternalSecret("db", {
    dataFrom: [{ extract: { key: team.key("old") }, ...fromOld }],
    ...passwordEntry(team),
  });
  const synced = await team.waitExternalSecret("db");
  const wanted = { a: team.value("v1"), password: team.value() };
  expect(await team.secretData("db")).toEqual(wanted);
  expect(message(synced)).toBe("2 keys from 2 remote secrets");
  expect(valueAt(synced, "status", "versionSummary")).toBe("2 keys");
  expect(entriesOf(synced)).toMatchObject([
    { store: "old", key: team.key("old"), secretKeys: ["a"], state: "Synced" },
    { store: "vault", key: team.key("db"), version: "1", secretKeys: ["password"], state: "Synced" },
  ]);

  await team.applyExternalSecret("db", {
    dataFrom: [{ extract: { key: team.key("old") }, sourceRef: { storeRef: { name: "gone" } } }],
    ...passwordEntry(team),
  });
  const failed = await team.waitExternalSecret("db", { ready: "False", reason: "StoreNotFound" });
  expect(listAt(failed, "status", "entries")[0]).toMatchObject({
    store: "gone",
    state: "Failed",
    reason: "StoreNotFound",
  });
  expect(await team.secretData("db")).toEqual(wanted);
});
