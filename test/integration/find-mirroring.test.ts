// `find` mirrors its store: what comes is added, what is gone from two complete lists is dropped, and when nothing is
// left the deletion policy decides.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { deleteMetadata, softDelete } from "./support/remote-secrets.ts";
import { message, type Team } from "./support/team.ts";
import { deleteSecret, forceSync, readyTeam } from "./support/targets.ts";
import { dataEntry } from "./support/manifests.ts";
import { startWorld, type World } from "./support/world.ts";

const SPACING_MS = 30_000;
const PATIENCE_MS = 90_000;

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

/** A team whose ExternalSecret `all` mirrors the remote secrets `app/a` and `app/b` as the keys `a` and `b`. */
async function mirroringTeam(spec: JsonRecord = {}): Promise<Team> {
  const team = await readyTeam(world);
  for (const name of ["a", "b"]) await team.putSecret(`app/${name}`, { password: team.value(name) });
  await team.applyExternalSecret("all", { dataFrom: [mirror(team)], ...spec });
  await team.waitExternalSecret("all");
  expect(await team.secretData("all")).toEqual({ a: held(team, "a"), b: held(team, "b") });
  return team;
}

function mirror(team: Team): JsonRecord {
  const rewrite = [{ regexp: { source: "^.*[^a-z]([a-z]+)$", target: "$1" } }];
  return { find: { path: team.key("app"), name: { regexp: "." } }, rewrite };
}

/** The whole remote secret, as `find` gives it. */
function held(team: Team, name: string): string {
  return JSON.stringify({ password: team.value(name) });
}

describe.concurrent("a find", () => {
  test("adds what comes within its interval", async () => {
    const team = await mirroringTeam({ refreshInterval: "1s" });
    await team.putSecret("app/c", { password: team.value("c") });
    await team.waitSecretData("all", { a: held(team, "a"), b: held(team, "b"), c: held(team, "c") });
  });

  test.each(["Retain", "Delete", "Merge"])(
    "drops a key under %s when two complete lists, 30 s apart, lack it",
    async (deletionPolicy) => {
      const team = await mirroringTeam({ refreshInterval: "1s", target: { deletionPolicy } });
      const before = performance.now();
      await softDelete.lose(team, "app/b");
      await team.waitSecretData("all", { a: held(team, "a") }, PATIENCE_MS);
      expect(performance.now() - before).toBeGreaterThanOrEqual(SPACING_MS);
      await team.waitExternalSecret("all", { ready: "True", reason: "SecretSynced" });
    },
  );

  test("drops a key when a force-sync is the second list, and keeps it at the first", async () => {
    const team = await mirroringTeam();
    await deleteMetadata.lose(team, "app/b");
    await forceSync(team, "all", "1");
    expect(await team.secretData("all")).toEqual({ a: held(team, "a"), b: held(team, "b") });
    await forceSync(team, "all", "2");
    await team.waitSecretData("all", { a: held(team, "a") });
  });

  test("keeps a key whose remote secret came back in between, and writes what else is new meanwhile", async () => {
    const team = await mirroringTeam();
    await softDelete.lose(team, "app/b");
    await team.putSecret("app/a", { password: team.value("a2") });
    await forceSync(team, "all", "1");
    await team.waitSecretData("all", { a: held(team, "a2"), b: held(team, "b") });
    await softDelete.restore(team, "app/b", team.value("b"));
    await forceSync(team, "all", "2");
    await softDelete.lose(team, "app/b");
    await forceSync(team, "all", "3");
    await team.waitExternalSecret("all", { ready: "True", reason: "SecretSynced" });
    expect(await team.secretData("all")).toEqual({ a: held(team, "a2"), b: held(team, "b") });
  });

  test("drops its keys only: those of data beside it stay", async () => {
    const team = await mirroringTeam();
    await team.patchExternalSecret("all", { spec: { data: [dataEntry("password", team.key("db"), "password")] } });
    await team.waitSecretData("all", { a: held(team, "a"), b: held(team, "b"), password: team.value() });
    for (const name of ["a", "b"]) await deleteMetadata.lose(team, `app/${name}`);
    await forceSync(team, "all", "1");
    await forceSync(team, "all", "2");
    await team.waitSecretData("all", { password: team.value() });
  });

  test("keeps the Secret while its list is denied, under Delete and whatever is forced", async () => {
    const team = await mirroringTeam({ target: { deletionPolicy: "Delete" } });
    await team.allow(`path "kv/data/${team.key("app")}/*" { capabilities = ["read"] }`);
    for (const token of ["1", "2", "3"]) {
      await forceSync(team, "all", token);
      await team.waitExternalSecret("all", { ready: "False", reason: "AccessDenied" });
    }
    expect(await team.secretData("all")).toEqual({ a: held(team, "a"), b: held(team, "b") });
  });

  test("says SecretNotFound when it never matched anything, and makes the Secret when something comes", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("all", { refreshInterval: "1s", dataFrom: [mirror(team)] });
    const empty = await team.waitExternalSecret("all", { ready: "False", reason: "SecretNotFound" });
    expect(message(empty)).toContain("find matched no secret");
    expect(await team.secret("all")).toBeUndefined();
    await team.putSecret("app/a", { password: team.value("a") });
    await team.waitSecretData("all", { a: held(team, "a") }, PATIENCE_MS);
  });
});

async function loseAll(team: Team): Promise<void> {
  for (const name of ["a", "b"]) await deleteMetadata.lose(team, `app/${name}`);
  await forceSync(team, "all", "1");
  expect(await team.secretData("all")).toEqual({ a: held(team, "a"), b: held(team, "b") });
  await forceSync(team, "all", "2");
}

describe.concurrent("a find with nothing left", () => {
  test("keeps the Secret as it was under Retain, and says SecretRetained", async () => {
    const team = await mirroringTeam();
    await loseAll(team);
    const retained = await team.waitExternalSecret("all", { ready: "True", reason: "SecretRetained" });
    expect(message(retained)).toContain("the Secret is kept as it was");
    expect(valueAt(retained, "status", "binding")).toEqual({ name: "all" });
    await forceSync(team, "all", "3");
    expect(await team.secretData("all")).toEqual({ a: held(team, "a"), b: held(team, "b") });
  });

  test("says SecretNotFound under Retain once the Secret is gone, too", async () => {
    const team = await mirroringTeam();
    await loseAll(team);
    await deleteSecret(team, "all");
    await team.waitExternalSecret("all", { ready: "False", reason: "SecretNotFound" });
  });

  test("removes the Secret under Delete, and makes it again when something comes back", async () => {
    const team = await mirroringTeam({ target: { deletionPolicy: "Delete" } });
    await loseAll(team);
    await team.waitExternalSecret("all", { ready: "True", reason: "SecretDeleted" });
    expect(await team.secret("all")).toBeUndefined();
    await team.putSecret("app/a", { password: team.value("back") });
    await forceSync(team, "all", "3");
    await team.waitSecretData("all", { a: held(team, "back") });
  });

  test("removes the keys under Merge, and keeps the Secret", async () => {
    const team = await mirroringTeam({ target: { deletionPolicy: "Merge" } });
    await loseAll(team);
    await team.waitSecretData("all", {});
    await team.waitExternalSecret("all", { ready: "True", reason: "SecretSynced" });
  });
});
