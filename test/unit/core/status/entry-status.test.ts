import { describe, expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import {
  at,
  entry,
  failedRead,
  failing,
  KEPT,
  onlyEntry,
  ready,
  report,
  statusAfter,
  VERIFIED,
  version,
} from "./builders.ts";

const HELD = { version: "3", createdTime: "2026-01-03T00:00:00Z" };
const newer = entry({ read: ok(version("4")) });
const unversioned = entry({ read: ok(undefined) });
const kept = (overrides: Parameters<typeof report>[0]) => failing("TargetConflict", overrides);

describe("entryStatus, after version 3 was synced", () => {
  const before = statusAfter(report());

  test.each([
    { given: "a newer version, written", next: report({ entries: [newer] }), then: { version: "4", state: "Synced" } },
    {
      given: "a newer version, verified because the values are equal",
      next: report({ entries: [newer], secret: VERIFIED }),
      then: { version: "4", state: "Synced" },
    },
    {
      given: "a newer version, held back",
      next: kept({ entries: [newer] }),
      then: { ...HELD, latestVersion: "4", state: "Pending" },
    },
    { given: "the same version, Secret kept", next: kept({ entries: [entry()] }), then: { ...HELD, state: "Synced" } },
    {
      given: "the same number made anew, held back",
      next: kept({ entries: [entry({ read: ok(version("3", "2026-02-02T00:00:00Z")) })] }),
      then: { ...HELD, latestVersion: "3", state: "Pending" },
    },
    {
      given: "a failed read",
      next: failing("AccessDenied"),
      then: {
        ...HELD,
        state: "Failed",
        reason: "AccessDenied",
        message: "store vault says AccessDenied",
        since: "2026-03-01T13:00:00Z",
      },
    },
    {
      given: "another pin of the same key, held back",
      next: kept({ entries: [entry({ pinnedVersion: "2", read: ok(version("2")) })] }),
      then: { ...HELD, pinnedVersion: "2", latestVersion: "2", state: "Pending" },
    },
    {
      given: "policy None",
      next: report({ entries: [newer], secret: { kind: "notWritten" } }),
      then: { version: "4", state: "Synced" },
    },
  ])("given $given", ({ next, then }) => {
    expect(onlyEntry(nextStatus(before, next, at(1)))).toMatchObject(then);
  });

  test.each([
    { given: "left out of a new rendering", secret: VERIFIED },
    { given: "removed with the Secret", secret: { kind: "removed" } as const },
  ])("an entry $given is Failed with its reason and holds nothing, although Ready is True", ({ secret }) => {
    const gone = entry({ leftOut: true, read: failedRead("SecretNotFound") });
    const status = nextStatus(before, report({ ready: ready("SecretDeleted"), entries: [gone], secret }), at(1));
    expect(onlyEntry(status)).toMatchObject({ state: "Failed", reason: "SecretNotFound" });
    expect(onlyEntry(status)).not.toHaveProperty("version");
    expect(status.entryCounts).toEqual({ total: 1, synced: 0, failed: 1 });
  });

  test("a removed Secret holds nothing, whatever was read", () => {
    const only = onlyEntry(
      nextStatus(before, report({ ready: ready("SecretDeleted"), secret: { kind: "removed" } }), at(1)),
    );
    expect(only).toMatchObject({ state: "Pending", latestVersion: "3" });
    expect(only).not.toHaveProperty("version");
  });

  test("an entry to be left out still holds its version while another failure keeps the Secret", () => {
    const gone = entry({ leftOut: true, read: failedRead("SecretNotFound") });
    expect(onlyEntry(nextStatus(before, kept({ entries: [gone] }), at(1)))).toMatchObject({ ...HELD, state: "Failed" });
  });
});

test("entryStatus: before any Secret was made, what was read is Pending", () => {
  const only = onlyEntry(statusAfter(kept({ entries: [entry()] })));
  expect(only).toMatchObject({ state: "Pending", latestVersion: "3" });
  expect(only).not.toHaveProperty("version");
});

describe("entryStatus without versions", () => {
  test.each([
    { given: "written", next: report({ entries: [unversioned] }), state: "Synced" },
    { given: "kept, not ready", next: kept({ entries: [unversioned] }), state: "Pending" },
    {
      given: "kept, SecretRetained",
      next: report({ ready: ready("SecretRetained"), entries: [unversioned], secret: KEPT }),
      state: "Synced",
    },
  ])("$given: $state, and no version is shown", ({ next, state }) => {
    const only = onlyEntry(statusAfter(next));
    expect(only.state).toBe(state);
    expect(only).not.toHaveProperty("version");
    expect(only).not.toHaveProperty("latestVersion");
  });
});

describe("since", () => {
  const before = statusAfter(failing("AccessDenied"));
  test.each([
    { given: "the same reason", next: failing("AccessDenied"), then: "12:00" },
    { given: "another reason", next: failing("SecretNotFound"), then: "13:00" },
    {
      given: "the same reason under another pin",
      next: failing("AccessDenied", { entries: [entry({ pinnedVersion: "9", read: failedRead() })] }),
      then: "13:00",
    },
  ])("with $given it is $then", ({ next, then }) => {
    expect(onlyEntry(nextStatus(before, next, at(1))).since).toBe(`2026-03-01T${then}:00Z`);
  });
});

describe("secretKeys", () => {
  const many = Array.from({ length: 12 }, (_, index) => `key${String(index).padStart(2, "0")}`);

  test("at most 10 are listed, and the total counts all", () => {
    expect(onlyEntry(statusAfter(report({ entries: [entry({ secretKeys: many })] })))).toMatchObject({
      secretKeys: many.slice(0, 10),
      secretKeysTotal: 12,
    });
  });

  test("a failed extract shows the keys that it filled", () => {
    const lost = failing("AccessDenied", { entries: [entry({ secretKeys: [], read: failedRead() })] });
    const status = statusAfter(report({ entries: [entry({ secretKeys: many })] }), lost);
    expect(onlyEntry(status)).toMatchObject({ secretKeys: many.slice(0, 10), secretKeysTotal: 12 });
  });
});
