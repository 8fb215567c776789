import { describe, expect, test } from "vitest";
import {
  initialElectionState,
  nextElectionStep,
  RENEW_DEADLINE_MS,
  RETRY_PERIOD_MS,
} from "../../../../src/runtime/leader-election/election-machine.ts";
import type {
  ElectionInput,
  ElectionState,
  ElectionStep,
} from "../../../../src/runtime/leader-election/election-state.ts";
import type { Lease } from "../../../../src/runtime/leader-election/lease.ts";

const env = (nowMs: number) => ({ identity: "a", nowMs, random: () => 0 });
const leaseOf = (holder: string, resourceVersion = "1", more: Partial<Lease> = {}): Lease => ({
  holder,
  durationMs: 15_000,
  transitions: 3,
  acquireTime: "2026-01-01T00:00:00.000000Z",
  resourceVersion,
  object: {},
  ...more,
});

/** Feeds inputs at their times; effects are those of the last one. */
function run(inputs: readonly (readonly [number, ElectionInput])[], from: ElectionState = initialElectionState) {
  return inputs.reduce<ElectionStep>(({ state }, [nowMs, input]) => nextElectionStep(state, input, env(nowMs)), {
    state: from,
    effects: [],
  });
}

const start = [0, { kind: "start" }] as const;
const read = (lease: Lease | undefined): ElectionInput => ({ kind: "read", lease });
const sighted = (lease: Lease): ElectionInput => ({ kind: "sighted", lease });
const written = (lease: Lease): ElectionInput => ({ kind: "written", lease });
const timer = { kind: "timer" } as const;
const conflict = { kind: "writeFailed", why: "conflict" } as const;
const other = { kind: "writeFailed", why: "other" } as const;
const kinds = ({ effects }: ElectionStep): readonly string[] => effects.map(({ kind }) => kind);

describe("a standby", () => {
  test("reads the Lease first", () => {
    expect(run([start]).effects).toEqual([{ kind: "readLease" }]);
  });

  test("makes a Lease where there is none, and refuses one that appeared meanwhile", () => {
    const { effects } = run([start, [5, read(undefined)]]);
    expect(effects).toEqual([
      { kind: "writeLease", claim: { holder: "a", over: undefined, acquireTime: undefined, transitions: 0 } },
    ]);
  });

  test("waits the whole duration from when it saw the Lease, by its own clock", () => {
    expect(run([start, [5, read(leaseOf("b"))]]).effects).toEqual([{ kind: "setTimer", delayMs: 15_000 }]);
  });

  test("waits anew after each renewal that it sees", () => {
    const { effects } = run([start, [5, read(leaseOf("b"))], [9_000, sighted(leaseOf("b", "2"))]]);
    expect(effects).toEqual([{ kind: "setTimer", delayMs: 15_000 }]);
  });

  test.each([
    { given: "the state that it knows", resourceVersion: "10" },
    { given: "an older one", resourceVersion: "9" },
  ])("takes $given for no renewal", ({ resourceVersion }) => {
    const { effects } = run([start, [0, read(leaseOf("b", "10"))], [14_000, sighted(leaseOf("b", resourceVersion))]]);
    expect(effects).toEqual([{ kind: "setTimer", delayMs: 1_000 }]);
  });

  test("takes a Lease that ran out, over the state that it saw", () => {
    const lease = leaseOf("b");
    const { effects } = run([start, [0, read(lease)], [15_000, timer]]);
    expect(effects).toEqual([
      { kind: "writeLease", claim: { holder: "a", over: lease, acquireTime: undefined, transitions: 4 } },
    ]);
  });

  test("takes a released Lease at once", () => {
    const { effects } = run([start, [0, read(leaseOf("b"))], [100, sighted(leaseOf("", "2"))]]);
    expect(effects).toMatchObject([{ kind: "writeLease", claim: { holder: "a", transitions: 4 } }]);
  });

  test("goes on with its own Lease at once after a restart, which is no transition", () => {
    const lease = leaseOf("a");
    const { effects } = run([start, [0, read(lease)]]);
    expect(effects).toEqual([
      { kind: "writeLease", claim: { holder: "a", over: lease, acquireTime: lease.acquireTime, transitions: 3 } },
    ]);
  });

  test("lets the holder of a deleted Lease have the time that it may still believe in", () => {
    const deleted = [start, [0, read(leaseOf("b"))], [15_000, timer], [15_001, conflict]] as const;
    expect(kinds(run(deleted))).toEqual(["readLease"]);
    const early = [start, [0, read(leaseOf("b"))], [1_000, sighted(leaseOf("b", "2"))], [16_000, timer]] as const;
    expect(kinds(run([...early, [16_001, conflict], [16_002, read(undefined)]]))).toEqual(["writeLease"]);
    expect(run([start, [0, read(leaseOf("b"))], [3_000, read(undefined)]]).effects).toEqual([
      { kind: "setTimer", delayMs: 12_000 },
    ]);
  });

  test("reads again when somebody was faster, and waits for that one", () => {
    const step = run([start, [0, read(leaseOf("b"))], [15_000, timer], [15_010, conflict]]);
    expect(kinds(step)).toEqual(["readLease"]);
    expect(run([[15_020, read(leaseOf("c", "2"))]], step.state).effects).toEqual([
      { kind: "setTimer", delayMs: 15_000 },
    ]);
  });

  test.each([{ failure: other }, { failure: { kind: "readFailed" } as const }])(
    "tries again later after $failure.kind",
    ({ failure }) => {
      const step = run([start, [0, read(undefined)], [10, failure]]);
      expect(step.effects).toEqual([{ kind: "setTimer", delayMs: RETRY_PERIOD_MS }]);
    },
  );

  test("has one request under way at a time", () => {
    expect(run([start, [1, timer]]).effects).toEqual([]);
    expect(run([start, [1, sighted(leaseOf("", "2"))]]).effects).toEqual([]);
  });
});

