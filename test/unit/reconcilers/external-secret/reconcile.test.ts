// What must hold, end to end in one process: the real reconciler over a cluster in memory and a fake store.

import { describe, expect, test } from "vitest";
import { refused } from "../../../support/fake-cluster.ts";
import { MINUTE_MS, synced, SyncRig } from "../../../support/sync-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("a first sync", () => {
  test("makes the Secret with one write, its status with one, and comes to rest", async () => {
    const rig = await synced();
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.ready()).toBe("True SecretSynced");
    expect(rig.status()).toMatchObject({ revision: 1, versionSummary: "1", binding: { name: "db" } });
    expect(rig.cluster.writes).toEqual(["POST team-a/secrets", "PATCH db/status"]);
    expect(rig.events).toEqual(["SecretSynced"]);
  });

  test("says at once that the store refuses the login", async () => {
    const rig = new SyncRig();
    rig.provider.outage = "unauthenticated";
    rig.apply();
    await rig.settle();
    expect(rig.ready()).toBe("False Unauthenticated");
  });

  test("follows within 30 s when the store comes back", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.provider.outage = "unavailable";
    rig.apply();
    await rig.pass(5 * MINUTE_MS);
    rig.provider.outage = undefined;
    await rig.pass(30_000);
    expect(rig.ready()).toBe("True SecretSynced");
  });
});

describe("refreshes", () => {
  test("write nothing while nothing changes, but for a heartbeat", async () => {
    const rig = await synced();
    rig.cluster.writes.length = 0;
    await rig.pass(5 * HOUR_MS, MINUTE_MS);
    expect(rig.provider.reads).toBeGreaterThan(5);
    expect(rig.cluster.writes).toEqual([]);
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    expect(rig.cluster.writes).toEqual(["PATCH db/status"]);
  });

  test("bring a rotated value and its version", async () => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.status()).toMatchObject({ revision: 2, versionSummary: "2" });
  });

  test.each(["accessDenied", "unavailable", "malformedPayload", "notFound"] as const)(
    "that fail (%s) keep the Secret under deletionPolicy Retain",
    async (kind) => {
      const rig = await synced();
      rig.provider.kept.set("app/db", kind);
      await rig.pass(3 * HOUR_MS, MINUTE_MS);
      expect(rig.data()).toEqual({ password: "one" });
      expect(rig.ready()).toMatch(/^False /);
    },
  );

  test("during a short outage write no status, and an overdue one says so", async () => {
    const rig = await synced();
    rig.provider.outage = "unavailable";
    rig.cluster.writes.length = 0;
    await rig.pass(HOUR_MS + 4 * MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
    await rig.pass(3 * MINUTE_MS);
    expect(rig.ready()).toBe("False ProviderUnavailable");
    expect(rig.data()).toEqual({ password: "one" });
  });
});

