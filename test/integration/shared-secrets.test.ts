// Secrets that are shared, key by key: creationPolicy Merge and CreateOrMerge.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { message, type Team } from "./support/team.ts";
import {
  conditionReason,
  deleteExternalSecret,
  deleteSecret,
  editSecret,
  makeSecret,
  ownersOf,
  passwordEntry,
  pastOthers,
  readyTeam,
  texts,
  waitEvent,
  waitSecret,
} from "./support/targets.ts";
import { dataEntry } from "./support/manifests.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

const SHARED = ["Merge", "CreateOrMerge"];

/** Renders `password` of the remote secret `db` into the Secret `shared` under each of the keys. */
async function applyShared(team: Team, name: string, keys: readonly string[], creationPolicy = "Merge"): Promise<void> {
  const data = keys.map((key) => dataEntry(key, team.key("db"), "password"));
  await team.applyExternalSecret(name, { target: { name: "shared", creationPolicy }, data });
}

describe.concurrent("an ExternalSecret that shares a Secret", () => {
  test("with Merge waits for a Secret that is not there, and fills it when it appears", async () => {
    const team = await readyTeam(world);
    await applyShared(team, "db", ["password"]);
    const missing = await team.waitExternalSecret("db", { ready: "True", reason: "SecretMissing" });
    expect(message(missing)).toContain("Secret shared does not exist yet");
    expect(valueAt(missing, "status", "binding")).toBeUndefined();
    expect(await team.secret("shared")).toBeUndefined();
    await makeSecret(team, "shared", { data: { theirs: team.value("theirs") } });
    const synced = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(valueAt(synced, "status", "binding")).toEqual({ name: "shared" });
    expect(await team.secretData("shared")).toEqual({ theirs: team.value("theirs"), password: team.value() });
  });

  test("with Merge waits again when the Secret is deleted", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "shared");
    await applyShared(team, "db", ["password"]);
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    await deleteSecret(team, "shared");
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretMissing" });
    await makeSecret(team, "shared");
    await team.waitSecretData("shared", { password: team.value() });
  });

  test("with CreateOrMerge makes the Secret where there is none, without an owner reference", async () => {
    const team = await readyTeam(world);
    await applyShared(team, "db", ["password"], "CreateOrMerge");
    await team.waitExternalSecret("db");
    const secret = await team.secret("shared");
    expect(ownersOf(secret)).toEqual([]);
    expect(texts(secret, "labels")).toEqual({
      "fairlead.dev/managed": "true",
      "app.kubernetes.io/managed-by": "fairlead",
    });
    expect(texts(secret, "annotations")).toEqual({});
  });

  test.each(SHARED)(
    "with %s owns only the keys that it renders, and overwrites what a foreign writer holds of them",
    async (policy) => {
      const team = await readyTeam(world);
      await makeSecret(team, "shared", { data: { theirs: team.value("theirs"), password: team.value("foreign") } });
      await applyShared(team, "db", ["password"], policy);
      await team.waitExternalSecret("db");
      expect(await team.secretData("shared")).toEqual({ theirs: team.value("theirs"), password: team.value() });
      const labels = texts(await team.secret("shared"), "labels");
      expect(labels, "the label that our watch selects, but not that we made it").toEqual({
        "fairlead.dev/managed": "true",
      });
      await editSecret(team, "shared", { data: { password: team.value("foreign"), theirs: team.value("newer") } });
      await team.waitSecretData("shared", { theirs: team.value("newer"), password: team.value() });
    },
  );

  test.each(SHARED)("with %s leaves its keys in the Secret when it is deleted", async (policy) => {
    const team = await readyTeam(world);
    await makeSecret(team, "shared", { data: { theirs: team.value("theirs") } });
    await applyShared(team, "db", ["password"], policy);
    await team.waitExternalSecret("db");
    await deleteExternalSecret(team, "db");
    await pastOthers(team);
    expect(await team.secretData("shared")).toEqual({ theirs: team.value("theirs"), password: team.value() });
  });

  test("removes a key that was dropped from its spec", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "shared", { data: { theirs: team.value("theirs") } });
    await applyShared(team, "db", ["a", "b"]);
    await team.waitSecretData("shared", { theirs: team.value("theirs"), a: team.value(), b: team.value() });
    await applyShared(team, "db", ["a"]);
    await team.waitSecretData("shared", { theirs: team.value("theirs"), a: team.value() });
  });

  test("leaves a dropped key that another writer has changed, and an Event says so", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "shared");
    await applyShared(team, "db", ["a", "b"]);
    await team.waitExternalSecret("db");
    await team.patchExternalSecret("db", { spec: { suspend: true } });
    await team.waitExternalSecret("db", { where: (object) => conditionReason(object, "Reconciling") === "Suspended" });
    await editSecret(team, "shared", { data: { b: team.value("foreign") } });
    const data = [dataEntry("a", team.key("db"), "password")];
    await team.patchExternalSecret("db", { spec: { suspend: false, data } });
    expect(await waitEvent(team, "db", "KeyKept")).toContain(
      "kept, because another writer changed it in the Secret: b",
    );
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(await team.secretData("shared")).toEqual({ a: team.value(), b: team.value("foreign") });
  });
});

