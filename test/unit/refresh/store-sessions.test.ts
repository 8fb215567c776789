import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { objectKey } from "../../../src/core/object-key.ts";
import { storeName } from "../../../src/refresh/store-sessions.ts";
import { storeRecord } from "../../support/builders/sync.ts";
import { type StoreRig, storeRig } from "../../support/store-rig.ts";

const REVALIDATE_MS = 5 * 60_000;
const DB = objectKey({ namespace: "team-a", name: "db" });
const store = storeRecord();
/** Its credentials come from the namespace of each ExternalSecret. */
const shared = storeRecord("ClusterSecretStore");
/** Its credentials are its own. */
const central = storeRecord("ClusterSecretStore", {
  auth: { tokenSecretRef: { name: "token", key: "token", namespace: "vault" } },
});
const edited = storeRecord("SecretStore", { metadata: { generation: 2 } });

const closed = ({ providers }: StoreRig): readonly number[] => providers.map((provider) => provider.closed);

describe("a session", () => {
  test.each([
    { of: "a SecretStore", record: store, tenants: ["team-a", undefined], then: [undefined] },
    {
      of: "a cluster store with credentials of its own",
      record: central,
      tenants: ["team-a", "team-b", undefined],
      then: [undefined],
    },
    {
      of: "a cluster store with credentials of its tenants",
      record: shared,
      tenants: ["team-a", "team-b", "team-a"],
      then: ["team-a", "team-b"],
    },
  ])("of $of is shared by who may share it", ({ record, tenants, then }) => {
    const rig = storeRig();
    for (const tenant of tenants) rig.sessions.acquire(record, tenant);
    expect(rig.tenants).toEqual(then);
  });

  test.each([
    { given: "the spec", record: edited, then: [1, 0] },
    { given: "the uid", record: storeRecord("SecretStore", { metadata: { uid: "other" } }), then: [1, 0] },
    {
      given: "the force-sync",
      record: storeRecord("SecretStore", { metadata: { annotations: { "force-sync": "1" } } }),
      then: [1, 0],
    },
    { given: "a label", record: storeRecord("SecretStore", { metadata: { labels: { a: "b" } } }), then: [0] },
  ])("is closed and made anew, or not, when $given changes", ({ record, then }) => {
    const rig = storeRig();
    const first = rig.sessions.acquire(store, "team-a");
    expect(rig.sessions.acquire(record, "team-a") === first).toBe(then.length === 1);
    expect(closed(rig)).toEqual(then);
  });

  test("that was replaced tells nothing any more, and its waiters wait for the new one", async () => {
    const rig = storeRig();
    rig.sessions.await(store, "team-a", DB);
    const first = rig.sessions.acquire(store, "team-a").probe();
    const second = rig.sessions.acquire(edited, "team-a");
    await first;
    expect(rig.told).toEqual([]);
    await second.probe();
    expect(rig.told).toEqual([`ready ${DB}`]);
  });
});

describe("who waits", () => {
  test("is told of the first outcome, good or bad, once", async () => {
    const rig = storeRig({}, (provider) => {
      provider.outage = "unavailable";
    });
    rig.sessions.await(store, "team-a", DB);
    const session = rig.sessions.acquire(store, "team-a");
    await session.probe();
    for (const provider of rig.providers) provider.outage = "throttled";
    rig.sessions.await(store, "team-a", DB);
    await session.probe();
    for (const provider of rig.providers) provider.outage = undefined;
    await session.probe();
    await session.probe();
    expect(rig.told).toEqual([`failing ${DB}`, "failing", `ready ${DB}`]);
  });

  test("is named when the credentials are renewed, and the login is revoked", () => {
    const rig = storeRig();
    rig.sessions.await(store, "team-a", DB);
    expect(rig.sessions.renew(storeName(store))).toEqual([DB]);
    expect(closed(rig)).toEqual([1]);
    expect(rig.sessions.renew(storeName(store))).toEqual([]);
    rig.sessions.acquire(store, "team-a");
    expect(rig.providers).toHaveLength(2);
  });
});

