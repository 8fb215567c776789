// Findings that are pure: of a visit that asks no store, of one that is cut short, and of one that settled.

import { describe, expect, test } from "vitest";
import type { Condition, ExternalSecretStatus } from "../../../../src/core/status/external-secret-status.ts";
import { assemble } from "../../../../src/core/sync/assemble.ts";
import {
  invalidSpec,
  keptOnce,
  onceState,
  suspended,
} from "../../../../src/reconcilers/external-secret/early-finding.ts";
import { concludeObservation, type Read, type Visit } from "../../../../src/reconcilers/external-secret/finding.ts";
import type { Settled } from "../../../../src/reconcilers/external-secret/settle.ts";
import { shortCut } from "../../../../src/reconcilers/external-secret/short-cut.ts";
import { objectKey } from "../../../../src/core/object-key.ts";
import type { VisitCause } from "../../../../src/core/sync/visit.ts";
import { readVersions } from "../../../../src/core/sync/versions.ts";
import { meta, target } from "../../../support/builders/records.ts";
import { document, memory, readFailed, readOne, record, spec } from "../../../support/builders/sync.ts";

const MINUTE_MS = 60_000;
const SIGHT = {
  current: { uid: "uid-secret", resourceVersion: "20", controllerUid: undefined },
  reachedVersion: "20",
};
const WRITTEN = { kind: "written", created: false, keys: ["password"], changedKeys: ["password"] } as const;
const NO_SIGHT = { current: undefined, reachedVersion: "20" };
const reads = [readOne()];

function statusOf(ready: Condition["status"], overrides: Partial<ExternalSecretStatus> = {}): ExternalSecretStatus {
  const condition = {
    type: "Ready",
    status: ready,
    reason: "r",
    message: "1 key",
    observedGeneration: 1,
    lastTransitionTime: "",
  } as const;
  return { observedGeneration: 1, conditions: [condition], binding: { name: "db" }, ...overrides };
}

function visit(overrides: Partial<Visit> = {}): Visit {
  return {
    key: objectKey(meta()),
    record: record(),
    memory: memory({ versions: readVersions(reads) }),
    causes: new Set<VisitCause>(["due"]),
    sight: SIGHT,
    status: statusOf("True"),
    binding: "db",
    unsure: undefined,
    nowMs: 0,
    ...overrides,
  };
}

function reading(overrides: Partial<Read> = {}): Read {
  return { kind: "read", reads, isStoreOutage: false, retryAfterMs: 0, isCurrent: () => true, ...overrides };
}

const forced = record({ meta: meta({ annotations: { "force-sync": "2" } }) });

describe("a visit that is not served", () => {
  test.each([
    { given: "the process served one before", when: { memory: memory({ forceSync: "1" }) }, then: "1" },
    {
      given: "status tells of one",
      when: { memory: undefined, status: statusOf("True", { lastHandledForceSync: "0" }) },
      then: "0",
    },
    { given: "there was none", when: { memory: undefined }, then: undefined },
  ])("leaves a force-sync for later: when $given, $then stays the last served", ({ when, then }) => {
    for (const found of [
      suspended(visit({ record: forced, ...when })),
      invalidSpec(visit({ record: forced, ...when }), { path: "spec.data", message: "bad" }),
    ]) {
      expect(found.report.forceSync).toBeUndefined();
      expect(found.end.forceSync).toBe(then);
    }
  });

  test("says why, and keeps what it is bound to", () => {
    const error = { path: "spec.data[0]", message: "correct it" };
    expect(invalidSpec(visit(), error).report).toMatchObject({
      ready: { reason: "InvalidSpec", message: "spec.data[0]: correct it", stalled: true },
      binding: "db",
      secret: { kind: "kept" },
    });
    expect(suspended(visit({ binding: undefined })).report).toMatchObject({
      ready: { reason: "Suspended" },
      binding: undefined,
    });
  });
});