describe.concurrent("several ExternalSecrets that share a Secret", () => {
  test.each(SHARED)("with %s fill it together where their keys differ", async (policy) => {
    const team = await readyTeam(world);
    if (policy === "Merge") await makeSecret(team, "shared");
    await applyShared(team, "one", ["a"], policy);
    await applyShared(team, "two", ["b"], policy);
    await team.waitSecretData("shared", { a: team.value(), b: team.value() });
    await Promise.all(
      ["one", "two"].map((name) => team.waitExternalSecret(name, { ready: "True", reason: "SecretSynced" })),
    );
  });

  test("conflict per key: who has the key keeps it, until it is freed", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "shared");
    await applyShared(team, "first", ["a", "b"]);
    await team.waitExternalSecret("first", { ready: "True", reason: "SecretSynced" });
    await applyShared(team, "second", ["b", "c"]);
    const refused = await team.waitExternalSecret("second", { ready: "False", reason: "TargetConflict" });
    expect(message(refused)).toContain("ExternalSecret first writes key b of the Secret");
    expect(await team.secretData("shared")).toEqual({ a: team.value(), b: team.value() });
    await applyShared(team, "first", ["a"]);
    await team.waitExternalSecret("second", { ready: "True", reason: "SecretSynced" });
    await team.waitSecretData("shared", { a: team.value(), b: team.value(), c: team.value() });
    await team.waitExternalSecret("first", { ready: "True", reason: "SecretSynced" });
  });

  test("conflict per key with what an extract has rendered, too", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "shared");
    const dataFrom = [{ extract: { key: team.key("db") } }];
    await team.applyExternalSecret("first", { target: { name: "shared", creationPolicy: "Merge" }, dataFrom });
    await team.waitExternalSecret("first", { ready: "True", reason: "SecretSynced" });
    await applyShared(team, "second", ["password"]);
    const refused = await team.waitExternalSecret("second", { ready: "False", reason: "TargetConflict" });
    expect(message(refused)).toContain("ExternalSecret first writes key password of the Secret");
    await deleteExternalSecret(team, "first");
    await team.waitExternalSecret("second", { ready: "True", reason: "SecretSynced" });
  });

  test.each(["Owner", "Orphan"])("do not write into one that another holds under %s", async (creationPolicy) => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("holder", { target: { name: "shared", creationPolicy }, ...passwordEntry(team) });
    await team.waitExternalSecret("holder");
    for (const policy of SHARED) {
      await applyShared(team, policy.toLowerCase(), ["other"], policy);
      const refused = await team.waitExternalSecret(policy.toLowerCase(), { ready: "False", reason: "TargetConflict" });
      expect(message(refused)).toContain("ExternalSecret holder ");
    }
    expect(await team.secretData("shared")).toEqual({ password: team.value() });
  });
});

/** What each policy leaves of our names on a Secret that Owner made. */
const LEAVING: readonly { to: string; mark: boolean; managed: boolean; reference: boolean }[] = [
  { to: "Orphan", mark: true, managed: true, reference: false },
  { to: "Merge", mark: false, managed: true, reference: false },
  { to: "CreateOrMerge", mark: false, managed: true, reference: false },
  { to: "None", mark: false, managed: false, reference: false },
];

describe.concurrent("a change of creationPolicy", () => {
  test.each(LEAVING)("from Owner to $to removes our owner reference in one patch, and keeps the data", async (row) => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db");
    const mark = await world.rig.audit.kubernetes.mark();
    await team.patchExternalSecret("db", { spec: { target: { creationPolicy: row.to } } });
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    const secret = await waitSecret(team, "db", (found) => ownersOf(found).length === 0);
    expect(texts(secret, "annotations")).toEqual(row.mark ? { "fairlead.dev/external-secret": "db" } : {});
    expect("fairlead.dev/managed" in texts(secret, "labels")).toBe(row.managed);
    const patches = (await world.rig.audit.kubernetes.since(mark)).filter(
      ({ verb, resource, namespace }) => verb === "patch" && resource === "secrets" && namespace === team.namespace,
    );
    expect(patches).toHaveLength(1);
    await deleteExternalSecret(team, "db");
    await pastOthers(team);
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });

  test("from Orphan to Owner adds our owner reference", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", { target: { creationPolicy: "Orphan" }, ...passwordEntry(team) });
    await team.waitExternalSecret("db");
    await team.patchExternalSecret("db", { spec: { target: { creationPolicy: "Owner" } } });
    await waitSecret(team, "db", (secret) => ownersOf(secret).length === 1);
  });

  test("from Owner to Merge lets other writers keep keys of their own", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db");
    await team.patchExternalSecret("db", { spec: { target: { creationPolicy: "Merge" } } });
    await waitSecret(team, "db", (secret) => ownersOf(secret).length === 0);
    await editSecret(team, "db", { data: { theirs: team.value("theirs") } });
    await pastOthers(team);
    expect(await team.secretData("db")).toEqual({ theirs: team.value("theirs"), password: team.value() });
  });
});

describe.concurrent("creationPolicy None", () => {
  test("reads and reports versions, and writes no Secret: no binding, no revision", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", {
      refreshInterval: "1s",
      target: { creationPolicy: "None" },
      ...passwordEntry(team),
    });
    const synced = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(message(synced)).toContain("nothing is written");
    expectUnwritten(synced, "1");
    await team.putSecret("db", { password: team.value("new") });
    const where = (object: JsonRecord): boolean => valueAt(object, "status", "entries", 0, "version") === "2";
    expectUnwritten(await team.waitExternalSecret("db", { ready: "True", where }), "2");
    expect(await team.secret("db")).toBeUndefined();
  });

  test("leaves a Secret of that name to whoever made it", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "db", { data: { theirs: team.value() } });
    await team.applyExternalSecret("db", { target: { creationPolicy: "None" }, ...passwordEntry(team) });
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(await team.secretData("db")).toEqual({ theirs: team.value() });
    expect(texts(await team.secret("db"), "labels")).toEqual({});
  });
});

function expectUnwritten(object: JsonRecord, version: string): void {
  expect(valueAt(object, "status", "entries", 0)).toMatchObject({ version, state: "Synced" });
  expect(valueAt(object, "status", "binding")).toBeUndefined();
  expect(valueAt(object, "status", "revision")).toBeUndefined();
}