describe("other writers", () => {
  test("an edit and a deletion heal", async () => {
    const rig = await synced();
    rig.edit({ password: "edited", extra: "x" });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
    rig.cluster.remove(rig.secretPath());
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
  });

  test("one that fights is named after three rounds, and then left alone for five minutes", async () => {
    const rig = await synced();
    for (let round = 0; round < 6; round += 1) {
      rig.edit({ password: `edited ${round}` });
      await rig.pass(10_000);
    }
    expect(rig.ready()).toBe("False TargetConflict");
    expect(rig.data()).toEqual({ password: "edited 5" });
    expect(rig.status().conditions[0]?.message).toContain("kubectl");
    await rig.pass(6 * MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("a Secret of somebody else is refused until it is offered for adoption", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.edit({ theirs: "x" });
    rig.apply();
    await rig.settle();
    expect(rig.ready()).toBe("False TargetNotOwned");
    expect(rig.data()).toEqual({ theirs: "x" });
    rig.edit({}, { annotations: { "fairlead.dev/adopt": "db" } });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.metadata()["annotations"]).toEqual({ "fairlead.dev/external-secret": "db" });
  });

  test("two that share a Secret do not fight over their labels", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one", user: "app" });
    const target = { name: "shared", creationPolicy: "CreateOrMerge" };
    const entry = (secretKey: string) => [{ secretKey, remoteRef: { key: "app/db", property: secretKey } }];
    rig.apply(
      { target, data: entry("password") },
      { name: "a", labels: { team: "a" }, creationTimestamp: "2026-01-01T00:00:00Z" },
    );
    rig.apply(
      { target, data: entry("user") },
      { name: "b", labels: { team: "b" }, creationTimestamp: "2026-01-02T00:00:00Z" },
    );
    await rig.pass(10 * MINUTE_MS);
    expect(rig.data("shared")).toEqual({ password: "one", user: "app" });
    expect([rig.ready("a"), rig.ready("b")]).toEqual(["True SecretSynced", "True SecretSynced"]);
  });

  test("own writes that the watch shows late cause no second write", async () => {
    const rig = new SyncRig();
    rig.holdsTargets = true;
    rig.provider.put("app/db", 1, { password: "one" });
    rig.apply();
    await rig.settle();
    rig.cluster.writes.length = 0;
    await rig.pass(5 * HOUR_MS, MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
  });
});

describe("CreatedOnce", () => {
  const once = { refreshPolicy: "CreatedOnce" };

  test("leaves later edits alone, also after a restart and without the label", async () => {
    const rig = await synced(once);
    rig.edit({ password: "mine" });
    await rig.settle();
    rig.restart();
    await rig.settle();
    rig.edit({}, { labels: { "fairlead.dev/managed": null } });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "mine" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test.each([
    { creationPolicy: "Owner", then: { password: "one" } },
    { creationPolicy: "CreateOrMerge", then: { password: "one" } },
    { creationPolicy: "Orphan", then: undefined },
  ])("after a restart, a deleted Secret under $creationPolicy becomes $then", async ({ creationPolicy, then }) => {
    const rig = await synced({ ...once, target: { creationPolicy } });
    rig.restart();
    await rig.settle();
    rig.cluster.remove(rig.secretPath());
    await rig.settle();
    expect(rig.data()).toEqual(then);
  });

  test("a force-sync overrides, and is kept until it could be served", async () => {
    const rig = await synced(once);
    rig.provider.put("app/db", 2, { password: "two" });
    rig.provider.outage = "unavailable";
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
    rig.provider.outage = undefined;
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.status().lastHandledForceSync).toBe("1");
  });

  test.each(["2", null])("any change of the force-sync annotation overrides: from 1 to %s", async (token) => {
    const rig = await synced(once);
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    await rig.settle();
    rig.provider.put("app/db", 2, { password: "two" });
    rig.annotate({ "fairlead.dev/force-sync": token });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "two" });
  });

  test("a served force-sync whose annotation went is not served again after a restart", async () => {
    const rig = await synced(once);
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    await rig.settle();
    rig.edit({ password: "mine" });
    rig.annotate({ "fairlead.dev/force-sync": null });
    rig.restart();
    await rig.settle();
    expect(rig.data()).toEqual({ password: "mine" });
  });
});

describe("suspend", () => {
  test("writes nothing, keeps a force-sync for later, and syncs when lifted", async () => {
    const rig = await synced();
    rig.apply({ suspend: true });
    await rig.settle();
    rig.provider.put("app/db", 2, { password: "two" });
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    rig.edit({ password: "mine" });
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "mine" });
    expect(rig.status().lastHandledForceSync).toBeUndefined();
    rig.apply({ suspend: false });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "two" });
    expect(rig.status().lastHandledForceSync).toBe("1");
  });
});

