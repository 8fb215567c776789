// When a deletion policy acts, and when never: the real reconciler over a cluster in memory and a fake store.

import { describe, expect, test } from "vitest";
import { MINUTE_MS, synced, SyncRig } from "../../../support/sync-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("deletionPolicy Delete", () => {
  const target = { creationPolicy: "Owner", deletionPolicy: "Delete" };

  test("acts only after two checks an interval apart, and then stays quiet", async () => {
    const rig = await synced({ target });
    rig.provider.kept.delete("app/db");
    await rig.pass(HOUR_MS + MINUTE_MS, MINUTE_MS);
    expect(rig.ready()).toBe("False SecretNotFound");
    expect(rig.data()).toEqual({ password: "one" });
    await rig.pass(HOUR_MS + 10 * MINUTE_MS, MINUTE_MS);
    expect(rig.data()).toBeUndefined();
    expect(rig.ready()).toBe("True SecretDeleted");
    const { revision } = rig.status();
    rig.cluster.writes.length = 0;
    await rig.pass(5 * HOUR_MS, MINUTE_MS);
    expect(rig.status().revision).toBe(revision);
    expect(rig.cluster.writes).toEqual([]);
  });

  test.each(["accessDenied", "unavailable", "versionNotFound", "disabled", "mountChanged"] as const)(
    "never acts on %s",
    async (kind) => {
      const rig = await synced({ target });
      rig.provider.kept.set("app/db", kind);
      await rig.pass(5 * HOUR_MS, MINUTE_MS);
      expect(rig.data()).toEqual({ password: "one" });
    },
  );

  test("begins anew after a restart", async () => {
    const rig = await synced({ target });
    rig.provider.kept.delete("app/db");
    await rig.pass(HOUR_MS + 30 * MINUTE_MS, MINUTE_MS);
    rig.restart();
    await rig.pass(50 * MINUTE_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
  });

  test("lets a force-sync be the second check", async () => {
    const rig = await synced({ target });
    rig.provider.kept.delete("app/db");
    await rig.pass(HOUR_MS, MINUTE_MS);
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    await rig.settle();
    expect(rig.data()).toBeUndefined();
  });

  test("does not delete at the first look of one find because another was confirmed empty before", async () => {
    const find = (regexp: string) => ({ find: { name: { regexp } } });
    const rig = new SyncRig();
    rig.provider.put("b-key", 1, { v: "1" });
    rig.apply({ target, data: [], dataFrom: [find("^a-"), find("^b-")] });
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    expect(Object.keys(rig.data() ?? {})).toEqual(["b-key"]);
    rig.provider.kept.delete("b-key");
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(Object.keys(rig.data() ?? {})).toEqual(["b-key"]);
  });

  test("carries what a find lost beside an entry that is left out", async () => {
    const rig = new SyncRig();
    rig.provider.put("k-1", 1, { v: "1" });
    rig.provider.put("k-2", 1, { v: "2" });
    const data = [{ secretKey: "gone", remoteRef: { key: "app/gone", property: "x" } }];
    rig.apply({ target, data, dataFrom: [{ find: { name: { regexp: "^k-" } } }] });
    await rig.pass(2 * MINUTE_MS);
    expect(Object.keys(rig.data() ?? {})).toEqual(["k-1", "k-2"]);
    rig.provider.kept.delete("k-2");
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(Object.keys(rig.data() ?? {})).toEqual(["k-1", "k-2"]);
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(Object.keys(rig.data() ?? {})).toEqual(["k-1"]);
  });

  test("does not delete a Secret that was only offered for adoption", async () => {
    const rig = new SyncRig();
    rig.edit({ theirs: "x" }, { annotations: { "fairlead.dev/adopt": "db" } });
    rig.apply({ target });
    await rig.pass(5 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ theirs: "x" });
  });

  test("finds a Secret that lost its label before it says that it is gone", async () => {
    const rig = await synced({ target });
    rig.provider.kept.delete("app/db");
    rig.restart();
    rig.edit({}, { labels: { "fairlead.dev/managed": null } });
    await rig.pass(3 * HOUR_MS, MINUTE_MS);
    expect(rig.data()).toBeUndefined();
  });
});
