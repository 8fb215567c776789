// What the Secret and status look like beyond data: type and metadata, which labels are copied, history, and the bounds
// of status.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRecord, type JsonRecord, listAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { annotate, entriesOf, passwordEntry, readyTeam, texts, waitSecret } from "./support/targets.ts";
import { message } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

const OURS = { "fairlead.dev/managed": "true", "app.kubernetes.io/managed-by": "fairlead" };

describe.concurrent("target.template", () => {
  test("sets type, labels and annotations literally; those of the ExternalSecret are then not copied", async () => {
    const team = await readyTeam(world);
    const metadata = { labels: { tier: "db" }, annotations: { note: "as written: $1 {x}" } };
    await team.applyExternalSecret(
      "db",
      { target: { template: { type: "example.com/login", metadata } }, ...passwordEntry(team) },
      { labels: { copied: "never" }, annotations: { copied: "never" } },
    );
    await team.waitExternalSecret("db");
    const secret = await team.secret("db");
    expect(secret?.["type"]).toBe("example.com/login");
    expect(texts(secret, "labels")).toEqual({ ...metadata.labels, ...OURS });
    expect(texts(secret, "annotations")).toEqual({ ...metadata.annotations, "fairlead.dev/external-secret": "db" });
  });

  test("of a type whose keys the API server checks is TargetRejected while one is missing", async () => {
    const team = await readyTeam(world);
    const template = { type: "kubernetes.io/basic-auth" };
    await team.applyExternalSecret("db", { target: { template }, ...passwordEntry(team, "other") });
    await team.waitExternalSecret("db", { ready: "False", reason: "TargetRejected" });
    await team.applyExternalSecret("db", { target: { template }, ...passwordEntry(team) });
    await team.waitExternalSecret("db", { ready: "True" });
    expect((await team.secret("db"))?.["type"]).toBe("kubernetes.io/basic-auth");
  });
});

describe.concurrent("without a template", () => {
  test("labels and annotations of the ExternalSecret are copied, except those that belong to tools", async () => {
    const team = await readyTeam(world);
    const kept = { plain: "a", "example.com/b": "b", "app.kubernetes.io/name": "c" };
    const groups = [
      ...["fairlead.dev", "kubectl.kubernetes.io", "argocd.argoproj.io", "helm.sh", "meta.helm.sh"],
      ...["kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"],
    ];
    const foreign = Object.fromEntries(groups.map((group) => [`${group}/x`, "never"]));
    const instance = { "app.kubernetes.io/managed-by": "argo", "app.kubernetes.io/instance": "never" };
    await team.applyExternalSecret("db", passwordEntry(team), {
      labels: { ...kept, ...foreign, ...instance },
      annotations: { ...kept, ...foreign, "force-sync": "1" },
    });
    await team.waitExternalSecret("db");
    const secret = await team.secret("db");
    expect(secret?.["type"]).toBe("Opaque");
    expect(texts(secret, "labels")).toEqual({ ...kept, ...OURS });
    expect(texts(secret, "annotations")).toEqual({ ...kept, "fairlead.dev/external-secret": "db" });
  });

  test("a change of a label or annotation reaches the Secret", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", passwordEntry(team), { annotations: { note: "old" } });
    await team.waitExternalSecret("db");
    await annotate(team, "db", { note: "new" });
    await waitSecret(team, "db", (secret) => texts(secret, "annotations")["note"] === "new");
  });
});

test("history holds the last ten revisions, newest first, each with the versions that moved", async () => {
  const team = await readyTeam(world);
  await team.applyExternalSecret("db", { refreshInterval: "1s", ...passwordEntry(team) });
  await team.waitExternalSecret("db");
  for (let version = 2; version <= 12; version += 1) {
    await team.putSecret("db", { password: team.value(`v${version}`) });
    await team.waitExternalSecret("db", { where: (object) => valueAt(object, "status", "revision") === version });
  }
  const history = listAt(await team.externalSecret("db"), "status", "history").filter(isRecord);
  const entry = { storeKind: "SecretStore", store: "vault", key: team.key("db") };
  expect(history.map(({ time, ...revision }) => ({ ...revision, isTimed: typeof time === "string" }))).toEqual(
    Array.from({ length: 10 }, (_, index) => 12 - index).map((revision) => ({
      revision,
      changed: [{ ...entry, from: String(revision - 1), to: String(revision) }],
      changedTotal: 1,
      isTimed: true,
    })),
  );
});

test("status shows 100 of 150 entries, failed ones first, and counts all; it stays under 64 KiB", async () => {
  const team = await readyTeam(world);
  const names = Array.from({ length: 150 }, (_, index) => `n${String(index).padStart(3, "0")}-${"x".repeat(200)}`);
  const last = names.at(-1) ?? "";
  await Promise.all(names.slice(0, -1).map((name) => team.putSecret(name, { v: team.value(name) })));
  await team.applyExternalSecret("db", {
    data: names.map((name, index) => dataEntry(`k${index}`, team.key(name), "v")),
  });
  const failed = await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
  expect(valueAt(failed, "status", "entryCounts")).toEqual({ total: 150, synced: 0, failed: 1 });
  expect(entriesOf(failed).length).toBeLessThanOrEqual(100);
  expect(entriesOf(failed).slice(0, 2)).toMatchObject([
    { key: team.key(last), state: "Failed" },
    { key: team.key(names[0] ?? ""), state: "Pending", latestVersion: "1" },
  ]);
  expect(await team.secret("db")).toBeUndefined();

  await team.putSecret(last, { v: team.value(last) });
  const synced = await team.waitExternalSecret("db");
  expect(message(synced)).toBe("150 keys from 150 remote secrets");
  expect(valueAt(synced, "status", "versionSummary")).toBe("150 keys");
  expect(valueAt(synced, "status", "entryCounts")).toEqual({ total: 150, synced: 150, failed: 0 });
  expect(entriesOf(synced)).toHaveLength(100);
  expect(listAt(synced, "status", "history")[0]).toMatchObject({ revision: 1, changedTotal: 150 });
  expect(listAt(synced, "status", "history", 0, "changed")).toHaveLength(20);
  for (const object of [failed, synced]) expect(statusBytes(object)).toBeLessThan(64 * 1024);
  expect(Object.keys((await team.secretData("db")) ?? {})).toHaveLength(150);
});

function statusBytes(object: JsonRecord): number {
  return Buffer.byteLength(JSON.stringify(object["status"]));
}

test("failures of several kinds are SecretSyncedError with their counts; several of one kind keep its reason", async () => {
  const team = await readyTeam(world);
  const entries = [
    dataEntry("a", team.key("gone-1"), "x"),
    dataEntry("b", team.key("gone-2"), "x"),
    dataEntry("c", team.key("db"), "password"),
  ];
  await team.applyExternalSecret("db", { data: entries });
  const same = await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
  const first = `Vault store vault has no ${team.key("gone-1")}; create it there, or correct the key`;
  expect(message(same)).toBe(`${first} (and 1 more)`);
  await team.applyExternalSecret("db", { data: [...entries, dataEntry("d", team.key("db"), "pasword")] });
  const mixed = await team.waitExternalSecret("db", { ready: "False", reason: "SecretSyncedError" });
  expect(message(mixed)).toContain("3 entries failed: ");
  expect(message(mixed)).toContain("1 PropertyNotFound");
  expect(message(mixed)).toContain("2 SecretNotFound");
});