const elected = [start, [0, read(undefined)], [500, written(leaseOf("a", "5"))]] as const;

describe("a leader", () => {
  test("may write for 10 s after it SENT its renewal, and renews after 2 s", () => {
    expect(run(elected).effects).toEqual([
      { kind: "lead", untilMs: RENEW_DEADLINE_MS },
      { kind: "setTimer", delayMs: RETRY_PERIOD_MS - 500 },
    ]);
  });

  test("stops writing 5 s before another may take the Lease", () => {
    // The standby saw the renewal at the earliest when it was sent.
    expect(leaseOf("a").durationMs - RENEW_DEADLINE_MS).toBe(5_000);
  });

  test("renews over the state that it wrote", () => {
    const { effects } = run([...elected, [2_000, timer]]);
    expect(effects).toMatchObject([
      { kind: "writeLease", claim: { holder: "a", over: { resourceVersion: "5" }, transitions: 3 } },
      { kind: "setTimer", delayMs: 8_000 },
    ]);
  });

  test("is not helped by an answer that comes late", () => {
    const late = [...elected, [2_000, timer], [13_000, written(leaseOf("a", "6"))]] as const;
    expect(run(late).effects[0]).toEqual({ kind: "lead", untilMs: 12_000 });
  });

  test("tries again soon when a renewal fails, and suspends when its time is over", () => {
    const failing = [...elected, [2_000, timer], [2_100, other]] as const;
    expect(run(failing).effects).toEqual([{ kind: "setTimer", delayMs: RETRY_PERIOD_MS / 2 }]);
    const still = [...failing, [3_100, timer], [7_100, other], [8_100, timer], [10_000, timer]] as const;
    expect(kinds(run(still))).toEqual(["suspend", "setTimer"]);
    expect(run(still).state).toMatchObject({ kind: "leading", suspended: true });
  });

  test("suspends once, goes on trying, and leads again when it is renewed", () => {
    const suspended = [...elected, [2_000, timer], [2_100, other], [10_000, timer]] as const;
    expect(kinds(run(suspended))).toEqual(["suspend", "writeLease", "setTimer"]);
    const again = [...suspended, [10_100, other], [11_100, timer]] as const;
    expect(kinds(run(again))).toEqual(["writeLease", "setTimer"]);
    expect(run([...again, [11_200, written(leaseOf("a", "7"))]])).toMatchObject({
      state: { suspended: false },
      effects: [{ kind: "lead", untilMs: 21_100 }, { kind: "setTimer" }],
    });
  });

  test("reads after a conflict, and renews over what it reads if that is its own", () => {
    const conflicting = [...elected, [2_000, timer], [2_100, conflict]] as const;
    expect(kinds(run(conflicting))).toEqual(["readLease"]);
    const { effects } = run([...conflicting, [2_200, read(leaseOf("a", "9"))]]);
    expect(effects[0]).toMatchObject({ kind: "writeLease", claim: { over: { resourceVersion: "9" }, transitions: 3 } });
  });

  test.each([
    { given: "deleted", lease: undefined },
    { given: "cleared", lease: leaseOf("", "9") },
  ])("claims anew a Lease that somebody has $given", ({ lease }) => {
    const { effects } = run([...elected, [2_000, timer], [2_100, conflict], [2_200, read(lease)]]);
    expect(effects[0]).toMatchObject({ kind: "writeLease", claim: { holder: "a", over: lease } });
  });

  test("ends for good when another holds the Lease", () => {
    const step = run([...elected, [2_000, timer], [2_100, conflict], [2_200, read(leaseOf("b", "9"))]]);
    expect(step).toEqual({ state: { kind: "ended" }, effects: [{ kind: "lost", holder: "b" }] });
    expect(run([[9_000, timer]], step.state).effects).toEqual([]);
  });

  test("after a long sleep suspends before anything else", () => {
    expect(kinds(run([...elected, [60_000, timer]]))[0]).toBe("suspend");
  });

  test("releases the Lease on stop, a standby does nothing", () => {
    expect(run([...elected, [1_000, { kind: "stop" }]]).effects).toMatchObject([
      { kind: "release", claim: { holder: "", over: { resourceVersion: "5" }, transitions: 3 } },
    ]);
    expect(run([start, [0, read(leaseOf("b"))], [1, { kind: "stop" }]])).toEqual({
      state: { kind: "ended" },
      effects: [],
    });
  });
});
