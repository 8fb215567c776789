// Properties of status over arbitrary syncs, and over a simulated store and Secret that know what is true (design:
// faults.md, I6 quiet and I7 truth).

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failed, ok } from "../../../../src/core/result.ts";
import { parseExternalSecretStatus } from "../../../../src/core/spec/parse-status.ts";
import type { ExternalSecretStatus } from "../../../../src/core/status/external-secret-status.ts";
import { nextStatus } from "../../../../src/core/status/next-status.ts";
import { statusPatch } from "../../../../src/core/status/patch-status.ts";
import { reasonPolicy } from "../../../../src/core/status/reasons.ts";
import type { EntryReport, SecretReport, SyncReport } from "../../../../src/core/sync/report.ts";
import { condition, id, NOON_MS, ready, reasons, report, version } from "./builders.ts";
import { kstatus } from "./kstatus.ts";

const STEP_MS = 10_000;

const wellReasons = reasons.filter((reason) => reasonPolicy[reason].ready === "True");
const failures = reasons.filter((reason) => reasonPolicy[reason].ready === "False");
const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 5 });

const entryReports: fc.Arbitrary<EntryReport> = fc.record({
  storeKind: fc.constantFrom("SecretStore", "ClusterSecretStore"),
  store: fc.constantFrom("vault", "other"),
  key: fc.constantFrom("app/a", "app/b", "app/c"),
  secretKeys: names,
  leftOut: fc.constant(false),
  read: fc.oneof(
    fc.constantFrom("1", "2", "3").map((display) => ok(version(display))),
    fc.constant(ok(undefined)),
    fc.constantFrom(...failures).map((reason) => failed({ reason, message: reason })),
  ),
});

const outcomes: fc.Arbitrary<Pick<SyncReport, "ready" | "secret">> = fc.oneof(
  fc.record({
    ready: fc.constantFrom(...wellReasons).map((reason) => ready(reason)),
    secret: fc.oneof<fc.Arbitrary<SecretReport>[]>(
      fc.record({ kind: fc.constant("written"), created: fc.boolean(), keys: names, changedKeys: names }),
      fc.record({ kind: fc.constant("verified"), keys: names }),
      fc.constantFrom({ kind: "removed" }, { kind: "notWritten" }, { kind: "kept" }),
    ),
  }),
  fc.record({
    ready: fc.tuple(fc.constantFrom(...reasons), fc.boolean()).map(([reason, stalled]) => ready(reason, stalled)),
    secret: fc.constant({ kind: "kept" }),
  }),
);

const reports: fc.Arbitrary<SyncReport> = fc
  .record({
    generation: fc.integer({ min: 1, max: 3 }),
    entries: fc.option(
      fc.uniqueArray(entryReports, { maxLength: 8, selector: ({ storeKind, store, key }) => storeKind + store + key }),
      {
        nil: undefined,
      },
    ),
    binding: fc.option(fc.constant("db"), { nil: undefined }),
    outcome: outcomes,
  })
  .map(({ outcome, ...facts }) => report({ ...facts, ...outcome, remoteCount: facts.entries?.length ?? 0 }));

const sequences = fc.array(reports, { minLength: 1, maxLength: 6 });

function statusesOf(sequence: readonly SyncReport[]): readonly { sync: SyncReport; status: ExternalSecretStatus }[] {
  let status: ExternalSecretStatus | undefined;
  return sequence.map((sync, index) => {
    status = nextStatus(status, sync, NOON_MS + index * STEP_MS);
    return { sync, status };
  });
}

