// What becomes of a target when its ExternalSecret moves on or goes, when somebody edits it, and when it cannot be written.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, listAt, textAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import { message, type Team } from "./support/team.ts";
import {
  conditionStatus,
  deleteExternalSecret,
  deleteSecret,
  editSecret,
  entriesOf,
  forceSync,
  makeSecret,
  ownersOf,
  passwordEntry,
  RIVAL,
  readyTeam,
  secretWrites,
  texts,
  uidOf,
  waitSecret,
} from "./support/targets.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

/** A team whose ExternalSecret `db` is synced. */
async function syncedTeam(spec: JsonRecord = {}): Promise<Team> {
  const team = await readyTeam(world);
  await team.applyExternalSecret("db", { ...passwordEntry(team), ...spec });
  await team.waitExternalSecret("db");
  return team;
}

async function waitGone(team: Team, name: string): Promise<void> {
  await team.waitSecretData(name, undefined);
}

describe.concurrent("a target under Owner", () => {
  test("is removed after the new one exists when the target's name changes", async () => {
    const team = await syncedTeam();
    const mark = await world.rig.audit.kubernetes.mark();
    await team.patchExternalSecret("db", { spec: { target: { name: "renamed" } } });
    await waitGone(team, "db");
    expect(await team.secretData("renamed")).toEqual({ password: team.value() });
    const writes = await secretWrites(team, mark);
    expect(writes.map(({ verb }) => verb)).toEqual(["create", "delete"]);
    const moved = await team.waitExternalSecret("db");
    expect(valueAt(moved, "status", "binding")).toEqual({ name: "renamed" });
  });

  test("stays under its old name while the new one is refused, and goes when that is solved", async () => {
    const team = await syncedTeam();
    await makeSecret(team, "taken");
    await team.patchExternalSecret("db", { spec: { target: { name: "taken" } } });
    await team.waitExternalSecret("db", { ready: "False", reason: "TargetNotOwned" });
    expect(await team.secretData("db")).toEqual({ password: team.value() });
    await deleteSecret(team, "taken");
    await team.waitExternalSecret("db", { ready: "True" });
    await waitGone(team, "db");
  });

  test("is removed by garbage collection when the ExternalSecret is deleted, at once and without a finalizer", async () => {
    const team = await syncedTeam();
    expect(ownersOf(await team.secret("db"))[0]).not.toHaveProperty("blockOwnerDeletion");
    await deleteExternalSecret(team, "db");
    expect(await team.externalSecret("db")).toBeUndefined();
    await waitGone(team, "db");
  });

  test("is made anew for an ExternalSecret that is deleted and made again", async () => {
    const team = await syncedTeam();
    const before = uidOf(await team.secret("db"));
    await deleteExternalSecret(team, "db");
    await team.applyExternalSecret("db", passwordEntry(team));
    await waitSecret(team, "db", (secret) => uidOf(secret) !== before);
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });
});

const EDITS: readonly { what: string; patch: (team: Team) => Parameters<typeof editSecret>[2] }[] = [
  { what: "a changed value", patch: (team) => ({ data: { password: team.value("edited") } }) },
  { what: "a removed key", patch: () => ({ data: { password: null } }) },
  { what: "an added key", patch: (team) => ({ data: { added: team.value("edited") } }) },
  { what: "a removed mark", patch: () => ({ metadata: { annotations: { "fairlead.dev/external-secret": null } } }) },
  { what: "a removed owner reference", patch: () => ({ metadata: { ownerReferences: [] } }) },
  { what: "a removed label of ours", patch: () => ({ metadata: { labels: { "fairlead.dev/managed": null } } }) },
  { what: "a removed label that was copied", patch: () => ({ metadata: { labels: { app: null } } }) },
];

describe.concurrent("healing", () => {
  test.each(EDITS)("puts back $what within seconds, whatever the interval", async ({ patch }) => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", { refreshInterval: "0", ...passwordEntry(team) }, { labels: { app: "shop" } });
    const owner = await team.waitExternalSecret("db");
    const labels = texts(await team.secret("db"), "labels");
    await editSecret(team, "db", patch(team));
    const healed = (secret: JsonRecord): boolean =>
      JSON.stringify([texts(secret, "labels"), texts(secret, "annotations"), secret["data"]]) ===
        JSON.stringify([
          labels,
          { "fairlead.dev/external-secret": "db" },
          { password: Buffer.from(team.value()).toString("base64") },
        ]) && ownersOf(secret).length === 1;
    expect(ownersOf(await waitSecret(team, "db", healed))).toMatchObject([{ uid: uidOf(owner) }]);
  });

  test.each(["Periodic", "OnChange"])("makes a deleted Secret again under refreshPolicy %s", async (refreshPolicy) => {
    const team = await syncedTeam({ refreshPolicy, refreshInterval: "0" });
    await deleteSecret(team, "db");
    await team.waitSecretData("db", { password: team.value() });
  });

  test.each(["Owner", "CreateOrMerge"])(
    "gives way under %s to another writer after three rewrites in ten minutes, and names its field manager",
    async (creationPolicy) => {
      const team = await syncedTeam({ target: { creationPolicy } });
      for (const round of ["1", "2", "3"]) {
        await editSecret(team, "db", { data: { password: team.value(`rival${round}`) } });
        await team.waitSecretData("db", { password: team.value() });
      }
      await editSecret(team, "db", { data: { password: team.value("rival4") } });
      const fought = await team.waitExternalSecret("db", { ready: "False", reason: "TargetConflict" });
      expect(message(fought)).toBe(
        `another writer (field manager ${RIVAL}) keeps changing Secret db; stop it, or choose another target name`,
      );
      expect(await team.secretData("db")).toEqual({ password: team.value("rival4") });
      await forceSync(team, "db", "now");
      await team.waitExternalSecret("db", { ready: "True" });
      expect(await team.secretData("db")).toEqual({ password: team.value() });
    },
  );
});

