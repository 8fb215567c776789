// The main job: values come from Vault, versions show in status, rotations arrive, and nothing is written for nothing.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { message } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

describe.concurrent("an ExternalSecret", () => {
  test("holds two properties of one remote secret, and says which version", async () => {
    const team = await world.team();
    await team.applyStore();
    await team.putSecret("db", { username: "app", password: team.value() });
    await team.applyExternalSecret("db", {
      target: { name: "credentials" },
      data: [dataEntry("username", team.key("db"), "username"), dataEntry("password", team.key("db"), "password")],
    });
    const synced = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(await team.secretData("credentials")).toEqual({ username: "app", password: team.value() });
    expect(message(synced)).toBe("2 keys from 1 remote secret");
    expect(valueAt(synced, "status", "versionSummary")).toBe("1");
    expect(listAt(synced, "status", "entries")).toMatchObject([
      { key: team.key("db"), version: "1", state: "Synced", secretKeys: ["password", "username"] },
    ]);
  });

  test("follows a rotation within its interval, and shows the step in its history", async () => {
    const team = await world.team();
    await team.applyStore();
    await team.putSecret("db", { password: team.value("old") });
    await team.applyExternalSecret("db", {
      refreshInterval: "2s",
      data: [dataEntry("password", team.key("db"), "password")],
    });
    await team.waitExternalSecret("db");
    await team.putSecret("db", { password: team.value("new") });
    await team.waitSecretData("db", { password: team.value("new") }, 10_000);
    const rotated = await team.waitExternalSecret("db", {
      ready: "True",
      where: (object) => valueAt(object, "status", "versionSummary") === "2",
    });
    expect(valueAt(rotated, "status", "revision")).toBe(2);
    expect(listAt(rotated, "status", "history")[0]).toMatchObject({ revision: 2, changed: [{ from: "1", to: "2" }] });
  });
});