describe("over any sequence of syncs", () => {
  test("kstatus says Current exactly when Ready is True and the generation was observed", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        for (const { sync, status } of statusesOf(sequence)) {
          const { generation } = sync;
          const isReady = condition(status, "Ready").status === "True";
          expect(kstatus({ generation, status }) === "Current").toBe(isReady);
          expect(kstatus({ generation: generation + 1, status })).toBe("InProgress");
        }
      }),
    );
  });

  test("kstatus agrees with the table of reasons, Suspended aside", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        for (const { sync, status } of statusesOf(sequence)) {
          const { reason, stalled } = sync.ready;
          const policy = reasonPolicy[reason];
          if (policy.ready === "kept") continue;
          const isStalled = policy.stalled || (reason === "TargetRejected" && stalled);
          const failing = isStalled ? "Failed" : "InProgress";
          expect(kstatus({ generation: sync.generation, status })).toBe(policy.ready === "True" ? "Current" : failing);
          expect(condition(status, "Ready").reason).toBe(reason);
        }
      }),
    );
  });

  test("Ready=False means exactly one of Reconciling and Stalled, Suspended aside; Ready=True means neither", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        for (const { sync, status } of statusesOf(sequence)) {
          const others = status.conditions.filter(({ type, status: truth }) => type !== "Ready" && truth === "True");
          const isFailing = condition(status, "Ready").status === "False" && sync.ready.reason !== "Suspended";
          expect(others).toHaveLength(isFailing ? 1 : 0);
          expect(status.conditions.map(({ type }) => type)).toEqual(["Ready", "Reconciling", "Stalled"]);
        }
      }),
    );
  });

  test("a transition time moves exactly when the status of its condition does", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const [first, ...rest] = statusesOf(sequence).map(({ status }) => status.conditions);
        rest.reduce((before, after) => {
          for (const [index, now] of after.entries()) {
            const isSame = before[index]?.status === now.status;
            expect(before[index]?.lastTransitionTime === now.lastTransitionTime).toBe(isSame);
          }
          return after;
        }, first ?? []);
      }),
    );
  });

  test("what is written reads back equal", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        for (const { status } of statusesOf(sequence)) {
          expect(parseExternalSecretStatus(JSON.parse(JSON.stringify(status)))).toEqual(status);
        }
      }),
    );
  });

  test("looking again at the same world writes nothing", () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const last = statusesOf(sequence).at(-1);
        if (last === undefined) return;
        const { sync, status } = last;
        const again = { ...sync, secret: settled(sync.secret) };
        expect(statusPatch(status, nextStatus(status, again, NOON_MS + 99 * STEP_MS))).toBeUndefined();
      }),
    );
  });
});

function settled(secret: SecretReport): SecretReport {
  if (secret.kind === "written") return { kind: "verified", keys: secret.keys };
  return secret.kind === "removed" ? { kind: "kept" } : secret;
}

/** A store whose keys rotate and break, a Secret, and a spec that reads some of the keys: the truth to compare with. */
class World {
  readonly #versions = new Map<number, { readonly display: number; readonly createdTime: string }>();
  readonly #broken = new Set<number>();
  readonly #wanted: Set<number>;
  #held = new Map<number, string>();
  #generation = 1;
  #nowMs = NOON_MS;

