import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import { statusPatch } from "../../../../src/core/status/patch-status.ts";
import {
  at,
  condition,
  entry,
  failedRead,
  failing,
  HOUR_MS,
  KEPT,
  NOON_MS,
  onlyEntry,
  ready,
  report,
  statusAfter,
  VERIFIED,
  version,
  written,
} from "./builders.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

test("nextStatus: the first success fills every field that it knows", () => {
  const time = "2026-03-01T12:00:00Z";
  const common = { observedGeneration: 1, lastTransitionTime: time, reason: "SecretSynced" };
  expect(nextStatus(undefined, report({ forceSync: "now" }), NOON_MS + 999)).toEqual({
    observedGeneration: 1,
    conditions: [
      { type: "Ready", status: "True", message: "message of SecretSynced", ...common },
      { type: "Reconciling", status: "False", message: "", ...common },
      { type: "Stalled", status: "False", message: "", ...common },
    ],
    binding: { name: "db" },
    refreshTime: time,
    lastChangeTime: time,
    lastHandledForceSync: "now",
    createdFor: "uid-1",
    keys: { total: 1, digest: sha256("password") },
    syncedResourceVersion: "1-a",
    versionSummary: "3",
    entryCounts: { total: 1, synced: 1, failed: 0 },
    entries: [
      {
        storeKind: "SecretStore",
        store: "vault",
        key: "app/db",
        version: "3",
        createdTime: "2026-01-03T00:00:00Z",
        secretKeys: ["password"],
        secretKeysTotal: 1,
        state: "Synced",
      },
    ],
    revision: 1,
    history: [
      {
        revision: 1,
        time,
        changed: [{ storeKind: "SecretStore", store: "vault", key: "app/db", to: "3" }],
        changedTotal: 1,
      },
    ],
  });
});

describe("conditions", () => {
  test.each([
    { reason: "SecretSynced", stalled: false, then: ["True", "False", "False"] },
    { reason: "SecretMissing", stalled: false, then: ["True", "False", "False"] },
    { reason: "AccessDenied", stalled: false, then: ["False", "True", "False"] },
    { reason: "AccessDenied", stalled: true, then: ["False", "True", "False"] },
    { reason: "InvalidSpec", stalled: false, then: ["False", "False", "True"] },
    { reason: "TargetImmutable", stalled: false, then: ["False", "False", "True"] },
    { reason: "TargetRejected", stalled: false, then: ["False", "True", "False"] },
    { reason: "TargetRejected", stalled: true, then: ["False", "False", "True"] },
  ] as const)(
    "$reason (report says stalled: $stalled) gives Ready, Reconciling, Stalled = $then",
    ({ reason, stalled, then }) => {
      const status = nextStatus(undefined, failing(reason, { ready: ready(reason, stalled) }), NOON_MS);
      expect(status.conditions.map((each) => each.status)).toEqual(then);
    },
  );

  test("suspending keeps what Ready said, and for which generation, and says Suspended on Reconciling", () => {
    const before = statusAfter(report(), failing());
    const status = nextStatus(
      before,
      report({ generation: 2, ready: ready("Suspended"), entries: undefined, secret: KEPT }),
      at(1),
    );
    expect(condition(status, "Ready")).toEqual(condition(before, "Ready"));
    expect(condition(status, "Reconciling")).toMatchObject({
      status: "False",
      reason: "Suspended",
      observedGeneration: 2,
    });
    expect(condition(status, "Stalled")).toMatchObject({ status: "False", reason: "Suspended" });
    expect(Object.keys(statusPatch(before, status)?.["status"] ?? {}).sort()).toEqual([
      "conditions",
      "observedGeneration",
    ]);
  });

  test("suspending before the first sync says Ready Unknown", () => {
    const status = nextStatus(
      undefined,
      report({ ready: ready("Suspended"), entries: undefined, secret: KEPT }),
      NOON_MS,
    );
    expect(condition(status, "Ready")).toMatchObject({ status: "Unknown", reason: "Suspended" });
    expect(status.refreshTime).toBeUndefined();
  });

  test("lastTransitionTime stays while only reason, message and generation change, and moves with the status", () => {
    const first = statusAfter(report(), failing("AccessDenied"));
    const second = nextStatus(first, failing("SecretNotFound", { generation: 2 }), at(1));
    expect(condition(second, "Ready")).toMatchObject({ reason: "SecretNotFound", observedGeneration: 2 });
    expect(condition(second, "Ready").lastTransitionTime).toBe("2026-03-01T12:00:00Z");
    const third = nextStatus(second, report({ secret: VERIFIED }), at(2));
    expect(condition(third, "Ready").lastTransitionTime).toBe("2026-03-01T14:00:00Z");
    expect(condition(third, "Stalled").lastTransitionTime).toBe("2026-03-01T11:00:00Z");
  });

  test("a message longer than the schema takes is clipped", () => {
    const message = "a".repeat(5_000);
    const status = nextStatus(
      undefined,
      failing("AccessDenied", { ready: { reason: "AccessDenied", message, stalled: false } }),
      0,
    );
    expect(condition(status, "Ready").message).toHaveLength(2048);
  });
});