describe("the end of sessions", () => {
  test("a store that is removed ends all of its own, and no other's", async () => {
    const rig = storeRig();
    for (const tenant of ["team-a", "team-b"]) rig.sessions.acquire(shared, tenant);
    rig.sessions.acquire(store, "team-a");
    await rig.sessions.remove(storeName(shared));
    expect(closed(rig)).toEqual([1, 1, 0]);
    await rig.sessions.closeAll();
    expect(closed(rig)).toEqual([1, 1, 1]);
  });

  test("a tenant that needs its login no more gives it up at the next check, and gets a new one when it comes back", async () => {
    const needed = new Set(["team-a", "team-b"]);
    const asked: string[] = [];
    const isNeeded = ({ name }: { readonly name: string }, tenant: string): boolean => {
      asked.push(`${name} ${tenant}`);
      return needed.has(tenant);
    };
    const rig = storeRig({ isNeeded });
    for (const tenant of needed) await rig.sessions.acquire(shared, tenant).probe();
    needed.delete("team-a");
    rig.clock.advance(REVALIDATE_MS);
    await setImmediate();
    expect(asked).toEqual(["vault team-a", "vault team-b"]);
    expect(closed(rig)).toEqual([1, 0]);
    expect(rig.clock.pendingMs()).toEqual([REVALIDATE_MS]);
    await rig.sessions.acquire(shared, "team-a").probe();
    expect(rig.providers).toHaveLength(3);
  });

  test("a tenant's failing login is given up as well", async () => {
    const rig = storeRig({ isNeeded: () => false }, (provider) => {
      provider.outage = "unauthenticated";
    });
    await rig.sessions.acquire(shared, "team-a").probe();
    rig.clock.advance(1_000);
    expect(closed(rig)).toEqual([1]);
    expect(rig.clock.pendingMs()).toEqual([]);
  });

  test.each([{ record: store }, { record: central }])(
    "a store's own login is kept, needed or not",
    async ({ record }) => {
      const rig = storeRig({ isNeeded: () => false });
      await rig.sessions.acquire(record, "team-a").probe();
      rig.clock.advance(REVALIDATE_MS);
      await setImmediate();
      expect(closed(rig)).toEqual([0]);
      expect(rig.clock.pendingMs()).toEqual([REVALIDATE_MS]);
    },
  );
});

describe("the backend behind a store", () => {
  const status = { observedGeneration: 1, conditions: [], backendIdentity: "mount-0" };
  test.each([
    { given: "no status", record: store, then: "ready" },
    { given: "a status that names another", record: storeRecord("SecretStore", { status }), then: "failing" },
    {
      given: "a status of an older generation",
      record: storeRecord("SecretStore", { status, metadata: { generation: 2 } }),
      then: "ready",
    },
    {
      given: "a new force-sync",
      record: storeRecord("SecretStore", { status, metadata: { annotations: { "force-sync": "1" } } }),
      then: "ready",
    },
    {
      given: "a force-sync that was served long ago",
      record: storeRecord("SecretStore", {
        status: { ...status, lastHandledForceSync: "1" },
        metadata: { annotations: { "force-sync": "1" } },
      }),
      then: "failing",
    },
  ])("is accepted or not: with $given the store is $then", async ({ record, then }) => {
    const health = await storeRig().sessions.acquire(record, undefined).probe();
    expect(health.kind).toBe(then);
    if (health.kind === "failing") expect(health.error.kind).toBe("mountChanged");
  });

  test("may not change while the session lives, and may be unknown", async () => {
    const rig = storeRig();
    const session = rig.sessions.acquire(store, undefined);
    const kinds: string[] = [];
    for (const backend of ["mount-1", undefined, "mount-2", "mount-1"]) {
      for (const provider of rig.providers) provider.backend = backend;
      kinds.push((await session.probe()).kind);
    }
    expect(kinds).toEqual(["ready", "ready", "failing", "ready"]);
  });
});
