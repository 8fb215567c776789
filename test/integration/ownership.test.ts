// Whose a target Secret is under Owner and Orphan: refusal, adoption, restored backups, two claims, and what we write on it.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, textAt, valueAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { message, type Team } from "./support/team.ts";
import {
  deleteExternalSecret,
  deleteSecret,
  editSecret,
  makeSecret,
  ownersOf,
  passwordEntry,
  readyTeam,
  texts,
  uidOf,
  waitSecret,
} from "./support/targets.ts";
import { startWorld, type World } from "./support/world.ts";

const MARK = "fairlead.dev/external-secret";
const ADOPT = "fairlead.dev/adopt";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

/** Makes an ExternalSecret of the policy for the target, and waits until it is synced. */
async function synced(team: Team, name: string, target: JsonRecord): Promise<JsonRecord> {
  await team.applyExternalSecret(name, { target, ...passwordEntry(team) });
  return team.waitExternalSecret(name);
}

describe.concurrent("a Secret that is not ours", () => {
  test.each(["Owner", "Orphan"])("is refused under %s, and nothing in it is overwritten", async (creationPolicy) => {
    const team = await readyTeam(world);
    await makeSecret(team, "db", { data: { password: team.value("theirs") } });
    await team.applyExternalSecret("db", { target: { creationPolicy }, ...passwordEntry(team) });
    const refused = await team.waitExternalSecret("db", { ready: "False", reason: "TargetNotOwned" });
    expect(message(refused)).toContain("annotate it with fairlead.dev/adopt=db");
    expect(await team.secretData("db")).toEqual({ password: team.value("theirs") });
    expect(valueAt(refused, "status", "binding")).toBeUndefined();
  });

  test.each(["Owner", "Orphan"])(
    "is taken over under %s once it is annotated for adoption: its keys go, its labels stay, the annotation is removed",
    async (creationPolicy) => {
      const team = await readyTeam(world);
      const metadata = { labels: { theirs: "yes" }, annotations: { "example.com/note": "keep" } };
      await makeSecret(team, "db", { data: { other: team.value("theirs") }, metadata });
      await team.applyExternalSecret("db", { target: { creationPolicy }, ...passwordEntry(team) });
      await team.waitExternalSecret("db", { ready: "False", reason: "TargetNotOwned" });
      await editSecret(team, "db", { metadata: { annotations: { [ADOPT]: "db" } } });
      await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
      expect(await team.secretData("db")).toEqual({ password: team.value() });
      const secret = await team.secret("db");
      expect(texts(secret, "labels")).toEqual({ theirs: "yes", "fairlead.dev/managed": "true" });
      expect(texts(secret, "annotations")).toEqual({ "example.com/note": "keep", [MARK]: "db" });
      expect(ownersOf(secret)).toHaveLength(creationPolicy === "Owner" ? 1 : 0);
    },
  );

  test("stays refused where the adoption names another ExternalSecret", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "db", { metadata: { annotations: { [ADOPT]: "somebody" } } });
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db", { ready: "False", reason: "TargetNotOwned" });
  });

  test("is made anew once it is deleted by who owned it", async () => {
    const team = await readyTeam(world);
    await makeSecret(team, "db");
    await team.applyExternalSecret("db", passwordEntry(team));
    await team.waitExternalSecret("db", { ready: "False", reason: "TargetNotOwned" });
    await deleteSecret(team, "db");
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });

  test("stays refused with another controller's reference, adopted or not, and the message names that controller", async () => {
    const team = await readyTeam(world);
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "their-app" } };
    const controller = await ok(team.rig.api.post(`/api/v1/namespaces/${team.namespace}/configmaps`, configMap));
    const uid = textAt(controller, "metadata", "uid");
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "their-app", uid, controller: true };
    const annotations = { [ADOPT]: "db", [MARK]: "db" };
    await makeSecret(team, "db", {
      data: { a: team.value() },
      metadata: { annotations, ownerReferences: [reference] },
    });
    await team.applyExternalSecret("db", passwordEntry(team));
    const refused = await team.waitExternalSecret("db", { ready: "False", reason: "TargetNotOwned" });
    expect(message(refused)).toBe("Secret db is controlled by ConfigMap their-app; choose another target name");
    expect(await team.secretData("db")).toEqual({ a: team.value() });
  });
});