describe("refreshTime", () => {
  const quiet = report({ secret: VERIFIED });

  test.each([
    { given: "nothing new", next: quiet, hours: 1, then: "12:00" },
    { given: "nothing new until the heartbeat is due", next: quiet, hours: 6, then: "12:00" },
    { given: "a heartbeat that is overdue", next: quiet, hours: 7, then: "19:00" },
    {
      given: "no heartbeat asked for",
      next: report({ secret: VERIFIED, heartbeatMs: undefined }),
      hours: 99,
      then: "12:00",
    },
    { given: "nothing read", next: report({ secret: VERIFIED, entries: undefined }), hours: 7, then: "12:00" },
    { given: "a new version", next: report({ entries: [entry({ read: ok(version("4")) })] }), hours: 1, then: "13:00" },
    {
      given: "another message only",
      next: report({ secret: VERIFIED, ready: ready("SecretMissing") }),
      hours: 1,
      then: "13:00",
    },
    { given: "a failure", next: failing(), hours: 1, then: "12:00" },
    { given: "a failure when a heartbeat would be due", next: failing(), hours: 7, then: "12:00" },
    { given: "a suspension", next: report({ ready: ready("Suspended"), secret: KEPT }), hours: 1, then: "12:00" },
  ])("with $given after $hours h it is $then", ({ next, hours, then }) => {
    expect(nextStatus(statusAfter(report()), next, at(hours)).refreshTime).toBe(`2026-03-01T${then}:00Z`);
  });

  test("a failure before the first success leaves it absent", () => {
    expect(nextStatus(undefined, failing(), NOON_MS)).not.toHaveProperty("refreshTime");
  });
});

describe("what is remembered", () => {
  const before = statusAfter(report({ forceSync: "first" }));
  const next = (overrides: Parameters<typeof report>[0]) =>
    nextStatus(before, report({ uid: "uid-2", specVersion: "2-b", forceSync: undefined, ...overrides }), at(1));

  test.each([
    { secret: written(), createdFor: "uid-2", syncedResourceVersion: "2-b", keys: true, versionSummary: "3" },
    { secret: VERIFIED, createdFor: "uid-2", syncedResourceVersion: "2-b", keys: true, versionSummary: "3" },
    { secret: KEPT, createdFor: "uid-1", syncedResourceVersion: "1-a", keys: true, versionSummary: "3" },
    {
      secret: { kind: "removed" },
      createdFor: "uid-1",
      syncedResourceVersion: "2-b",
      keys: false,
      versionSummary: undefined,
    },
    {
      secret: { kind: "notWritten" },
      createdFor: "uid-1",
      syncedResourceVersion: "2-b",
      keys: false,
      versionSummary: "3",
    },
  ] as const)(
    "after a Secret was $secret.kind",
    ({ secret, createdFor, syncedResourceVersion, keys, versionSummary }) => {
      const status = next({ secret });
      expect(status.createdFor).toBe(createdFor);
      expect(status.syncedResourceVersion).toBe(syncedResourceVersion);
      expect("keys" in status).toBe(keys);
      expect(status.versionSummary).toBe(versionSummary);
    },
  );

  test("the last force-sync stays until another is served", () => {
    expect(next({}).lastHandledForceSync).toBe("first");
    expect(next({ forceSync: "second" }).lastHandledForceSync).toBe("second");
  });

  test("the binding goes with the target", () => {
    expect(next({ secret: { kind: "removed" }, binding: undefined })).not.toHaveProperty("binding");
  });

  test("the digest of the keys does not depend on their order", () => {
    const keys = (names: readonly string[]) => next({ secret: { kind: "verified", keys: names } }).keys;
    expect(keys(["b", "a"])).toEqual({ total: 2, digest: sha256("a\nb") });
    expect(keys(["a", "b"])).toEqual(keys(["b", "a"]));
  });

  test("entries, counts and summary stay when nothing was read", () => {
    const status = next({ entries: undefined, secret: KEPT, ready: ready("StoreNotReady") });
    expect(status).toMatchObject({ entries: before.entries, entryCounts: before.entryCounts, versionSummary: "3" });
  });
});

describe("versionSummary", () => {
  const other = entry({ key: "app/api", read: ok(version("9")) });
  const unversioned = entry({ read: ok(undefined) });

  test.each([
    { given: "one entry", entries: [entry()], remoteCount: 1, then: "3" },
    { given: "one entry of a store without versions", entries: [unversioned], remoteCount: 1, then: "unversioned" },
    { given: "two remote keys", entries: [entry(), other], remoteCount: 2, then: "2 keys" },
    {
      given: "one remote key, pinned twice",
      entries: [entry(), entry({ pinnedVersion: "2" })],
      remoteCount: 1,
      then: "2 versions",
    },
    {
      given: "a find",
      entries: [entry({ key: "find(path=app)", read: ok(undefined) })],
      remoteCount: 5,
      then: "5 keys",
    },
    {
      given: "another entry left out",
      entries: [entry(), entry({ key: "app/api", leftOut: true, read: failedRead("SecretNotFound") })],
      remoteCount: 1,
      then: "3",
    },
  ])("$given: $then", ({ entries, remoteCount, then }) => {
    expect(nextStatus(undefined, report({ entries, remoteCount }), NOON_MS).versionSummary).toBe(then);
  });

  test("it is absent while no Secret was made", () => {
    expect(nextStatus(undefined, failing(), NOON_MS)).not.toHaveProperty("versionSummary");
    const unread = failing("AccessDenied", { secret: { kind: "notWritten" } });
    expect(nextStatus(undefined, unread, NOON_MS)).not.toHaveProperty("versionSummary");
  });
});

