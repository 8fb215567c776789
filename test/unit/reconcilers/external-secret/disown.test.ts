// CreatedOnce when the creation policy changes after the Secret was made.

import { describe, expect, test } from "vitest";
import { listOf } from "../../../../src/core/unknown.ts";
import { refused } from "../../../support/fake-cluster.ts";
import { MINUTE_MS, synced, type SyncRig } from "../../../support/sync-rig.ts";

async function made(): Promise<SyncRig> {
  const rig = await synced({ refreshPolicy: "CreatedOnce" });
  rig.edit({ password: "mine" });
  await rig.settle();
  expect(rig.metadata()["ownerReferences"]).toHaveLength(1);
  return rig;
}

const leave = (rig: SyncRig, creationPolicy: string): void => rig.apply({ target: { creationPolicy } });

describe("a Secret that was made once under Owner", () => {
  test.each([
    { creationPolicy: "Orphan", mark: "db" },
    { creationPolicy: "Merge", mark: undefined },
    { creationPolicy: "CreateOrMerge", mark: undefined },
    { creationPolicy: "None", mark: undefined },
  ])("loses our owner reference under $creationPolicy, and keeps its data", async ({ creationPolicy, mark }) => {
    const rig = await made();
    leave(rig, creationPolicy);
    await rig.settle();
    expect(rig.metadata()["ownerReferences"]).toEqual([]);
    expect(rig.metadata()["annotations"]).toEqual(mark === undefined ? {} : { "fairlead.dev/external-secret": mark });
    expect(rig.data()).toEqual({ password: "mine" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("loses it also while the store is out, with one write", async () => {
    const rig = await made();
    rig.provider.outage = "unavailable";
    await rig.pass(6 * MINUTE_MS);
    rig.cluster.writes.length = 0;
    leave(rig, "Orphan");
    await rig.pass(MINUTE_MS);
    expect(rig.metadata()["ownerReferences"]).toEqual([]);
    expect(rig.cluster.writes.filter((write) => write.endsWith("secrets/db"))).toEqual(["PATCH secrets/db"]);
  });

  test("keeps a foreign owner", async () => {
    const rig = await made();
    const foreign = { apiVersion: "v1", kind: "Pod", name: "p", uid: "p" };
    rig.edit({}, { ownerReferences: [foreign, ...listOf(rig.metadata()["ownerReferences"])] });
    leave(rig, "Orphan");
    await rig.settle();
    expect(rig.metadata()["ownerReferences"]).toMatchObject([foreign]);
  });

  test.each([
    { answer: refused(403, "Forbidden"), then: "False TargetRejected" },
    { answer: refused(422, "Invalid"), then: "False TargetRejected" },
    { answer: refused(409, "Conflict"), then: "True SecretSynced" },
    { answer: refused(500), then: "True SecretSynced" },
  ])("says $then while the write is refused, and loses it in the end", async ({ answer, then }) => {
    const rig = await made();
    rig.cluster.intercept = ({ method, path }) =>
      method === "PATCH" && path.endsWith("/secrets/db") ? answer : undefined;
    leave(rig, "Orphan");
    await rig.pass(1_000);
    expect(rig.ready()).toBe(then);
    expect(rig.metadata()["ownerReferences"]).toHaveLength(1);
    rig.cluster.intercept = () => undefined;
    rig.apply({ target: { creationPolicy: "Orphan" } }, { labels: { a: "b" } });
    await rig.pass(MINUTE_MS);
    expect(rig.metadata()["ownerReferences"]).toEqual([]);
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test("that went in the meantime is not made again under Orphan", async () => {
    const rig = await made();
    rig.holdsTargets = true;
    rig.cluster.remove(rig.secretPath());
    leave(rig, "Orphan");
    await rig.pass(1_000);
    rig.showTargets();
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toBeUndefined();
    expect(rig.ready()).toBe("True SecretSynced");
  });
});
