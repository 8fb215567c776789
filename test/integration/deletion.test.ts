// What becomes of a Secret when its remote secrets are gone: kept, until two checks confirm the absence and a deletion
// policy asks for more. A force-sync may be the second check; the tests of the real spacing take half a minute each.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import { deleteMetadata, losses, softDelete } from "./support/remote-secrets.ts";
import { message, type Team } from "./support/team.ts";
import { entriesOf, forceSync, makeSecret, passwordEntry, readsOf, readyTeam, uidOf } from "./support/targets.ts";
import { startWorld, type World } from "./support/world.ts";

/** Least time between the two checks that confirm an absence. */
const SPACING_MS = 30_000;
/** Enough for the spacing on a slow machine. */
const PATIENCE_MS = 90_000;

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

/** A team whose ExternalSecret `db` is synced; `db` and `other` are its remote secrets. */
async function syncedTeam(spec: JsonRecord): Promise<Team> {
  const team = await readyTeam(world);
  await team.putSecret("other", { password: team.value("other") });
  await team.applyExternalSecret("db", { ...passwordEntry(team), ...spec });
  await team.waitExternalSecret("db");
  return team;
}

function bothEntries(team: Team): readonly JsonRecord[] {
  return [dataEntry("password", team.key("db"), "password"), dataEntry("other", team.key("other"), "password")];
}