describe.concurrent("a Secret that is ours", () => {
  test.each(["Owner", "Orphan"])(
    "is taken back under %s when it comes from a backup with our mark",
    async (creationPolicy) => {
      const team = await readyTeam(world);
      await makeSecret(team, "db", {
        data: { password: team.value("old") },
        metadata: { annotations: { [MARK]: "db" } },
      });
      await synced(team, "db", { creationPolicy });
      expect(await team.secretData("db")).toEqual({ password: team.value() });
      expect(ownersOf(await team.secret("db"))).toHaveLength(creationPolicy === "Owner" ? 1 : 0);
    },
  );

  test("is taken back when its Orphan is deleted and made again", async () => {
    const team = await readyTeam(world);
    await synced(team, "db", { creationPolicy: "Orphan" });
    const before = uidOf(await team.secret("db"));
    await deleteExternalSecret(team, "db");
    await team.putSecret("db", { password: team.value("new") });
    await synced(team, "db", { creationPolicy: "Orphan" });
    expect(await team.secretData("db")).toEqual({ password: team.value("new") });
    expect(uidOf(await team.secret("db"))).toBe(before);
  });

  test("holds our data only: foreign keys are removed, foreign labels and annotations survive", async () => {
    const team = await readyTeam(world);
    await synced(team, "db", {});
    const metadata = { labels: { theirs: "yes" }, annotations: { "example.com/note": "keep" } };
    await editSecret(team, "db", { data: { extra: team.value("foreign") }, metadata });
    await team.waitSecretData("db", { password: team.value() });
    const secret = await team.secret("db");
    expect(texts(secret, "labels")).toMatchObject({ theirs: "yes" });
    expect(texts(secret, "annotations")).toMatchObject({ "example.com/note": "keep" });
  });

  test("carries our owner reference, label and mark, and is written by our field manager", async () => {
    const team = await readyTeam(world);
    const owner = await synced(team, "db", { name: "target" });
    const secret = await waitSecret(team, "target");
    expect(ownersOf(secret)).toEqual([
      { apiVersion: "fairlead.dev/v1", kind: "ExternalSecret", name: "db", uid: uidOf(owner), controller: true },
    ]);
    expect(texts(secret, "labels")).toEqual({
      "fairlead.dev/managed": "true",
      "app.kubernetes.io/managed-by": "fairlead",
    });
    expect(texts(secret, "annotations")).toEqual({ [MARK]: "db" });
    expect(valueAt(secret, "metadata", "managedFields", 0, "manager")).toBe("fairlead/db");
    expect(valueAt(owner, "metadata", "finalizers")).toBeUndefined();
  });

  test("is written under a hashed field manager where the name is too long for one", async () => {
    const team = await readyTeam(world);
    const name = "n".repeat(200);
    await synced(team, name, {});
    expect(valueAt(await team.secret(name), "metadata", "managedFields", 0, "manager")).toMatch(
      /^fairlead\/[0-9a-f]{64}$/u,
    );
  });

  test("gets the labels and annotations of its ExternalSecret, except those that belong to tools", async () => {
    const team = await readyTeam(world);
    const tools = {
      "kubectl.kubernetes.io/a": "x",
      "argocd.argoproj.io/a": "x",
      "kustomize.toolkit.fluxcd.io/a": "x",
      "helm.sh/chart": "x",
      "meta.helm.sh/a": "x",
      "fairlead.dev/a": "x",
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/instance": "x",
    };
    const annotations = { ...tools, "force-sync": "1", "example.com/contact": "sre" };
    await team.applyExternalSecret("db", passwordEntry(team), { labels: { ...tools, app: "shop" }, annotations });
    await team.waitExternalSecret("db");
    const secret = await team.secret("db");
    expect(texts(secret, "labels")).toEqual({
      app: "shop",
      "fairlead.dev/managed": "true",
      "app.kubernetes.io/managed-by": "fairlead",
    });
    expect(texts(secret, "annotations")).toEqual({ "example.com/contact": "sre", [MARK]: "db" });
  });

  test("gets the labels, annotations and type of the template instead, where there is one", async () => {
    const team = await readyTeam(world);
    const template = { type: "example.com/kind", metadata: { labels: { a: "1" }, annotations: { b: "2" } } };
    await team.applyExternalSecret("db", { target: { template }, ...passwordEntry(team) }, { labels: { app: "shop" } });
    await team.waitExternalSecret("db");
    const secret = await team.secret("db");
    expect(secret?.["type"]).toBe("example.com/kind");
    expect(texts(secret, "labels")).toEqual({
      a: "1",
      "fairlead.dev/managed": "true",
      "app.kubernetes.io/managed-by": "fairlead",
    });
    expect(texts(secret, "annotations")).toEqual({ b: "2", [MARK]: "db" });
  });
});

