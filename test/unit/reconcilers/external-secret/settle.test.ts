// Writes that must wait, or are tried again: what a store says now decides, and what the API server said before does not.

import { describe, expect, test } from "vitest";
import { recordOf } from "../../../../src/core/unknown.ts";
import { refused } from "../../../support/fake-cluster.ts";
import type { FakeProvider } from "../../../support/fake-provider.ts";
import { MINUTE_MS, synced, SyncRig } from "../../../support/sync-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

/** Runs `act` between the next read's answer and what is made of it. */
function duringRead(provider: FakeProvider, act: () => void): void {
  const read = provider.readSecrets.bind(provider);
  provider.readSecrets = (refs) => {
    const answer = read(refs);
    provider.readSecrets = read;
    act();
    return answer;
  };
}

function secretWrites(rig: SyncRig): readonly string[] {
  return rig.cluster.writes.filter((write) => write.includes("secrets"));
}

describe("a store that is edited between read and write", () => {
  const target = { creationPolicy: "Owner", deletionPolicy: "Delete" };

  test("has what it said before not written", async () => {
    const rig = new SyncRig();
    rig.provider.put("app/db", 1, { password: "of the old store" });
    duringRead(rig.provider, () => {
      rig.editStore();
      rig.provider.put("app/db", 1, { password: "of the new store" });
    });
    rig.apply();
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ password: "of the new store" });
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });

  test("has an absence that it confirmed before not acted upon", async () => {
    const rig = await synced({ target });
    rig.provider.kept.delete("app/db");
    await rig.pass(HOUR_MS, MINUTE_MS);
    duringRead(rig.provider, () => {
      rig.editStore();
      rig.provider.put("app/db", 1, { password: "one" });
    });
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    await rig.pass(MINUTE_MS);
    expect(rig.data()).toEqual({ password: "one" });
    expect(secretWrites(rig)).toEqual(["POST team-a/secrets"]);
  });

  test("still has its failure told", async () => {
    const rig = new SyncRig();
    rig.provider.kept.set("app/db", "accessDenied");
    duringRead(rig.provider, () => rig.editStore());
    rig.apply();
    await rig.settle();
    expect(rig.ready()).toBe("False AccessDenied");
  });
});

test("an outage that a read meets is told at once", async () => {
  const rig = await synced();
  rig.provider.outage = "unavailable";
  rig.annotate({ "fairlead.dev/force-sync": "1" });
  await rig.settle();
  expect(rig.ready()).toBe("False ProviderUnavailable");
});

describe("a Secret that the API server refuses for its values", () => {
  async function tooLarge(spec = {}): Promise<SyncRig> {
    const rig = await synced(spec);
    rig.cluster.intercept = ({ path, body }) =>
      path.includes("/secrets") && String(recordOf(recordOf(body)["data"])["password"]).length > 100
        ? refused(422, "Invalid")
        : undefined;
    rig.provider.put("app/db", 2, { password: "x".repeat(1_000) });
    rig.annotate({ "fairlead.dev/force-sync": "1" });
    await rig.settle();
    expect(rig.ready()).toBe("False TargetRejected");
    return rig;
  }

  const stalled = (rig: SyncRig): string | undefined =>
    rig.status().conditions.find(({ type }) => type === "Stalled")?.status;

  test("is stalled and left alone until the interval, and tells of newer versions then", async () => {
    const rig = await tooLarge();
    rig.cluster.writes.length = 0;
    rig.provider.put("app/db", 3, { password: "y".repeat(1_000) });
    await rig.pass(HOUR_MS - MINUTE_MS, MINUTE_MS);
    expect(rig.cluster.writes).toEqual([]);
    await rig.pass(2 * MINUTE_MS, MINUTE_MS);
    expect(stalled(rig)).toBe("True");
    expect(rig.status().entries).toMatchObject([{ version: "1", latestVersion: "3", state: "Pending" }]);
    expect(rig.data()).toEqual({ password: "one" });
  });

  test("is written at the interval once they are small enough", async () => {
    const rig = await tooLarge();
    rig.provider.put("app/db", 3, { password: "three" });
    await rig.pass(HOUR_MS, MINUTE_MS);
    expect(rig.data()).toEqual({ password: "three" });
    expect(rig.ready()).toBe("True SecretSynced");
  });

  test.each([{ refreshInterval: "0" }, { refreshPolicy: "OnChange" }])(
    "is not looked at by time with %j",
    async (spec) => {
      const rig = await tooLarge(spec);
      const { reads } = rig.provider;
      await rig.pass(24 * HOUR_MS, HOUR_MS);
      expect(rig.provider.reads).toBe(reads);
    },
  );
});