describe.concurrent("a lost remote secret", () => {
  test.each(losses)(
    "that is $how leaves the Secret under Retain, and is synced again when it comes back",
    async (loss) => {
      const team = await syncedTeam({});
      await loss.lose(team, "db");
      for (const token of ["1", "2"]) {
        await forceSync(team, "db", token);
        const lost = await team.waitExternalSecret("db", { ready: "False", reason: loss.reason });
        expect(entriesOf(lost)).toMatchObject([{ state: "Failed", reason: loss.reason, version: "1" }]);
        expect(await team.secretData("db")).toEqual({ password: team.value() });
      }
      await loss.restore(team, "db", team.value());
      await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced", timeoutMs: PATIENCE_MS });
      expect(await team.secretData("db")).toEqual({ password: team.value() });
    },
  );

  test.each(losses)(
    "that is $how removes the Secret under Delete after two checks 30 s apart, and not before",
    async (loss) => {
      const team = await syncedTeam({ refreshInterval: "1s", target: { deletionPolicy: "Delete" } });
      const before = performance.now();
      await loss.lose(team, "db");
      await team.waitExternalSecret("db", { ready: "False", reason: loss.reason });
      expect(await team.secretData("db")).toEqual({ password: team.value() });
      await team.waitSecretData("db", undefined, PATIENCE_MS);
      expect(performance.now() - before).toBeGreaterThanOrEqual(SPACING_MS);
      const removed = await team.waitExternalSecret("db", { ready: "True", reason: "SecretDeleted" });
      expect(valueAt(removed, "status", "binding")).toBeUndefined();
      await loss.restore(team, "db", team.value());
      await team.waitSecretData("db", { password: team.value() }, PATIENCE_MS);
    },
  );

  test.each(losses)(
    "that is $how removes the Secret under Delete when a force-sync is the second check",
    async (loss) => {
      const team = await syncedTeam({ target: { deletionPolicy: "Delete" } });
      await loss.lose(team, "db");
      await forceSync(team, "db", "1");
      await team.waitExternalSecret("db", { ready: "False", reason: loss.reason });
      expect(await team.secretData("db")).toEqual({ password: team.value() });
      await forceSync(team, "db", "2");
      await team.waitExternalSecret("db", { ready: "True", reason: "SecretDeleted" });
      expect(await team.secret("db")).toBeUndefined();
    },
  );

  test("is confirmed no sooner than after the interval where that is longer than 30 s", async () => {
    const team = await syncedTeam({ refreshInterval: "1h", target: { deletionPolicy: "Delete" } });
    await team.applyExternalSecret("prompt", {
      refreshInterval: "1s",
      target: { deletionPolicy: "Delete" },
      ...passwordEntry(team),
    });
    await team.waitExternalSecret("prompt");
    await softDelete.lose(team, "db");
    await forceSync(team, "db", "1");
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretDeletedRemotely" });
    await team.waitSecretData("prompt", undefined, PATIENCE_MS);
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });

  test("begins anew with its confirmations when it came back in between", async () => {
    const team = await syncedTeam({ target: { deletionPolicy: "Delete" } });
    await softDelete.lose(team, "db");
    await forceSync(team, "db", "1");
    await softDelete.restore(team, "db", team.value());
    await forceSync(team, "db", "2");
    await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    await softDelete.lose(team, "db");
    await forceSync(team, "db", "3");
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretDeletedRemotely" });
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });

  test.each(["Delete", "Merge"])(
    "is left out under %s once it is confirmed absent, the others stay",
    async (deletionPolicy) => {
      const team = await readyTeam(world);
      await team.putSecret("other", { password: team.value("other") });
      await team.applyExternalSecret("db", { target: { deletionPolicy }, data: bothEntries(team) });
      await team.waitExternalSecret("db");
      const before = uidOf(await team.secret("db"));
      await softDelete.lose(team, "db");
      await forceSync(team, "db", "1");
      await team.waitExternalSecret("db", { ready: "False", reason: "SecretDeletedRemotely" });
      expect(await team.secretData("db")).toEqual({ password: team.value(), other: team.value("other") });
      await forceSync(team, "db", "2");
      await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
      expect(await team.secretData("db")).toEqual({ other: team.value("other") });
      expect(uidOf(await team.secret("db"))).toBe(before);
    },
  );

  test.each(["Delete", "Merge"])(
    "is left out under %s at first creation, 30 s apart whatever the interval",
    async (deletionPolicy) => {
      const team = await readyTeam(world);
      const started = performance.now();
      const data = [...passwordEntry(team).data, dataEntry("gone", team.key("never-written"), "password")];
      await team.applyExternalSecret("db", { refreshInterval: "1h", target: { deletionPolicy }, data });
      await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
      expect(await team.secret("db")).toBeUndefined();
      await team.waitSecretData("db", { password: team.value() }, PATIENCE_MS);
      expect(performance.now() - started).toBeGreaterThanOrEqual(SPACING_MS);
      await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
    },
  );

  test("makes no Secret under Retain at first creation, also when it is confirmed", async () => {
    const team = await readyTeam(world);
    const data = [...passwordEntry(team).data, dataEntry("gone", team.key("never-written"), "password")];
    await team.applyExternalSecret("db", { data });
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
    for (const token of ["1", "2"]) await forceSync(team, "db", token);
    await team.waitExternalSecret("db", { ready: "False", reason: "SecretNotFound" });
    expect(await team.secret("db")).toBeUndefined();
  });

  test.each(["Owner", "Orphan", "Merge", "CreateOrMerge"])(
    "removes our keys under deletionPolicy Merge when none is left, and keeps the Secret (creationPolicy %s)",
    async (creationPolicy) => {
      const team = await readyTeam(world);
      const isShared = creationPolicy.endsWith("Merge");
      const theirs = isShared ? { theirs: team.value("theirs") } : {};
      if (isShared) await makeSecret(team, "db", { data: theirs });
      await team.applyExternalSecret("db", {
        target: { creationPolicy, deletionPolicy: "Merge" },
        ...passwordEntry(team),
      });
      await team.waitExternalSecret("db");
      await deleteMetadata.lose(team, "db");
      await forceSync(team, "db", "1");
      expect(await team.secretData("db")).toEqual({ ...theirs, password: team.value() });
      await forceSync(team, "db", "2");
      await team.waitSecretData("db", theirs);
      const emptied = await team.waitExternalSecret("db", { ready: "True", reason: "SecretSynced" });
      expect(message(emptied)).toContain("its keys are removed");
      await team.putSecret("db", { password: team.value("back") });
      await forceSync(team, "db", "3");
      await team.waitSecretData("db", { ...theirs, password: team.value("back") });
    },
  );
});

interface OtherFailure {
  readonly given: string;
  readonly reason: string;
  readonly data: (team: Team) => readonly JsonRecord[];
  readonly harm: (team: Team) => Promise<unknown>;
}

const NO_ABSENCE: readonly OtherFailure[] = [
  {
    given: "is denied",
    reason: "AccessDenied",
    data: (team) => passwordEntry(team).data,
    harm: (team) => team.allow(`path "kv/data/${team.key("other")}" { capabilities = ["read"] }`),
  },
  {
    given: "lost the property",
    reason: "PropertyNotFound",
    data: (team) => passwordEntry(team).data,
    harm: (team) => team.putSecret("db", { renamed: team.value() }),
  },
  {
    given: "is a document no more",
    reason: "MalformedPayload",
    data: (team) =>
      [dataEntry("password", team.key("db"), "password", {})].map((entry) => ({
        ...entry,
        remoteRef: { key: team.key("db"), property: "password", decodingStrategy: "Base64" },
      })),
    harm: (team) => team.putSecret("db", { password: `%%${team.value()}` }),
  },
];

