import { describe, expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import {
  at,
  entry,
  failedRead,
  failing,
  id,
  ready,
  report,
  statusAfter,
  VERIFIED,
  version,
  written,
} from "./builders.ts";

const db = entry();
const api = entry({ key: "app/api", secretKeys: ["token"], read: ok(version("7")) });
const both = statusAfter(report({ entries: [db, api], secret: written(["password", "token"], true) }));

describe("revisionFields, after db at 3 and api at 7 were written", () => {
  test.each([
    {
      given: "db rotated",
      next: report({ entries: [entry({ read: ok(version("4")) }), api], secret: written() }),
      then: [{ ...id(), from: "3", to: "4" }],
    },
    {
      given: "db moved back",
      next: report({ entries: [entry({ read: ok(version("2")) }), api], secret: written() }),
      then: [{ ...id(), from: "3", to: "2" }],
    },
    {
      given: "db started again at the same number",
      next: report({ entries: [entry({ read: ok(version("3", "2026-02-02T00:00:00Z")) }), api], secret: written() }),
      then: [{ ...id(), from: "3", to: "3" }],
    },
    {
      given: "db pinned to 2",
      next: report({ entries: [entry({ pinnedVersion: "2", read: ok(version("2")) }), api], secret: written() }),
      then: [{ ...id(), from: "3", to: "2" }],
    },
    {
      given: "api replaced by another key",
      next: report({ entries: [db, entry({ ...api, key: "app/web" })], secret: written(["token"]) }),
      then: [
        { ...id({ key: "app/web" }), to: "7" },
        { ...id({ key: "app/api" }), from: "7" },
      ],
    },
    {
      given: "api left out",
      next: report({
        entries: [db, entry({ ...api, leftOut: true, read: failedRead("SecretNotFound") })],
        secret: written(["token"]),
      }),
      then: [{ ...id({ key: "app/api" }), from: "7" }],
    },
    { given: "only a foreign edit undone", next: report({ entries: [db, api], secret: written() }), then: [] },
  ])("$given: revision 2 says so", ({ next, then }) => {
    const status = nextStatus(both, next, at(1));
    expect(status.revision).toBe(2);
    expect(status.lastChangeTime).toBe("2026-03-01T13:00:00Z");
    expect(status.history?.[0]).toEqual({
      revision: 2,
      time: "2026-03-01T13:00:00Z",
      changed: then,
      changedTotal: then.length,
    });
    expect(status.history?.[1]).toEqual(both.history?.[0]);
  });

  test.each([
    { given: "a failure", next: failing("AccessDenied", { entries: [db, api] }) },
    { given: "a verified Secret", next: report({ entries: [db, api], secret: VERIFIED }) },
    { given: "metadata written only", next: report({ entries: [db, api], secret: written([]) }) },
    { given: "policy None", next: report({ entries: [db, api], secret: { kind: "notWritten" } }) },
  ])("$given makes no revision", ({ next }) => {
    const { revision, history, lastChangeTime } = nextStatus(both, next, at(1));
    expect({ revision, history, lastChangeTime }).toEqual({
      revision: 1,
      history: both.history,
      lastChangeTime: both.lastChangeTime,
    });
  });

  test("a removed Secret is a revision in which every version goes", () => {
    const gone = [db, api].map((each) => ({ ...each, leftOut: true, read: failedRead("SecretNotFound") }));
    const removal = report({ ready: ready("SecretDeleted"), entries: gone, secret: { kind: "removed" } });
    expect(nextStatus(both, removal, at(1)).history?.[0]?.changed).toEqual([
      { ...id({ key: "app/api" }), from: "7" },
      { ...id(), from: "3" },
    ]);
  });
});

test("revisionFields: a source without versions is named when its keys changed", () => {
  const legacy = entry({ key: "legacy", secretKeys: ["cert"], read: ok(undefined) });
  const before = statusAfter(report({ entries: [db, legacy] }));
  const changes = (...keys: readonly string[]) =>
    nextStatus(before, report({ entries: [db, legacy], secret: written(keys) }), at(1)).history?.[0]?.changed;
  expect(changes("cert")).toEqual([id({ key: "legacy" })]);
  expect(changes("password")).toEqual([]);
});

test("revisionFields: a source without versions goes with the Secret that is removed", () => {
  const gone = entry({ leftOut: true, read: failedRead("SecretNotFound") });
  const removal = report({ ready: ready("SecretDeleted"), entries: [gone], secret: { kind: "removed" } });
  expect(statusAfter(report({ entries: [entry({ read: ok(undefined) })] }), removal).history?.[0]?.changed).toEqual([
    id(),
  ]);
});

test("revisionFields: a Secret written without reading names no entry", () => {
  const status = statusAfter(report(), report({ entries: undefined }));
  expect(status.history?.[0]).toMatchObject({ revision: 2, changed: [], changedTotal: 0 });
});

test("revisionFields: history spans a failure, from what the Secret held to what it holds", () => {
  const pending = failing("TargetConflict", { entries: [entry({ read: ok(version("4")) })] });
  const status = statusAfter(
    report(),
    pending,
    report({ entries: [entry({ read: ok(version("5")) })], secret: written() }),
  );
  expect(status.history?.[0]?.changed).toEqual([{ ...id(), from: "3", to: "5" }]);
});

test("revisionFields: entries that the status could not list count when their keys changed", () => {
  const keys = Array.from({ length: 150 }, (_, index) => `k${String(index).padStart(3, "0")}`);
  const entries = keys.map((key) => entry({ key, secretKeys: [key] }));
  const before = statusAfter(report({ entries, remoteCount: 150 }));
  const rotated = entries.with(140, entry({ key: "k140", secretKeys: ["k140"], read: ok(version("4")) }));
  const status = nextStatus(before, report({ entries: rotated, secret: written(["k140"]), remoteCount: 150 }), at(1));
  expect(status.history?.[0]).toMatchObject({ changed: [{ ...id({ key: "k140" }), to: "4" }], changedTotal: 1 });
});

test("revisionFields: at most 20 changes and 10 revisions are kept, newest first", () => {
  const entries = Array.from({ length: 30 }, (_, index) => entry({ key: `k${index}` }));
  const reports = Array.from({ length: 12 }, () => report({ entries, remoteCount: 30 }));
  const status = statusAfter(...reports);
  expect(status.history?.map(({ revision }) => revision)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  const first = statusAfter(report({ entries, remoteCount: 30 }));
  expect(first.history?.[0]?.changed).toHaveLength(20);
  expect(first.history?.[0]?.changedTotal).toBe(30);
});
