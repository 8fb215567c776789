// When we act: by time, on a change, once, on demand (force-sync), and not at all (suspend).

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import { message, type Team } from "./support/team.ts";
import {
  annotate,
  conditionReason,
  conditionStatus,
  deleteExternalSecret,
  deleteSecret,
  editSecret,
  forceSync,
  makeSecret,
  passwordEntry,
  pastOthers,
  readsOf,
  readyTeam,
  secretWrites,
  texts,
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
async function syncedTeam(spec: JsonRecord): Promise<Team> {
  const team = await readyTeam(world);
  await team.applyExternalSecret("db", { ...passwordEntry(team), ...spec });
  await team.waitExternalSecret("db");
  return team;
}

/** Ends when a second ExternalSecret, which refreshes each second a remote secret of its own, was refreshed five times. */
async function fiveRefreshesOfAnother(team: Team): Promise<void> {
  await team.putSecret("ticking", { password: team.value() });
  const data = [dataEntry("password", team.key("ticking"), "password")];
  await team.applyExternalSecret("ticking", { refreshInterval: "1s", data });
  const mark = await world.rig.audit.vault.mark();
  const ticked = async (): Promise<true | undefined> =>
    (await readsOf(team, "ticking", mark)) >= 5 ? true : undefined;
  await waitUntil("five refreshes of another ExternalSecret", ticked, { timeoutMs: 60_000, intervalMs: 500 });
}

const ON_DEMAND: readonly JsonRecord[] = [
  { refreshPolicy: "Periodic", refreshInterval: "0" },
  { refreshPolicy: "OnChange", refreshInterval: "1s" },
];

const CHANGES: readonly { what: string; patch: JsonRecord }[] = [
  { what: "spec", patch: { spec: { target: { template: { metadata: { labels: { app: "shop" } } } } } } },
  { what: "labels", patch: { metadata: { labels: { app: "shop" } } } },
  { what: "annotations", patch: { metadata: { annotations: { app: "shop" } } } },
];

describe.concurrent("an ExternalSecret that is not refreshed by time", () => {
  test.each(ON_DEMAND)("syncs once and never looks again by itself: $refreshPolicy, $refreshInterval", async (spec) => {
    const team = await syncedTeam(spec);
    await team.putSecret("db", { password: team.value("new") });
    const mark = await world.rig.audit.vault.mark();
    await fiveRefreshesOfAnother(team);
    expect(await readsOf(team, "db", mark)).toBe(0);
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });

  test.each(ON_DEMAND.flatMap((spec) => CHANGES.map((change) => ({ ...spec, spec, ...change }))))(
    "reads the store and renders anew when its $what change: $refreshPolicy, $refreshInterval",
    async ({ spec, patch }) => {
      const team = await syncedTeam(spec);
      await team.putSecret("db", { password: team.value("new") });
      await team.patchExternalSecret("db", patch);
      await team.waitSecretData("db", { password: team.value("new") });
      const secret = await team.secret("db");
      expect({ ...texts(secret, "labels"), ...texts(secret, "annotations") }).toMatchObject({ app: "shop" });
    },
  );
});

const EVERY_POLICY: readonly JsonRecord[] = [
  ...ON_DEMAND,
  { refreshPolicy: "Periodic", refreshInterval: "1h" },
  { refreshPolicy: "CreatedOnce", refreshInterval: "1h" },
];

describe.concurrent("a force-sync", () => {
  test.each(
    EVERY_POLICY.flatMap((spec) => ["fairlead.dev/force-sync", "force-sync"].map((name) => ({ ...spec, spec, name }))),
  )("by annotation $name reads everything now: $refreshPolicy, $refreshInterval", async ({ spec, name }) => {
    const team = await syncedTeam(spec);
    for (const token of ["first", "second"]) {
      await team.putSecret("db", { password: team.value(token) });
      await annotate(team, "db", { [name]: token });
      await team.waitSecretData("db", { password: team.value(token) });
      await team.waitExternalSecret("db", {
        ready: "True",
        where: (object) => valueAt(object, "status", "lastHandledForceSync") === token,
      });
    }
    expect(texts(await team.secret("db"), "annotations")).not.toHaveProperty([name]);
  });

  test.each(EVERY_POLICY)(
    "writes nothing to the Secret if nothing is new: $refreshPolicy, $refreshInterval",
    async (spec) => {
      const team = await syncedTeam(spec);
      const before = valueAt(await team.secret("db"), "metadata", "resourceVersion");
      const [kubernetesMark, vaultMark] = [await world.rig.audit.kubernetes.mark(), await world.rig.audit.vault.mark()];
      const forced = await forceSync(team, "db", "now");
      expect(await readsOf(team, "db", vaultMark)).toBe(1);
      expect(await secretWrites(team, kubernetesMark)).toEqual([]);
      expect(valueAt(await team.secret("db"), "metadata", "resourceVersion")).toBe(before);
      expect(valueAt(forced, "status", "revision")).toBe(1);
    },
  );

  test.each(EVERY_POLICY)(
    "is also asked for by taking the annotation away: $refreshPolicy, $refreshInterval",
    async (spec) => {
      const team = await syncedTeam(spec);
      await forceSync(team, "db", "now");
      await team.putSecret("db", { password: team.value("new") });
      await annotate(team, "db", { "fairlead.dev/force-sync": null });
      await team.waitSecretData("db", { password: team.value("new") });
    },
  );

  test("follows fairlead.dev/force-sync where both annotations are there", async () => {
    const team = await syncedTeam({ refreshInterval: "0" });
    await forceSync(team, "db", "ours");
    await team.putSecret("db", { password: team.value("new") });
    await annotate(team, "db", { "force-sync": "theirs" });
    await pastOthers(team);
    expect(await team.secretData("db")).toEqual({ password: team.value() });
    await annotate(team, "db", { "fairlead.dev/force-sync": null });
    await team.waitSecretData("db", { password: team.value("new") });
    await team.waitExternalSecret("db", {
      where: (object) => valueAt(object, "status", "lastHandledForceSync") === "theirs",
    });
  });

  test("is remembered by the SHA-256 of its value where that is longer than 64 characters", async () => {
    const team = await syncedTeam({});
    const token = "t".repeat(65);
    await annotate(team, "db", { "fairlead.dev/force-sync": token });
    await team.waitExternalSecret("db", {
      where: (object) =>
        valueAt(object, "status", "lastHandledForceSync") === createHash("sha256").update(token).digest("hex"),
    });
  });
});

const ONCE = { refreshPolicy: "CreatedOnce", refreshInterval: "1s" };

describe.concurrent("CreatedOnce", () => {
  test.each(["Owner", "Orphan", "CreateOrMerge"])(
    "renders once under %s: later versions, edits of the Secret and of the spec are left alone",
    async (creationPolicy) => {
      const team = await syncedTeam({ ...ONCE, target: { creationPolicy } });
      await team.putSecret("db", { password: team.value("new") });
      await editSecret(team, "db", { data: { extra: team.value("extra"), password: team.value("edited") } });
      await team.patchExternalSecret("db", { spec: { data: [dataEntry("other", team.key("db"), "password")] } });
      const kept = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
      expect(message(kept)).toContain("made once");
      await fiveRefreshesOfAnother(team);
      expect(await team.secretData("db")).toEqual({ password: team.value("edited"), extra: team.value("extra") });
    },
  );

  test.each(["Owner", "CreateOrMerge"])("makes a deleted Secret again under %s", async (creationPolicy) => {
    const team = await syncedTeam({ ...ONCE, target: { creationPolicy } });
    await team.putSecret("db", { password: team.value("new") });
    await deleteSecret(team, "db");
    await team.waitSecretData("db", { password: team.value("new") });
  });

  test("leaves a deleted Secret away under Orphan, until a force-sync overrides that", async () => {
    const team = await syncedTeam({ ...ONCE, target: { creationPolicy: "Orphan" } });
    await deleteSecret(team, "db");
    const away = (object: JsonRecord): boolean => message(object).includes("the deleted Secret stays away");
    const kept = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced", where: away });
    expect(valueAt(kept, "status", "binding")).toBeUndefined();
    await fiveRefreshesOfAnother(team);
    expect(await team.secret("db")).toBeUndefined();
    await forceSync(team, "db", "now");
    await team.waitSecretData("db", { password: team.value() });
  });

  test("renders again for an ExternalSecret that is deleted and made again", async () => {
    const team = await syncedTeam({ ...ONCE, target: { creationPolicy: "Orphan" } });
    await deleteExternalSecret(team, "db");
    await team.putSecret("db", { password: team.value("new") });
    await team.applyExternalSecret("db", { ...passwordEntry(team), ...ONCE, target: { creationPolicy: "Orphan" } });
    await team.waitSecretData("db", { password: team.value("new") });
  });

  test("keeps an immutable Secret of ours, and is Ready", async () => {
    const team = await readyTeam(world);
    const annotations = { "fairlead.dev/external-secret": "db" };
    await makeSecret(team, "db", { data: { password: team.value("old") }, metadata: { annotations }, immutable: true });
    await team.applyExternalSecret("db", { ...passwordEntry(team), ...ONCE });
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(await team.secretData("db")).toEqual({ password: team.value("old") });
  });

  test("fills the Secret of another once under Merge, also when that appears later", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", { ...passwordEntry(team), ...ONCE, target: { creationPolicy: "Merge" } });
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretMissing" });
    await makeSecret(team, "db");
    await team.waitSecretData("db", { password: team.value() });
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    await editSecret(team, "db", { data: { password: team.value("edited") } });
    await fiveRefreshesOfAnother(team);
    expect(await team.secretData("db")).toEqual({ password: team.value("edited") });
  });

  test("tries until its Secret is made", async () => {
    const team = await readyTeam(world);
    const data = [dataEntry("password", team.key("later"), "password")];
    await team.applyExternalSecret("db", { ...ONCE, data });
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
    await team.putSecret("later", { password: team.value("later") });
    await team.waitSecretData("db", { password: team.value("later") }, 60_000);
  });
});

