import { expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import { parseExternalSecretStatus } from "../../../../src/core/spec/parse-status.ts";
import type { ExternalSecretStatus } from "../../../../src/core/status/external-secret-status.ts";
import { fitStatus } from "../../../../src/core/status/fit-status.ts";
import { STATUS_BYTES_MAX } from "../../../../src/core/status/limits.ts";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import { statusPatch } from "../../../../src/core/status/patch-status.ts";
import type { EntryReport } from "../../../../src/core/sync/report.ts";
import { at, entry, failedRead, failing, report, statusAfter, version, written } from "./builders.ts";

const bytes = (status: ExternalSecretStatus): number => Buffer.byteLength(JSON.stringify(status));

/** 256 data entries with names as long as the schema takes, at the given version. */
function longEntries(display: string): readonly EntryReport[] {
  return Array.from({ length: 256 }, (_, index) =>
    entry({
      store: "s".repeat(253),
      key: `${String(index).padStart(3, "0")}${"世".repeat(1021)}`,
      pinnedVersion: "p".repeat(256),
      secretKeys: [`${String(index).padStart(3, "0")}${"k".repeat(250)}`],
      read: ok(version(display)),
    }),
  );
}

const namesOf = (entries: readonly EntryReport[]): readonly string[] => entries.flatMap(({ secretKeys }) => secretKeys);

function longReport(display: string): ReturnType<typeof report> {
  const entries = longEntries(display);
  const keys = namesOf(entries);
  return report({ entries, secret: { kind: "written", created: false, keys, changedKeys: keys }, remoteCount: 256 });
}

const tenRevisions = statusAfter(...Array.from({ length: 10 }, (_, index) => longReport(String(1 + (index % 2)))));

test("fitStatus: 256 entries of the longest names and ten revisions stay under 64 KiB, counts intact", () => {
  expect(bytes(tenRevisions)).toBeLessThan(64 * 1024);
  expect(bytes(tenRevisions)).toBeGreaterThan(56 * 1024);
  expect(tenRevisions.entryCounts).toEqual({ total: 256, synced: 256, failed: 0 });
  expect(tenRevisions.history?.map(({ changedTotal }) => changedTotal)).toEqual(Array.from({ length: 10 }, () => 256));
  expect(tenRevisions.history?.[0]?.changed.length).toBeGreaterThan(0);
  expect(tenRevisions.entries?.length).toBeGreaterThan(0);
});

test("fitStatus: the longest status reads back equal", () => {
  expect(parseExternalSecretStatus(JSON.parse(JSON.stringify(tenRevisions)))).toEqual(tenRevisions);
});

test("fitStatus: a long status is as quiet as a short one, also while an entry fails", () => {
  const entries = longEntries("2");
  const same = report({ entries, secret: { kind: "verified", keys: namesOf(entries) }, remoteCount: 256 });
  expect(statusPatch(tenRevisions, nextStatus(tenRevisions, same, at(1)))).toBeUndefined();

  const failingLast = longEntries("2").map((each, index) => (index === 255 ? { ...each, read: failedRead() } : each));
  const broken = failing("AccessDenied", { entries: failingLast, remoteCount: 256 });
  const first = nextStatus(tenRevisions, broken, at(1));
  expect(first.entryCounts).toEqual({ total: 256, synced: 255, failed: 1 });
  expect(statusPatch(first, nextStatus(first, broken, at(2)))).toBeUndefined();
});

test("fitStatus: the oldest changes go before any entry, and entries go from the end", () => {
  const change = { storeKind: "SecretStore", store: "vault", key: "k".repeat(1_000) } as const;
  const history = [2, 1].map((revision) => ({
    revision,
    time: "2026-03-01T12:00:00Z",
    changed: Array.from({ length: 20 }, () => change),
    changedTotal: 20,
  }));
  const listed = statusAfter(
    report({ entries: Array.from({ length: 30 }, (_, index) => entry({ key: `${index}${"k".repeat(1_000)}` })) }),
  );
  const fitted = fitStatus({ ...listed, history });
  expect(fitted.entries).toEqual(listed.entries);
  expect(fitted.history?.[0]).toEqual(history[0]);
  expect(fitted.history?.[1]).toMatchObject({ changedTotal: 20 });
  expect(fitted.history?.[1]?.changed.length).toBeLessThan(20);
  expect(bytes(fitted)).toBeLessThan(64 * 1024);
});

test("fitStatus: every size around the limit fits, and fits again unchanged", () => {
  const entries = Array.from({ length: 60 }, (_, index) =>
    entry({ key: `${String(index).padStart(2, "0")}${"k".repeat(890)}` }),
  );
  for (let padding = 0; padding < 1_200; padding += 17) {
    const padded = [entry({ key: `-${"p".repeat(400 + padding)}` }), ...entries];
    const full = nextStatus(undefined, report({ entries: padded, secret: written() }), at(0));
    expect(bytes(full)).toBeLessThan(64 * 1024);
    expect(fitStatus(full)).toEqual(full);
    const again = nextStatus(
      full,
      report({ entries: padded, secret: { kind: "verified", keys: ["password"] } }),
      at(1),
    );
    expect(statusPatch(full, again)).toBeUndefined();
  }
});

test("fitStatus: entries that just fit beside the shortened history all stay", () => {
  const change = { storeKind: "SecretStore", store: "vault", key: "k".repeat(1_000) } as const;
  const changed = Array.from({ length: 20 }, () => change);
  const history = [{ revision: 1, time: "2026-03-01T12:00:00Z", changed, changedTotal: 20 }];
  const entries = Array.from({ length: 46 }, (_, index) => entry({ key: `${index}${"k".repeat(850)}` }));
  const listed = statusAfter(report({ entries }));
  const crowded = { ...listed, entries: [...(listed.entries ?? []), ...(listed.entries ?? [])] };
  const shortened = fitStatus({ ...crowded, history }).history ?? [];
  const [first, ...others] = listed.entries ?? [];
  if (first === undefined) throw new Error("expected entries");
  const room = STATUS_BYTES_MAX - bytes({ ...listed, history: shortened });
  const full = { ...listed, entries: [{ ...first, key: `${first.key}${"p".repeat(room)}` }, ...others] };
  expect(bytes({ ...full, history: shortened })).toBe(STATUS_BYTES_MAX);
  expect(fitStatus({ ...full, history })).toEqual({ ...full, history: shortened });
});