describe.concurrent("what is no confirmed absence", () => {
  test.each(NO_ABSENCE)(
    "meets no deletion policy: a remote secret that $given keeps its Secret under Delete",
    async (row) => {
      const team = await readyTeam(world);
      await team.putSecret("db", { password: Buffer.from(team.value()).toString("base64") });
      await team.applyExternalSecret("db", { target: { deletionPolicy: "Delete" }, data: row.data(team) });
      await team.waitExternalSecret("db");
      const held = await team.secretData("db");
      await row.harm(team);
      for (const token of ["1", "2", "3"]) {
        await forceSync(team, "db", token);
        await team.waitExternalSecret("db", { ready: "False", reason: row.reason });
        expect(await team.secretData("db")).toEqual(held);
      }
    },
  );

  test("meets no deletion policy: a pinned version that never was keeps the Secret whole", async () => {
    const team = await syncedTeam({ target: { deletionPolicy: "Delete" } });
    const remoteRef = { key: team.key("db"), property: "password", version: "9" };
    await team.patchExternalSecret("db", { spec: { data: [{ secretKey: "password", remoteRef }] } });
    for (const token of ["1", "2", "3"]) {
      await forceSync(team, "db", token);
      await team.waitExternalSecret("db", { ready: "False", reason: "VersionNotFound" });
    }
    expect(await team.secretData("db")).toEqual({ password: team.value() });
  });

  test("leaves a Secret whole when a required entry fails, while another has a newer version", async () => {
    const team = await readyTeam(world);
    await team.putSecret("other", { password: team.value("other") });
    await team.applyExternalSecret("db", { refreshInterval: "1s", data: bothEntries(team) });
    await team.waitExternalSecret("db");
    await team.allow(`path "kv/data/${team.key("other")}" { capabilities = ["read"] }`);
    await team.waitExternalSecret("db", { ready: "False", reason: "AccessDenied", timeoutMs: PATIENCE_MS });
    await team.putSecret("other", { password: team.value("newer") });
    await forceSync(team, "db", "1");
    const where = (object: JsonRecord): boolean => valueAt(object, "status", "entries", 1, "state") === "Pending";
    const kept = await team.waitExternalSecret("db", { ready: "False", where });
    expect(entriesOf(kept)).toMatchObject([
      { key: team.key("db"), state: "Failed", reason: "AccessDenied", version: "1" },
      { key: team.key("other"), state: "Pending", version: "1", latestVersion: "2" },
    ]);
    expect(await team.secretData("db")).toEqual({ password: team.value(), other: team.value("other") });
    await team.allow();
    await team.waitSecretData("db", { password: team.value(), other: team.value("newer") }, PATIENCE_MS);
  });
});

describe.concurrent("versions", () => {
  test("are compared by identity: a secret whose versions start again at 1 is written anew", async () => {
    const team = await syncedTeam({ refreshInterval: "1s" });
    await deleteMetadata.lose(team, "db");
    expect(await team.putSecret("db", { password: team.value("reborn") })).toBe(1);
    await team.waitSecretData("db", { password: team.value("reborn") });
    const reborn = await team.waitExternalSecret("db", {
      ready: "True",
      where: (object) => valueAt(object, "status", "revision") === 2,
    });
    expect(entriesOf(reborn)).toMatchObject([{ version: "1", state: "Synced" }]);
  });
});

test("confirmations begin anew after a restart", async () => {
  const team = await syncedTeam({ refreshInterval: "1s", target: { deletionPolicy: "Delete" } });
  await softDelete.lose(team, "db");
  await team.waitExternalSecret("db", { ready: "False", reason: "SecretDeletedRemotely" });
  const [restarted, mark] = [performance.now(), await world.rig.audit.vault.mark()];
  await world.restart("SIGKILL");
  const isRead = async (): Promise<true | undefined> => ((await readsOf(team, "db", mark)) > 0 ? true : undefined);
  await waitUntil("the new process reads the store", isRead, { timeoutMs: PATIENCE_MS });
  await team.waitSecretData("db", undefined, PATIENCE_MS);
  expect(performance.now() - restarted).toBeGreaterThanOrEqual(SPACING_MS);
});