describe.concurrent("an immutable target", () => {
  test.each(["1s", "0"])(
    "is kept with TargetImmutable when values change (interval %s), the entry is Pending, and it is made anew when it goes",
    async (refreshInterval) => {
      const team = await syncedTeam({ refreshInterval, target: { immutable: true } });
      expect((await team.secret("db"))?.["immutable"]).toBe(true);
      await team.putSecret("db", { password: team.value("new") });
      if (refreshInterval === "0") await forceSync(team, "db", "now");
      const frozen = await team.waitExternalSecret("db", { ready: "False", reason: "TargetImmutable" });
      expect(conditionStatus(frozen, "Stalled")).toBe("True");
      expect(message(frozen)).toContain("Secret db is immutable");
      expect(entriesOf(frozen)).toMatchObject([{ state: "Pending", version: "1", latestVersion: "2" }]);
      expect(await team.secretData("db")).toEqual({ password: team.value() });
      await deleteSecret(team, "db");
      const made = await team.waitExternalSecret("db", { ready: "True" });
      expect(entriesOf(made)).toMatchObject([{ state: "Synced", version: "2" }]);
      expect(await team.secretData("db")).toEqual({ password: team.value("new") });
    },
  );

  test("is kept with TargetImmutable when its type changes, and has the new one when it is made anew", async () => {
    const team = await syncedTeam();
    await team.patchExternalSecret("db", { spec: { target: { template: { type: "example.com/other" } } } });
    const frozen = await team.waitExternalSecret("db", { ready: "False", reason: "TargetImmutable" });
    expect(message(frozen)).toContain("has type Opaque, and a Secret's type cannot change");
    expect((await team.secret("db"))?.["type"]).toBe("Opaque");
    await deleteSecret(team, "db");
    await team.waitExternalSecret("db", { ready: "True" });
    expect((await team.secret("db"))?.["type"]).toBe("example.com/other");
  });

  test("becomes immutable when the spec asks for it", async () => {
    const team = await syncedTeam();
    await team.patchExternalSecret("db", { spec: { target: { immutable: true } } });
    await waitSecret(team, "db", (secret) => secret["immutable"] === true);
    await team.waitExternalSecret("db", { ready: "True" });
  });
});

const KIB = 1024;

describe.concurrent("a target that the API server rejects", () => {
  test.each([
    { given: "over 1 MiB", parts: 2, code: "HTTP 422" },
    { given: "over the size of a request", parts: 6, code: "HTTP 413" },
  ])(
    "is TargetRejected when $given, with code and field only, until the spec is corrected",
    async ({ parts, code }) => {
      const team = await readyTeam(world);
      const names = Array.from({ length: parts }, (_, index) => `big${index}`);
      const big = team.value().repeat(Math.ceil((700 * KIB) / team.value().length));
      for (const name of names) await team.putSecret(name, { big });
      const data = names.map((name) => dataEntry(name, team.key(name), "big"));
      await team.applyExternalSecret("db", { data });
      const rejected = await team.waitExternalSecret("db", { ready: "False", reason: "TargetRejected" });
      expect(message(rejected)).toContain(code);
      expect(conditionStatus(rejected, "Stalled")).toBe("True");
      expect(await team.secret("db")).toBeUndefined();
      await team.patchExternalSecret("db", { spec: passwordEntry(team) });
      await team.waitExternalSecret("db", { ready: "True" });
    },
  );

  test("is TargetRejected for annotations that it refuses: the message names the field, and their text is told nowhere", async () => {
    const team = await readyTeam(world);
    const secretText = `canary-${randomUUID()}`;
    const annotations = Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => [`note-${index}`, secretText.padEnd(4096, "x")]),
    );
    await team.rig.kubectl(["apply", "--server-side", "-f", "-"], {
      stdin: JSON.stringify({
        apiVersion: "fairlead.dev/v1",
        kind: "ExternalSecret",
        metadata: { name: "db", namespace: team.namespace },
        spec: {
          secretStoreRef: { name: "vault" },
          target: { template: { metadata: { annotations } } },
          ...passwordEntry(team),
        },
      }),
    });
    const rejected = await team.waitExternalSecret("db", { ready: "False", reason: "TargetRejected" });
    expect(message(rejected)).toBe(
      "the API server refused Secret db (HTTP 422) at metadata.annotations; correct the spec or the values",
    );
    expect(JSON.stringify(rejected["status"])).not.toContain(secretText);
    const events = await waitUntil(
      "the Event of the rejection",
      async () => {
        const reply = await team.rig.api.get(`/api/v1/namespaces/${team.namespace}/events`);
        return listAt(reply.body, "items").length > 0 ? JSON.stringify(reply.body) : undefined;
      },
      { timeoutMs: 20_000 },
    );
    expect(events).toContain("TargetRejected");
    const told = [events, await world.operator.metrics(), ...(await world.operator.lines())];
    expect(told.filter((text) => text.includes(secretText))).toEqual([]);
    const metadata = { annotations: null, labels: { team: "a" } };
    await team.patchExternalSecret("db", { spec: { target: { template: { metadata } } } });
    await team.waitExternalSecret("db", { ready: "True" });
    expect(textAt(await team.secret("db"), "metadata", "labels", "team")).toBe("a");
  });
});