describe("CreatedOnce", () => {
  const once = spec({ refreshPolicy: "CreatedOnce" });
  const made = statusOf("True", { createdFor: meta().uid });

  test.each([
    { given: "nothing was made", when: {}, then: "making" },
    {
      given: "it was made for an earlier uid",
      when: { status: statusOf("True", { createdFor: "old" }) },
      then: "making",
    },
    { given: "it was made", when: { status: made }, then: "made" },
    { given: "a force-sync is asked for", when: { status: made, record: forced }, then: undefined },
    {
      given: "that force-sync was served",
      when: { status: { ...made, lastHandledForceSync: "2" }, record: forced },
      then: "made",
    },
    {
      given: "a force-sync was taken back",
      when: { status: made, causes: new Set<VisitCause>(["forceSync"]) },
      then: undefined,
    },
  ])("when $given is $then", ({ when, then }) => {
    expect(onceState(visit(when), once)).toBe(then);
  });

  test("is nothing that another policy knows", () => {
    expect(onceState(visit({ status: made }), spec())).toBeUndefined();
  });

  test.each([
    { given: "is there", policy: "Owner", sight: SIGHT, then: "db" },
    { given: "is gone under Orphan", policy: "Orphan", sight: NO_SIGHT, then: undefined },
  ] as const)("keeps a Secret that $given", ({ policy, sight, then }) => {
    const kept = keptOnce(visit({ status: made, sight }), { ...once, target: target({ creationPolicy: policy }) });
    expect(kept?.report).toMatchObject({ ready: { reason: "SecretSynced" }, binding: then });
    expect(kept?.end.target).toEqual(sight.current);
  });

  test.each([
    { given: "is gone under Owner", policy: "Owner", sight: NO_SIGHT, status: made },
    { given: "is to be released", policy: "None", sight: SIGHT, status: made },
    { given: "was not made yet", policy: "Owner", sight: SIGHT, status: statusOf("True") },
  ] as const)("syncs one that $given", ({ policy, sight, status }) => {
    expect(keptOnce(visit({ status, sight }), { ...once, target: target({ creationPolicy: policy }) })).toBeUndefined();
  });

  test("has the ownership judged of a Secret that status does not name as ours", () => {
    expect(keptOnce(visit({ status: made, binding: "former" }), { ...once, target: target({}) })).toBeUndefined();
    expect(keptOnce(visit({ status: made, binding: undefined }), { ...once, target: target({}) })).toBeUndefined();
  });
});

describe("a reading without news", () => {
  test("is told with what is remembered", () => {
    expect(shortCut(visit(), spec(), reading())).toMatchObject({
      kind: "found",
      report: { ready: { reason: "SecretSynced", message: "1 key" }, secret: { kind: "verified", keys: ["password"] } },
      end: { target: memory().target, versions: readVersions(reads) },
    });
  });

  test.each([
    { given: "the spec changed", when: { causes: new Set<VisitCause>(["due", "specChanged"]) }, look: {} },
    { given: "a force-sync is asked for", when: { causes: new Set<VisitCause>(["forceSync"]) }, look: {} },
    { given: "the target changed", when: { causes: new Set<VisitCause>(["targetChanged"]) }, look: {} },
    { given: "nothing is remembered", when: { memory: undefined }, look: {} },
    { given: "it was not Ready", when: { status: statusOf("False") }, look: {} },
    { given: "there is no status", when: { status: undefined }, look: {} },
    {
      given: "a write was not published",
      when: { memory: memory({ versions: readVersions(reads), unpublished: { secret: WRITTEN, revision: 2 } }) },
      look: {},
    },
    { given: "a write was not answered", when: { unsure: { secret: WRITTEN, before: "19" } }, look: {} },
    {
      given: "an absence waits for confirmation",
      when: { memory: memory({ versions: readVersions(reads), confirmations: new Map([["a", 0]]) }) },
      look: {},
    },
    {
      given: "the target was not as wanted",
      when: { memory: memory({ versions: readVersions(reads), target: undefined }) },
      look: {},
    },
    {
      given: "the target is another",
      when: { memory: memory({ versions: readVersions(reads), target: { uid: "uid-secret", resourceVersion: "19" } }) },
      look: {},
    },
    { given: "the target is not shown", when: { sight: NO_SIGHT }, look: {} },
    { given: "no versions are remembered", when: { memory: memory() }, look: {} },
    { given: "a version moved", when: {}, look: { reads: [readOne(document({ password: "two" }, "2"))] } },
    { given: "an entry fails", when: {}, look: { reads: [readFailed()] } },
    { given: "what was read cannot be rendered", when: {}, look: { reads: [readOne(document({ other: "x" }))] } },
  ])("is none when $given", ({ when, look }) => {
    expect(shortCut(visit(when), spec(), reading(look))).toBeUndefined();
  });
});

