// What the cache does not show: ExternalSecrets that went or changed behind a frozen watch, notifications that never
// came, an etcd that was restored. The real reconciler over a cluster in memory; numbers are those of the fault list.

import { describe, expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import { recordOf } from "../../../../src/core/unknown.ts";
import { objectPath, resources } from "../../../../src/kubernetes/resource-path.ts";
import { refused, unanswered } from "../../../support/fake-cluster.ts";
import { MINUTE_MS, synced, SyncRig } from "../../../support/sync-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;
const EXTERNAL_SECRET = objectPath(resources.externalSecrets, { namespace: "team-a", name: "db" });

function secretWrites(rig: SyncRig): readonly string[] {
  return rig.cluster.writes.filter((write) => write.includes("secrets"));
}

function liveStatus(rig: SyncRig): unknown {
  return rig.cluster.get(EXTERNAL_SECRET)?.["status"];
}

describe("an ExternalSecret that was deleted behind a frozen watch (9, 15)", () => {
  test.each(["Owner", "Orphan", "CreateOrMerge"])(
    "has no Secret made again under %s, before or after a restart",
    async (creationPolicy) => {
      const rig = await synced({ target: { creationPolicy } });
      rig.holdsExternalSecrets = true;
      rig.cluster.remove(EXTERNAL_SECRET);
      rig.cluster.writes.length = 0;
      rig.cluster.remove(rig.secretPath());
      await rig.pass(2 * HOUR_MS, MINUTE_MS);
      rig.restart();
      await rig.pass(2 * HOUR_MS, MINUTE_MS);
      expect(rig.data()).toBeUndefined();
      expect(secretWrites(rig)).toEqual([]);
      rig.showExternalSecrets();
      await rig.settle();
      expect(rig.cluster.writes).toEqual([]);
    },
  );

  test.each([
    { given: "is being deleted", change: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    { given: "is another one of that name", change: { uid: "another" } },
  ])("or that $given, has none made either", async ({ change }) => {
    const rig = await synced({ target: { creationPolicy: "Orphan" } });
    rig.holdsExternalSecrets = true;
    rig.cluster.apply(EXTERNAL_SECRET, { metadata: change });
    rig.cluster.writes.length = 0;
    rig.cluster.remove(rig.secretPath());
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
  });

  test("has its orphaned Secret left to whom edits it", async () => {
    const rig = await synced({ target: { creationPolicy: "Orphan" } });
    rig.holdsExternalSecrets = true;
    rig.cluster.remove(EXTERNAL_SECRET);
    rig.edit({ password: "mine" });
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "mine" });
  });

  test.each([
    { by: "a Secret that it would make", act: (rig: SyncRig) => rig.cluster.remove(rig.secretPath()) },
    {
      by: "a status that it would get",
      act: (rig: SyncRig) => {
        rig.provider.kept.set("app/db", "accessDenied");
        rig.apply({}, { uid: "another" });
        rig.edit({}, { labels: { "fairlead.dev/managed": null } });
      },
    },
  ])("costs no read of the store once it is known by $by", async ({ act }) => {
    const rig = await synced();
    rig.holdsExternalSecrets = true;
    rig.cluster.remove(EXTERNAL_SECRET);
    act(rig);
    await rig.settle();
    const { reads } = rig.provider;
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.provider.reads).toBe(reads);
  });

  test("is not taken for gone on a proxy's word, nor on none", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    const answers = [refused(500), unanswered({ method: "GET" }), refused(404, "Unauthorized")];
    rig.cluster.intercept = ({ method, path }) =>
      method === "GET" && path === EXTERNAL_SECRET ? answers.shift() : undefined;
    rig.apply();
    await rig.pass(MINUTE_MS);
    expect(rig.ready()).toBe("True SecretSynced");
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });
});

