import { describe, expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import type { SecretStoreRecord } from "../../../../src/core/spec/records.ts";
import { createStoreDirectory } from "../../../../src/reconcilers/external-secret/store-directory.ts";
import { storeRecord } from "../../../support/builders/sync.ts";
import { storeRig } from "../../../support/store-rig.ts";

const REF = { kind: "SecretStore", name: "vault" } as const;
const CLUSTER_REF = { kind: "ClusterSecretStore", name: "vault" } as const;
const asker = { key: objectKey({ namespace: "team-a", name: "db" }), namespace: "team-a" };

interface Given {
  readonly record?: SecretStoreRecord | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly isServed?: boolean;
}

function directory({ record, isServed = true, ...given }: Given) {
  const rig = storeRig();
  const made = createStoreDirectory({
    store: () => record,
    namespaceLabels: () => ("labels" in given ? given.labels : {}),
    exists: () => Promise.resolve(false),
    sessions: rig.sessions,
    isServed: () => isServed,
  });
  return { made, ...rig };
}

const unreadable: SecretStoreRecord = {
  ...storeRecord(),
  spec: { ok: false, error: { path: "spec", message: "bad" } },
};

test.each([
  { given: "no such store", with: { record: undefined }, then: ["store", "StoreNotFound"] },
  {
    given: "a namespace that is not known",
    with: { record: storeRecord("ClusterSecretStore"), labels: undefined },
    then: ["namespace", "StoreNotAllowed"],
  },
])("resolve: with $given the cache may lag: $then", ({ with: given, then: [what, reason] }) => {
  const { made } = directory(given);
  const ref = given.record === undefined ? REF : CLUSTER_REF;
  expect(made.resolve(ref, asker)).toMatchObject({ kind: "unseen", what, failure: { reason } });
  expect(made.mayUse(ref, "team-a")).toBe(false);
});

test("a store of another class is not called missing", () => {
  const resolved = directory({ record: storeRecord(), isServed: false }).made.resolve(REF, asker);
  expect(resolved).toMatchObject({
    failure: {
      message: "SecretStore vault is of another controller class (spec.controller), which is not served here",
    },
  });
});

test.each([
  {
    given: "a store of another class",
    with: { record: storeRecord(), isServed: false },
    ref: REF,
    then: "StoreNotAllowed",
  },
  { given: "a store whose spec does not parse", with: { record: unreadable }, ref: REF, then: "StoreNotReady" },
  {
    given: "a cluster store that serves others",
    with: { record: storeRecord("ClusterSecretStore", { spec: { conditions: [{ namespaces: ["team-z"] }] } }) },
    ref: CLUSTER_REF,
    then: "StoreNotAllowed",
  },
])("resolve: with $given it is refused as $then", ({ with: given, ref, then }) => {
  const { made } = directory(given);
  expect(made.resolve(ref, asker)).toMatchObject({ kind: "refused", failure: { reason: then } });
  expect(made.mayUse(ref, "team-a")).toBe(false);
});

describe("a store that may be used", () => {
  test("is pending at first, and tells who asked of its first outcome", async () => {
    const { made, told, sessions } = directory({ record: storeRecord() });
    expect(made.resolve(REF, asker).kind).toBe("pending");
    await sessions.acquire(storeRecord(), "team-a").probe();
    expect(told).toEqual(["ready team-a/db"]);
    expect(made.resolve(REF, asker)).toMatchObject({ kind: "ready", providerName: "Vault" });
    expect(made.mayUse(REF, "team-a")).toBe(true);
  });

  test("that fails says why, and tells who asked when it is well", async () => {
    const { made, providers, told, sessions } = directory({ record: storeRecord() });
    const session = sessions.acquire(storeRecord(), "team-a");
    for (const provider of providers) provider.outage = "unauthenticated";
    await session.probe();
    expect(made.resolve(REF, asker)).toMatchObject({ kind: "failing", error: { kind: "unauthenticated" } });
    for (const provider of providers) provider.outage = undefined;
    await session.probe();
    expect(told).toEqual(["failing", "ready team-a/db"]);
  });

  test("serves a namespace of its conditions", () => {
    const { made } = directory({ record: storeRecord("ClusterSecretStore") });
    expect(made.resolve(CLUSTER_REF, asker).kind).toBe("pending");
    expect(made.mayUse(CLUSTER_REF, "team-a")).toBe(true);
    expect(made.mayUse(CLUSTER_REF, "team-z")).toBe(false);
  });
});

describe("awaitReady", () => {
  test("asks a session that nobody has asked yet", async () => {
    const { made, told, sessions } = directory({ record: storeRecord() });
    made.awaitReady(REF, asker);
    await sessions.acquire(storeRecord(), "team-a").probe();
    expect(told).toEqual(["ready team-a/db"]);
  });

  test.each([{ record: undefined }, { record: unreadable }])("leaves a store alone that cannot be used", (given) => {
    const { made, told } = directory(given);
    made.awaitReady(REF, asker);
    expect(told).toEqual([]);
  });
});

test.each([
  { given: "a store of ours", with: { record: storeRecord() }, then: true },
  { given: "a store that does not exist", with: { record: undefined, isServed: false }, then: true },
  { given: "a store of another class", with: { record: storeRecord(), isServed: false }, then: false },
])("isServed: an ExternalSecret of $given: $then", ({ with: given, then }) => {
  expect(directory(given).made.isServed([REF], "team-a")).toBe(then);
});