describe("the list of entries", () => {
  test("failed ones come first, then store kind, store, key and pin decide", () => {
    const entries = [
      entry({ key: "b" }),
      entry({ key: "a", pinnedVersion: "2" }),
      entry({ key: "a" }),
      entry({ key: "z", read: failedRead() }),
      entry({ store: "other", key: "z" }),
      entry({ storeKind: "ClusterSecretStore", store: "x", key: "z" }),
    ];
    const status = nextStatus(undefined, failing("AccessDenied", { entries }), NOON_MS);
    const listed = status.entries?.map(({ store, key, pinnedVersion }) => `${store}/${key}@${pinnedVersion ?? ""}`);
    expect(listed).toEqual(["vault/z@", "x/z@", "other/z@", "vault/a@", "vault/a@2", "vault/b@"]);
  });

  test("at most 100 are listed, the counts are of all", () => {
    const entries = Array.from({ length: 150 }, (_, index) => entry({ key: `k${index}` }));
    const status = nextStatus(undefined, report({ entries, remoteCount: 150 }), NOON_MS);
    expect(status.entries).toHaveLength(100);
    expect(status.entryCounts).toEqual({ total: 150, synced: 150, failed: 0 });
  });

  test("one failure beyond the list does not make the others look held back", () => {
    const key = (index: number): string => `k${String(index).padStart(3, "0")}`;
    const entries = Array.from({ length: 150 }, (_, index) => entry({ key: key(index) }));
    const failingOne = entries.with(140, entry({ key: key(140), read: failedRead() }));
    const first = statusAfter(report({ entries, remoteCount: 150 }), failing("AccessDenied", { entries: failingOne }));
    expect(first.entryCounts).toEqual({ total: 150, synced: 149, failed: 1 });
    expect(first.entries?.[0]).toMatchObject({ key: "k140", state: "Failed" });
    expect(
      statusPatch(first, nextStatus(first, failing("AccessDenied", { entries: failingOne }), at(1))),
    ).toBeUndefined();

    const rotated = failingOne.with(141, entry({ key: key(141), read: ok(version("4", "2026-03-01T12:30:00Z")) }));
    const second = nextStatus(first, failing("AccessDenied", { entries: rotated }), at(1));
    expect(second.entryCounts).toEqual({ total: 150, synced: 148, failed: 1 });
  });

  test("an entry beyond the list that failed and recovered is Synced while another one fails", () => {
    const key = (index: number): string => `k${String(index).padStart(3, "0")}`;
    const entries = Array.from({ length: 150 }, (_, index) => entry({ key: key(index) }));
    const breaking = (index: number) =>
      failing("AccessDenied", { entries: entries.with(index, entry({ key: key(index), read: failedRead() })) });
    const status = statusAfter(report({ entries, remoteCount: 150 }), breaking(140), breaking(0));
    expect(status.entryCounts).toEqual({ total: 150, synced: 149, failed: 1 });
    expect(statusPatch(status, nextStatus(status, breaking(0), at(1)))).toBeUndefined();
  });

  test("an entry that was left out and came back is Pending while another one keeps the Secret", () => {
    const api = entry({ key: "app/api" });
    const whole = report({ entries: [entry(), { ...api, leftOut: true, read: failedRead("SecretNotFound") }] });
    const back = failing("AccessDenied", { entries: [entry({ read: failedRead() }), api] });
    const status = statusAfter(whole, back);
    expect(status.entries?.[1]).toMatchObject({ key: "app/api", state: "Pending", latestVersion: "3" });
    expect(statusPatch(status, nextStatus(status, back, at(1)))).toBeUndefined();
  });

  test("a spec that the Secret was not made from vouches for no entry that is not listed", () => {
    const entries = Array.from({ length: 150 }, (_, index) => entry({ key: `k${index}` }));
    const before = statusAfter(report({ entries, remoteCount: 150 }));
    const edited = failing("AccessDenied", {
      specVersion: "2-a",
      entries: [...entries, entry({ key: "new", read: failedRead() })],
    });
    expect(nextStatus(before, edited, at(1)).entryCounts).toEqual({ total: 151, synced: 100, failed: 1 });
  });
});

test("nextStatus: quiet, a second look at the same world changes nothing", () => {
  const before = statusAfter(report(), failing("AccessDenied"));
  expect(nextStatus(before, failing("AccessDenied"), at(9))).toEqual(before);
  expect(onlyEntry(before).since).toBe("2026-03-01T12:00:00Z");
  expect(HOUR_MS).toBe(at(1) - at(0));
});