describe("an outage of a store", () => {
  const outage = reading({ isStoreOutage: true, reads: [readFailed({ reason: "ProviderUnavailable" })] });

  test.each([
    { given: "just began", when: {}, interval: 60 * MINUTE_MS, then: 5 * MINUTE_MS },
    {
      given: "began a minute ago",
      when: { nowMs: MINUTE_MS, memory: memory({ outageSinceMs: 0 }) },
      interval: 60 * MINUTE_MS,
      then: 5 * MINUTE_MS,
    },
    { given: "meets a short interval", when: {}, interval: MINUTE_MS, then: MINUTE_MS },
    { given: "meets interval 0", when: {}, interval: 0, then: 5 * MINUTE_MS },
    { given: "meets the first visit", when: { memory: undefined }, interval: MINUTE_MS, then: MINUTE_MS },
  ])("that $given is quiet until $then ms", ({ when, interval, then }) => {
    const found = shortCut(visit(when), spec({ refreshIntervalMs: interval }), outage);
    expect(found).toMatchObject({ kind: "quiet", memory: { dueMs: then, outageSinceMs: 0 } });
  });

  test("that meets a wake before the check was due counts from when it is", () => {
    const woken = { causes: new Set<VisitCause>(["woken"]), nowMs: MINUTE_MS };
    const found = shortCut(visit(woken), spec(), outage);
    expect(found).toMatchObject({ kind: "quiet", memory: { dueMs: 65 * MINUTE_MS, outageSinceMs: 60 * MINUTE_MS } });
  });

  test("forgets nothing", () => {
    const before = memory({ heals: [1], confirmations: new Map([["a", 1]]), failures: 2 });
    const found = shortCut(visit({ memory: before }), spec(), outage);
    expect(found?.kind === "quiet" ? found.memory : undefined).toEqual({
      ...before,
      dueMs: 5 * MINUTE_MS,
      outageSinceMs: 0,
    });
  });

  test.each([
    { given: "it is overdue", when: { nowMs: 5 * MINUTE_MS, memory: memory({ outageSinceMs: 0 }) } },
    { given: "it was not Ready", when: { status: statusOf("False") } },
    { given: "status is of an older spec", when: { status: statusOf("True", { observedGeneration: 0 }) } },
    { given: "the Secret is gone", when: { sight: NO_SIGHT } },
    { given: "the spec changed", when: { causes: new Set<VisitCause>(["specChanged"]) } },
  ])("is told when $given", ({ when }) => {
    expect(shortCut(visit(when), spec(), outage)).toBeUndefined();
  });

  test("needs no Secret where none is bound", () => {
    const { observedGeneration, conditions } = statusOf("True");
    const unbound = { status: { observedGeneration, conditions }, sight: NO_SIGHT };
    expect(shortCut(visit(unbound), spec(), outage)?.kind).toBe("quiet");
  });
});

describe("a settled visit", () => {
  type Done = Extract<Settled, { kind: "settled" }>;

  function concluded(overrides: Partial<Done>, when: Partial<Visit> = {}, wanted = spec()) {
    const settled: Done = {
      kind: "settled",
      verdict: { reason: "SecretSynced", message: "", stalled: false },
      secret: { kind: "verified", keys: ["password"] },
      target: { uid: "uid-secret", resourceVersion: "20" },
      isBound: true,
      assembly: assemble(reads, new Set(), { showsNames: true }),
      absences: { confirmations: new Map(), confirmed: new Set(), nextCheckMs: undefined },
      heals: [],
      leftKeys: [],
      awaitsTarget: false,
      pauseMs: 0,
      ...overrides,
    };
    return concludeObservation(visit({ record: forced, ...when }), wanted, {
      observation: reading({ retryAfterMs: 5 }),
      settled,
    });
  }
  const failing: Partial<Done> = {
    verdict: { reason: "AccessDenied", message: "", stalled: false },
    secret: { kind: "kept" },
  };

  test("that is well remembers versions and provenance, and may beat its heart", () => {
    const found = concluded({});
    expect(found.end).toMatchObject({ versions: readVersions(reads), forceSync: "2", minDelayMs: 5 });
    expect([...found.end.provenance.keys()]).toEqual(["password"]);
    expect(found.report.heartbeatMs).toBeGreaterThan(0);
  });

  test("that fails keeps the provenance of the last rendering", () => {
    const found = concluded({ ...failing, pauseMs: 9 });
    expect(found.end).toMatchObject({ versions: undefined, minDelayMs: 9 });
    expect(found.end.provenance).toEqual(memory().provenance);
    expect(found.report.heartbeatMs).toBeUndefined();
  });

  test.each([
    { policy: "Periodic", outcome: failing, then: "2" },
    { policy: "CreatedOnce", outcome: failing, then: undefined },
    { policy: "CreatedOnce", outcome: {}, then: "2" },
  ] as const)("under $policy serves the force-sync or not: $then", ({ policy, outcome, then }) => {
    expect(concluded(outcome, {}, spec({ refreshPolicy: policy })).report.forceSync).toBe(then);
  });

  test.each([
    { given: "the Secret is ours", isBound: true, binding: undefined, then: "db" },
    { given: "nobody looked", isBound: undefined, binding: "db", then: "db" },
    { given: "nobody looked, and it went", isBound: undefined, binding: undefined, then: undefined },
    { given: "the Secret is not ours", isBound: false, binding: "db", then: undefined },
    { given: "the one of the former name is there", isBound: false, binding: "old", then: "old" },
  ])("is bound to $then when $given", ({ isBound, binding, then }) => {
    expect(concluded({ isBound }, { binding }).report.binding).toBe(then);
  });
});