describe.concurrent("a suspended ExternalSecret", () => {
  test("reads and writes nothing, whatever happens, and catches up when it is resumed", async () => {
    const team = await syncedTeam({ refreshInterval: "1s" });
    await team.patchExternalSecret("db", { spec: { suspend: true } });
    const isSuspended = (object: JsonRecord): boolean => conditionReason(object, "Reconciling") === "Suspended";
    const suspended = await team.waitExternalSecret("db", {
      ready: "True",
      reason: "SecretSynced",
      where: isSuspended,
    });
    expect(conditionStatus(suspended, "Reconciling")).toBe("False");
    const [kubernetesMark, vaultMark] = [await world.rig.audit.kubernetes.mark(), await world.rig.audit.vault.mark()];
    await team.putSecret("db", { password: team.value("new") });
    await editSecret(team, "db", { data: { password: team.value("edited") } });
    await annotate(team, "db", { "fairlead.dev/force-sync": "now" });
    await fiveRefreshesOfAnother(team);
    expect(await readsOf(team, "db", vaultMark)).toBe(0);
    expect((await secretWrites(team, kubernetesMark)).filter(({ name }) => name !== "ticking")).toEqual([]);
    expect(await team.secretData("db")).toEqual({ password: team.value("edited") });
    expect(valueAt(await team.externalSecret("db"), "status", "lastHandledForceSync")).toBeUndefined();
    await team.patchExternalSecret("db", { spec: { suspend: false } });
    await team.waitSecretData("db", { password: team.value("new") });
    const resumed = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    expect(valueAt(resumed, "status", "lastHandledForceSync")).toBe("now");
    expect(conditionReason(resumed, "Reconciling")).not.toBe("Suspended");
  });

  test("keeps what Ready said of a failure", async () => {
    const team = await readyTeam(world);
    const data = [dataEntry("password", team.key("absent"), "password")];
    await team.applyExternalSecret("db", { data });
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
    await team.patchExternalSecret("db", { spec: { suspend: true } });
    const where = (object: JsonRecord): boolean => conditionReason(object, "Reconciling") === "Suspended";
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound", where });
  });

  test("that never synced is Unknown", async () => {
    const team = await readyTeam(world);
    await team.applyExternalSecret("db", { suspend: true, ...passwordEntry(team) });
    const fresh = await team.waitExternalSecret("db", { ready: "Unknown" });
    expect(conditionReason(fresh, "Reconciling")).toBe("Suspended");
    expect(await team.secret("db")).toBeUndefined();
  });
});

test("CreatedOnce remembers over a restart that it has made its Secret", async () => {
  const team = await syncedTeam(ONCE);
  await editSecret(team, "db", { data: { password: team.value("edited") } });
  await team.putSecret("db", { password: team.value("new") });
  await world.restart();
  await team.applyExternalSecret("later", passwordEntry(team));
  await team.waitExternalSecret("later");
  expect(await team.secretData("db")).toEqual({ password: team.value("edited") });
});