describe.concurrent("two claims on one Secret", () => {
  test("go to the older one, then the smaller uid, if nobody has it yet; the other takes it when it is freed", async () => {
    const team = await world.team();
    await team.putSecret("db", { password: team.value() });
    for (const name of ["zeta", "alpha"]) {
      await team.applyExternalSecret(name, { target: { name: "db" }, ...passwordEntry(team) });
      await team.waitExternalSecret(name, { ready: "False", reason: "StoreNotFound" });
    }
    const claims = await Promise.all(["zeta", "alpha"].map((name) => team.externalSecret(name)));
    const [elder, junior] = claims.map(claimOf).toSorted((a, b) => (a.order < b.order ? -1 : 1));
    if (elder === undefined || junior === undefined) throw new Error("two claims were made");
    await team.applyStore();
    await team.waitExternalSecret(elder.name, { ready: "True" });
    const loser = await team.waitExternalSecret(junior.name, { ready: "False", reason: "TargetConflict" });
    expect(message(loser)).toContain(`ExternalSecret ${elder.name} `);
    await deleteExternalSecret(team, elder.name);
    const heir = await team.waitExternalSecret(junior.name, { ready: "True" });
    expect(ownersOf(await team.secret("db"))).toMatchObject([{ uid: uidOf(heir) }]);
  });

  test.each(["Owner", "Orphan"])(
    "leave it under %s to the one that has it, also if the other is older",
    async (creationPolicy) => {
      const team = await readyTeam(world);
      await synced(team, "older", { name: "elsewhere", creationPolicy });
      await synced(team, "holder", { name: "db", creationPolicy });
      await team.patchExternalSecret("older", { spec: { target: { name: "db" } } });
      const refused = await team.waitExternalSecret("older", { ready: "False", reason: "TargetConflict" });
      expect(message(refused)).toContain("ExternalSecret holder ");
      expect(texts(await team.secret("db"), "annotations")).toMatchObject({ [MARK]: "holder" });
      expect(await team.secret("elsewhere"), "the old Secret stays until the new one exists").toBeDefined();
    },
  );

  test("end when the other names another target", async () => {
    const team = await readyTeam(world);
    await synced(team, "first", { name: "db" });
    await team.applyExternalSecret("second", { target: { name: "db" }, ...passwordEntry(team) });
    await team.waitExternalSecret("second", { ready: "False", reason: "TargetConflict" });
    await team.patchExternalSecret("first", { spec: { target: { name: "moved" } } });
    await team.waitExternalSecret("second", { ready: "True" });
    await team.waitExternalSecret("first", { ready: "True" });
  });

  test("leave a Secret of a deleted Orphan to nobody until it is adopted", async () => {
    const team = await readyTeam(world);
    await synced(team, "first", { name: "db", creationPolicy: "Orphan" });
    await deleteExternalSecret(team, "first");
    await team.applyExternalSecret("second", { target: { name: "db" }, ...passwordEntry(team) });
    await team.waitExternalSecret("second", { ready: "False", reason: "TargetNotOwned" });
    await editSecret(team, "db", { metadata: { annotations: { [ADOPT]: "second" } } });
    await team.waitExternalSecret("second", { ready: "True" });
    expect(texts(await team.secret("db"), "annotations")).toEqual({ [MARK]: "second" });
  });
});

function claimOf(object: JsonRecord | undefined): { readonly name: string; readonly order: string } {
  const order = `${textAt(object, "metadata", "creationTimestamp")} ${uidOf(object)}`;
  return { name: textAt(object, "metadata", "name"), order };
}