describe("while the API server is asked about an ExternalSecret", () => {
  /** Runs `act` during the next look at it. */
  function duringLook(rig: SyncRig, act: () => void): void {
    let isDone = false;
    rig.cluster.intercept = ({ method, path }) => {
      const isNow = !isDone && method === "GET" && path === EXTERNAL_SECRET;
      isDone ||= isNow;
      const answer = isNow ? rig.cluster.get(EXTERNAL_SECRET) : undefined;
      if (isNow) act();
      return answer === undefined ? undefined : ok(answer);
    };
  }

  test("its store may be edited: what the store said before is not written (14)", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "of the old store" });
    duringLook(rig, () => {
      rig.editStore();
      rig.provider.put("app/db", 1, { password: "of the new store" });
    });
    rig.apply();
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ password: "of the new store" });
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });

  test("it may be deleted: no Secret is made", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    duringLook(rig, () => rig.cluster.remove(EXTERNAL_SECRET));
    rig.apply({ target: { creationPolicy: "Orphan" } });
    await rig.pass(MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
  });
});

test("an ExternalSecret that came and went between read and write leaves no Secret (17)", async () => {
  const rig = new SyncRig();
  rig.provider.put("app/db", 1, { password: "one" });
  const read = rig.provider.readSecrets.bind(rig.provider);
  rig.provider.readSecrets = (refs) => {
    rig.holdsExternalSecrets = true;
    rig.cluster.remove(EXTERNAL_SECRET);
    return read(refs);
  };
  rig.apply({ target: { creationPolicy: "Orphan" } });
  await rig.settle();
  rig.showExternalSecrets();
  await rig.pass(HOUR_MS, MINUTE_MS);
  expect(rig.data()).toBeUndefined();
  expect(rig.cluster.writes).toEqual([]);
});

