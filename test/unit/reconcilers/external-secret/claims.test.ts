// Several who want one Secret: another person, another ExternalSecret, and one that may not change. The real reconciler
// over a cluster in memory; numbers are those of the fault list.

import { describe, expect, test } from "vitest";
import { MINUTE_MS, synced, SyncRig } from "../../../support/sync-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

function secretWrites(rig: SyncRig): readonly string[] {
  return rig.cluster.writes.filter((write) => write.includes("secrets"));
}

test("a Secret that somebody makes in the place of ours is left to them (12)", async () => {
  const rig = await synced();
  rig.holdsTargets = true;
  rig.cluster.remove(rig.secretPath());
  rig.edit({ theirs: "x" });
  rig.showTargets();
  await rig.pass(2 * HOUR_MS, MINUTE_MS);
  expect(rig.data()).toEqual({ theirs: "x" });
  expect(rig.ready()).toBe("False TargetNotOwned");
});

describe("two ExternalSecrets with one target (58)", () => {
  const first = { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" };
  const second = { name: "b", creationTimestamp: "2026-01-02T00:00:00Z" };

  test.each([
    { policies: ["Owner", "Owner"], order: [first, second] },
    { policies: ["Owner", "Owner"], order: [second, first] },
    { policies: ["Orphan", "Owner"], order: [second, first] },
    { policies: ["Owner", "CreateOrMerge"], order: [second, first] },
  ])("under $policies, whoever starts first: the elder has it, the other says so", async ({ policies, order }) => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    for (const metadata of order) {
      const creationPolicy = policies[metadata === first ? 0 : 1];
      rig.apply({ target: { name: "shared", creationPolicy } }, metadata);
    }
    await rig.settle();
    for (let life = 0; life < 3; life += 1) {
      rig.restart();
      await rig.pass(2 * HOUR_MS, MINUTE_MS);
    }
    expect([rig.ready("a"), rig.ready("b")]).toEqual(["True SecretSynced", "False TargetConflict"]);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });

  test("who made it before the elder came keeps it", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "one" });
    rig.apply({ target: { name: "shared" } }, second);
    await rig.settle();
    rig.apply({ target: { name: "shared" } }, first);
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    rig.restart();
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect([rig.ready("a"), rig.ready("b")]).toEqual(["False TargetConflict", "True SecretSynced"]);
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });
});

test("an immutable Secret whose value rotates is tried no write at all (59)", async () => {
  const rig = await synced({ target: { immutable: true } });
  rig.cluster.writes.length = 0;
  rig.provider.put("app/db", 2, { password: "two" });
  await rig.pass(24 * HOUR_MS, HOUR_MS);
  expect(rig.ready()).toBe("False TargetImmutable");
  expect(rig.cluster.writes).toEqual(["PATCH db/status"]);
});