test("an immutable Secret says at each interval which version waits, and is well when the store goes back", async () => {
  const rig = await synced({ target: { immutable: true } });
  rig.provider.put("app/db", 2, { password: "two" });
  await rig.pass(HOUR_MS, MINUTE_MS);
  expect(rig.ready()).toBe("False TargetImmutable");
  rig.provider.put("app/db", 3, { password: "three" });
  await rig.pass(HOUR_MS, MINUTE_MS);
  expect(rig.status().entries).toMatchObject([{ version: "1", latestVersion: "3", state: "Pending" }]);
  rig.provider.put("app/db", 4, { password: "one" });
  await rig.pass(HOUR_MS, MINUTE_MS);
  expect(rig.ready()).toBe("True SecretSynced");
  expect(rig.status().entries).toMatchObject([{ version: "4", state: "Synced" }]);
});

describe("the binding", () => {
  const bound = (rig: SyncRig): string | undefined => rig.status().binding?.name;

  test("stays with a Secret that is kept", async () => {
    const rig = await synced();
    rig.provider.kept.set("app/db", "accessDenied");
    await rig.pass(2 * HOUR_MS, MINUTE_MS);
    expect(rig.ready()).toBe("False AccessDenied");
    expect(bound(rig)).toBe("db");
  });

  test.each(["accessDenied", "invalidReference", "unavailable"] as const)(
    "goes with the Secret while the sync fails (%s)",
    async (kind) => {
      const rig = await synced();
      rig.provider.kept.set("app/db", kind);
      await rig.pass(2 * HOUR_MS, MINUTE_MS);
      rig.cluster.remove(rig.secretPath());
      await rig.settle();
      expect(rig.data()).toBeUndefined();
      expect(bound(rig)).toBeUndefined();
    },
  );

  test("goes with the Secret while suspended", async () => {
    const rig = await synced();
    rig.apply({ suspend: true });
    await rig.settle();
    expect(bound(rig)).toBe("db");
    rig.cluster.remove(rig.secretPath());
    await rig.settle();
    expect(bound(rig)).toBeUndefined();
  });

  test("stays while suspended before the watch has shown the new Secret", async () => {
    const rig = new SyncRig();
    rig.holdsTargets = true;
    rig.provider.put("app/db", 1, { password: "one" });
    rig.apply();
    await rig.settle();
    rig.apply({ suspend: true });
    await rig.settle();
    expect(bound(rig)).toBe("db");
  });

  test("goes when somebody else's Secret is there instead", async () => {
    const rig = await synced();
    rig.provider.kept.set("app/db", "accessDenied");
    rig.holdsTargets = true;
    rig.cluster.remove(rig.secretPath());
    rig.edit({ theirs: "x" });
    rig.showTargets();
    await rig.settle();
    expect(bound(rig)).toBeUndefined();
  });

  test("stays with a Secret that only lost its label", async () => {
    const rig = await synced();
    rig.provider.kept.set("app/db", "accessDenied");
    await rig.pass(HOUR_MS, MINUTE_MS);
    rig.edit({}, { labels: { "fairlead.dev/managed": null } });
    await rig.settle();
    expect(rig.ready()).toBe("False AccessDenied");
    expect(bound(rig)).toBe("db");
  });

  test("stays with the Secret of the former name until the new one is there", async () => {
    const rig = await synced();
    rig.provider.kept.set("app/db", "accessDenied");
    rig.apply({ target: { name: "new" } });
    await rig.settle();
    expect(bound(rig)).toBe("db");
    rig.provider.put("app/db", 2, { password: "two" });
    await rig.pass(5 * MINUTE_MS);
    expect(bound(rig)).toBe("new");
  });
});