describe("an ExternalSecret that was made anew behind a frozen watch (11)", () => {
  test("keeps its Secret from the deletion policy of the one before", async () => {
    const target = { creationPolicy: "Orphan", deletionPolicy: "Delete" };
    const rig = await synced({ target });
    rig.holdsExternalSecrets = true;
    rig.cluster.remove(EXTERNAL_SECRET);
    rig.apply({ target: { ...target, deletionPolicy: "Retain" } });
    rig.provider.kept.delete("app/db");
    await rig.pass(4 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
    rig.showExternalSecrets();
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(5 * MINUTE_MS);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("keeps its Secret from the renaming of the one before", async () => {
    const rig = await synced();
    rig.apply({ target: { name: "new" } });
    rig.holdsExternalSecrets = true;
    rig.cluster.remove(EXTERNAL_SECRET);
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
  });
});

describe("a restart onto a cache of the past (10)", () => {
  /** Generation 2 of the spec, and its rendering by another replica; our cache shows generation 1. */
  async function overtaken(): Promise<SyncRig> {
    const rig = await synced();
    rig.holdsExternalSecrets = true;
    rig.apply({ data: [{ secretKey: "user", remoteRef: { key: "app/db", property: "user" } }] });
    rig.edit({ password: null, user: "app" });
    rig.cluster.apply(EXTERNAL_SECRET, { status: { observedGeneration: 2 } });
    rig.cluster.writes.length = 0;
    return rig;
  }

  test.each(["after a restart", "in the same process"])("writes no older rendering over a newer: %s", async (when) => {
    const rig = await overtaken();
    if (when === "after a restart") rig.restart();
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ user: "app" });
    expect(rig.cluster.writes).toEqual([]);
    rig.showExternalSecrets();
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ user: "app" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("writes no older status over a newer", async () => {
    const rig = await overtaken();
    const newer = liveStatus(rig);
    rig.restart();
    rig.provider.kept.set("app/db", "accessDenied");
    await rig.pass(10 * MINUTE_MS);
    expect(liveStatus(rig)).toEqual(newer);
    rig.showExternalSecrets();
    await rig.pass(MINUTE_MS);
    expect(rig.ready()).toBe("False AccessDenied");
  });

  test("makes no Secret from it", async () => {
    const rig = await overtaken();
    rig.cluster.remove(rig.secretPath());
    rig.restart();
    await rig.pass(10 * MINUTE_MS);
    expect(rig.data()).toBeUndefined();
    rig.showExternalSecrets();
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ user: "app" });
  });
});

describe("own writes that the caches show late (13)", () => {
  test("are told, so that nothing is done before, and cause no second one", async () => {
    const rig = new SyncRig();
    rig.holdsTargets = true;
    rig.provider.put("app/db", 1, { password: "one" });
    rig.apply();
    rig.holdsExternalSecrets = true;
    await rig.settle();
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets", "PATCH secrets/db"]);
    const version = (path: string) => String(recordOf(rig.cluster.get(path)?.["metadata"])["resourceVersion"]);
    expect(rig.told).toHaveLength(4);
    expect(rig.told.slice(2)).toEqual([
      `secrets ${version(rig.secretPath())}`,
      `externalsecrets ${version(EXTERNAL_SECRET)}`,
    ]);
    rig.showExternalSecrets();
    rig.showTargets();
    rig.cluster.writes.length = 0;
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
  });

  test("are told only where the watch of managed Secrets will show them", async () => {
    const rig = await synced({ target: { creationPolicy: "Merge" } });
    rig.edit({ other: "x" });
    await rig.settle();
    rig.told.length = 0;
    rig.apply({ target: { creationPolicy: "None" } });
    await rig.settle();
    expect(rig.told.map((line) => line.split(" ")[0])).toEqual(["secrets", "externalsecrets"]);
  });
});

describe("an etcd that was restored from a backup (16)", () => {
  test.each([
    { given: "an older value", of: (rig: SyncRig) => rig.provider.put("app/db", 2, { password: "two" }) },
    { given: "no Secret", of: undefined },
  ])("with $given: all is as the store says again, and nothing is deleted", async ({ of }) => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.apply();
    if (of !== undefined) await rig.settle();
    const backup = rig.cluster.backup();
    of?.(rig);
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    const wanted = rig.data();
    rig.cluster.restore(backup);
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual(wanted);
    expect(rig.ready()).toBe("True SecretSynced");
    expect(rig.status()).toMatchObject({ versionSummary: of === undefined ? "1" : "2", binding: { name: "db" } });
    expect(rig.cluster.writes.filter((write) => write.startsWith("DELETE"))).toEqual([]);
  });
});

describe("notifications", () => {
  test("a label that went and came back unseen is nothing (19)", async () => {
    const rig = await synced();
    rig.holdsTargets = true;
    rig.edit({}, { labels: { "fairlead.dev/managed": null } });
    rig.edit({}, { labels: { "fairlead.dev/managed": "true" } });
    rig.showTargets();
    await rig.settle();
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });

  test.each(["deleted", "edited"])("a Secret %s unseen is put right by the refresh (20)", async (how) => {
    const rig = await synced();
    rig.holdsTargets = true;
    if (how === "deleted") rig.cluster.remove(rig.secretPath());
    else rig.edit({ password: "edited" });
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("a refresh that finds nothing new costs one glance at the Secret, and none where there is no answer (20)", async () => {
    const rig = await synced();
    rig.cluster.reads.length = 0;
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.cluster.reads).toEqual(["GET secrets/db metadata"]);
    rig.cluster.intercept = () => refused(500);
    rig.cluster.reads.length = 0;
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.cluster.reads).toEqual(["GET secrets/db metadata"]);
  });

  test("an ExternalSecret before its store says nothing until the store is there (21)", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.unseenStores.add("late");
    rig.apply({ secretStoreRef: { name: "late", kind: "SecretStore" } });
    await rig.pass(MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
    rig.unseenStores.clear();
    await rig.pass(10_000);
    expect(rig.ready()).toBe("False StoreNotFound");
  });
});