describe("policy and target changes", () => {
  test.each(["Owner", "CreateOrMerge"])("from %s to None drops our name and keeps the data", async (creationPolicy) => {
    const rig = await synced({ target: { creationPolicy } });
    rig.apply({ target: { creationPolicy: "None" } });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.metadata()["ownerReferences"] ?? []).toEqual([]);
    expect(rig.metadata()["labels"]).not.toHaveProperty(["fairlead.dev/managed"]);
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("a renamed target under Owner removes the old Secret, also when the first try fails", async () => {
    const rig = await synced();
    let refusals = 1;
    rig.cluster.intercept = ({ method }) => (method === "DELETE" && refusals-- > 0 ? refused(500) : undefined);
    rig.apply({ target: { name: "new" } });
    await rig.settle();
    expect(rig.data("new")).toEqual({ password: "one" });
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toBeUndefined();
  });

  test("a copy that somebody made of our Secret is not taken for a former target", async () => {
    const rig = await synced();
    const { namespace, labels, annotations, ownerReferences } = rig.metadata();
    rig.cluster.apply(rig.secretPath("copy"), {
      metadata: { namespace, labels, annotations, ownerReferences },
      data: { password: "b25l" },
    });
    rig.annotate({ "force-sync": "1" });
    await rig.settle();
    expect(rig.ready()).toBe("True SecretSynced");
    expect(rig.data("copy")).toEqual({ password: "one" });
  });

  test("a renamed target under Orphan leaves the old Secret", async () => {
    const rig = await synced({ target: { creationPolicy: "Owner" } });
    rig.apply({ target: { name: "new", creationPolicy: "Orphan" } });
    await rig.settle();
    expect(rig.data()).toEqual({ password: "one" });
  });

  test("an immutable Secret keeps its value, and says so", async () => {
    const rig = await synced({ target: { immutable: true } });
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
    expect(rig.ready()).toBe("False TargetImmutable");
    rig.cluster.remove(rig.secretPath());
    await rig.settle();
    expect(rig.data()).toEqual({ password: "two" });
  });
});

describe("wake-ups", () => {
  test("a reconcile that throws keeps the reason that brought it", async () => {
    const rig = await synced();
    rig.provider.outage = "unavailable";
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    let throws = 1;
    rig.toleratesThrows = true;
    rig.cluster.intercept = ({ path }) => {
      if (path.endsWith("/status") && throws-- > 0) throw new Error("unexpected");
      return undefined;
    };
    rig.provider.outage = undefined;
    await rig.pass(MINUTE_MS);
    expect(throws).toBeLessThan(1);
    expect(rig.ready()).toBe("True SecretSynced");
  });
});

describe("lost status writes", () => {
  test.each(["refused once", "lost in a crash"])("a status %s still counts the revision", async (how) => {
    const rig = await synced();
    rig.provider.put("app/db", 2, { password: "two" });
    let refusals = how === "refused once" ? 1 : 99;
    rig.cluster.intercept = ({ path }) => (path.endsWith("/status") && refusals-- > 0 ? refused(500) : undefined);
    await rig.pass(HOUR_MS, MINUTE_MS);
    rig.cluster.intercept = () => undefined;
    if (how !== "refused once") rig.restart();
    await rig.pass(MINUTE_MS);
    expect(rig.status()).toMatchObject({ revision: 2, versionSummary: "2" });
  });

  test("a status lost in a crash still counts a key that went, though no version moved", async () => {
    const entry = (secretKey: string) => ({ secretKey, remoteRef: { key: "app/db", property: "password" } });
    const rig = await synced({ data: [entry("first"), entry("second")] });
    rig.apply({ data: [entry("first")] });
    rig.cluster.intercept = ({ path }) => (path.endsWith("/status") ? refused(500) : undefined);
    await rig.pass(MINUTE_MS);
    rig.cluster.intercept = () => undefined;
    rig.restart();
    await rig.pass(MINUTE_MS);
    expect(rig.status()).toMatchObject({ revision: 2, keys: { total: 1 }, history: [{ changed: [] }, {}] });
    rig.restart();
    await rig.pass(MINUTE_MS);
    expect(rig.status()).toMatchObject({ revision: 2 });
  });
});