  constructor(keys: number) {
    this.#wanted = new Set(Array.from({ length: keys }, (_, key) => key));
    for (const key of this.#wanted) this.rotate(key);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get held(): ReadonlyMap<number, string> {
    return this.#held;
  }

  rotate(key: number): void {
    this.#nowMs += STEP_MS;
    const display = (this.#versions.get(key)?.display ?? 0) + 1;
    this.#versions.set(key, { display, createdTime: new Date(this.#nowMs).toISOString() });
  }

  toggleBroken(key: number): void {
    if (!this.#broken.delete(key)) this.#broken.add(key);
  }

  toggleWanted(key: number): void {
    const isLast = this.#wanted.size === 1 && this.#wanted.has(key);
    if (isLast) return;
    if (!this.#wanted.delete(key)) this.#wanted.add(key);
    this.#generation += 1;
  }

  isCurrent(key: number): boolean {
    return this.#held.get(key) === String(this.#versions.get(key)?.display);
  }

  sync(): SyncReport {
    this.#nowMs += STEP_MS;
    const entries = [...this.#wanted].map((key) => this.#entry(key));
    const isWhole = entries.every(({ read }) => read.ok);
    return report({
      generation: this.#generation,
      specVersion: `${this.#generation}-a`,
      ready: ready(isWhole ? "SecretSynced" : "AccessDenied"),
      entries,
      secret: isWhole ? this.#write() : { kind: "kept" },
      remoteCount: entries.length,
      heartbeatMs: undefined,
    });
  }

  #entry(key: number): EntryReport {
    const now = this.#versions.get(key);
    const isReadable = now !== undefined && !this.#broken.has(key);
    const read = isReadable
      ? ok(version(String(now.display), now.createdTime))
      : failed({ reason: "AccessDenied", message: "denied" } as const);
    return { ...id({ key: String(key) }), secretKeys: [`s${key}`], read, leftOut: false };
  }

  #write(): SecretReport {
    const before = this.#held;
    this.#held = new Map([...this.#wanted].map((key) => [key, String(this.#versions.get(key)?.display)]));
    const keys = new Set([...before.keys(), ...this.#held.keys()]);
    const changedKeys = [...keys].filter((key) => before.get(key) !== this.#held.get(key)).map((key) => `s${key}`);
    const held = [...this.#held.keys()].map((key) => `s${key}`);
    if (before.size > 0 && changedKeys.length === 0) return { kind: "verified", keys: held };
    return { kind: "written", created: before.size === 0, keys: held, changedKeys };
  }
}

type Act = readonly ["rotate" | "toggleBroken" | "toggleWanted" | "sync", number];

function acts(keys: number, kinds: readonly Act[0][]): fc.Arbitrary<readonly Act[]> {
  return fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat({ max: keys - 1 })), { maxLength: 30 });
}

interface Before {
  readonly status: ExternalSecretStatus | undefined;
  readonly held: ReadonlyMap<number, string>;
}

/** Runs `script` and calls `check` after each sync with the status before and after it. */
function simulate(
  keys: number,
  script: readonly Act[],
  check: (world: World, status: ExternalSecretStatus, before: Before) => void,
): void {
  const world = new World(keys);
  let status: ExternalSecretStatus | undefined;
  for (const [act, key] of [...script, ["sync", 0] as const]) {
    if (act !== "sync") {
      world[act](key);
      continue;
    }
    const before = { status, held: world.held };
    status = nextStatus(status, world.sync(), world.nowMs);
    check(world, status, before);
    expect(statusPatch(status, nextStatus(status, world.sync(), world.nowMs))).toBeUndefined();
  }
}

/** What is shown as held is held, and what is called synced is what the store has now. */
function expectNoLie(world: World, { entries = [] }: ExternalSecretStatus): void {
  for (const { key, version: shown, state } of entries) {
    if (shown !== undefined) expect(shown).toBe(world.held.get(Number(key)));
    if (state === "Synced") expect(world.isCurrent(Number(key))).toBe(true);
  }
}

/** What is called pending is held back. */
function expectNoFalseAlarm(world: World, { entries = [] }: ExternalSecretStatus): void {
  for (const { key } of entries.filter(({ state }) => state === "Pending"))
    expect(world.isCurrent(Number(key))).toBe(false);
}

function expectTrueCounts(world: World, keys: number, { entryCounts }: ExternalSecretStatus): void {
  const failedTotal = entryCounts?.failed ?? 0;
  const current = Array.from({ length: keys }, (_, key) => key).filter((key) => world.isCurrent(key)).length;
  expect(entryCounts?.total).toBe(keys);
  expect(entryCounts?.synced).toBeLessThanOrEqual(current);
  expect(entryCounts?.synced).toBeGreaterThanOrEqual(current - failedTotal);
}

function versionChanges(before: ReadonlyMap<number, string>, after: ReadonlyMap<number, string>): readonly object[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => ({ key: String(key), from: before.get(key), to: after.get(key) }));
}

const byKey = (
  changes: readonly { key?: string; from?: string | undefined; to?: string | undefined }[],
): ReadonlyMap<unknown, unknown> => new Map(changes.map(({ key, from, to }) => [key, [from, to]]));

function expectHistoryTells(world: World, status: ExternalSecretStatus, before: Before): void {
  const changes = versionChanges(before.held, world.held);
  expect(status.revision ?? 0).toBe((before.status?.revision ?? 0) + (changes.length > 0 ? 1 : 0));
  if (changes.length > 0) expect(byKey(status.history?.[0]?.changed ?? [])).toEqual(byKey(changes));
}

describe("over any life of a store and a Secret", () => {
  test("versions and states are true, a second sync is quiet, and history tells every change", () => {
    fc.assert(
      fc.property(acts(5, ["rotate", "toggleBroken", "sync"]), (script) => {
        simulate(5, script, (world, status, before) => {
          expectNoLie(world, status);
          expectNoFalseAlarm(world, status);
          expectHistoryTells(world, status, before);
          for (const { key, version: shown } of status.entries ?? []) expect(shown).toBe(world.held.get(Number(key)));
        });
      }),
    );
  });

  test("versions and states stay true while the spec is edited", () => {
    fc.assert(
      fc.property(acts(5, ["rotate", "toggleBroken", "toggleWanted", "sync"]), (script) => {
        simulate(5, script, expectNoLie);
      }),
    );
  });

  test("versions, states and counts are true and quiet beyond the 100 entries that are listed", () => {
    const keys = 130;
    fc.assert(
      fc.property(acts(keys, ["rotate", "toggleBroken", "sync"]), (script) => {
        simulate(keys, script, (world, status, before) => {
          expectNoLie(world, status);
          expectNoFalseAlarm(world, status);
          expectTrueCounts(world, keys, status);
          const changes = versionChanges(before.held, world.held);
          if (changes.length > 0) expect(status.history?.[0]?.changedTotal).toBe(changes.length);
        });
      }),
      { numRuns: 30 },
    );
  });
});
