import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ApiError, errorFromFailure } from "../../../src/kubernetes/api-error.ts";
import { initialWatchState, nextWatchStep } from "../../../src/runtime/watch-machine.ts";
import type { WatchEffect, WatchInput, WatchState, WatchStep } from "../../../src/runtime/watch-state.ts";
import { httpError, networkError } from "../../support/scripted-client.ts";

const MINUTE_MS = 60_000;
const env = (nowMs = 0, random = 0.5) => ({ nowMs, random: () => random });

const listing: WatchState = { kind: "list", pageLimit: 500, failures: 0 };
const streaming = (overrides: Partial<Extract<WatchState, { kind: "stream" }>> = {}): WatchState => ({
  kind: "stream",
  resourceVersion: "10",
  fromList: true,
  sinceMs: 0,
  failures: 0,
  ...overrides,
});
const changed = (resourceVersion: string): WatchInput => ({
  kind: "event",
  event: { kind: "changed", resourceVersion, object: { rv: resourceVersion } },
});
const ended = (error?: ApiError): WatchInput => ({ kind: "streamEnded", error });
const kinds = ({ effects }: WatchStep): string[] => effects.map((effect) => effect.kind);
const find = <K extends WatchEffect["kind"]>({ effects }: WatchStep, kind: K) =>
  effects.find((effect): effect is Extract<WatchEffect, { kind: K }> => effect.kind === kind);

describe("listing", () => {
  test("begins with a consistent page of 500", () => {
    const step = nextWatchStep(initialWatchState, { kind: "start" }, env());
    expect(step.effects[0]).toEqual({ kind: "fetchPage", limit: 500, continueToken: undefined });
  });

  test("fetches page after page before it commits anything", () => {
    const step = nextWatchStep(listing, { kind: "page", continueToken: "next", resourceVersion: "7" }, env());
    expect(step.state).toEqual(listing);
    expect(step.effects[0]).toEqual({ kind: "fetchPage", limit: 500, continueToken: "next" });
    expect(kinds(step)).toEqual(["fetchPage", "setTimer"]);
  });

  test("commits after the last page, and streams from the version of the list", () => {
    const step = nextWatchStep(listing, { kind: "page", continueToken: undefined, resourceVersion: "7" }, env(0, 0.5));
    expect(kinds(step)).toEqual(["commitList", "openStream", "setTimer"]);
    expect(step.effects[1]).toEqual({ kind: "openStream", resourceVersion: "7", timeoutSeconds: 450 });
    expect(step.effects[2]).toEqual({ kind: "setTimer", delayMs: 480_000 });
  });

  test.each([
    { given: "a failure", error: networkError, pageLimit: 500 },
    { given: "an expired continue token: everything on one page", error: httpError(410), pageLimit: undefined },
    {
      given: "an answer over the cap: smaller pages",
      error: errorFromFailure("malformed", "bodyTooLarge", false),
      pageLimit: 100,
    },
  ])("after $given lists again from the beginning, later", ({ error, pageLimit }) => {
    const failedStep = nextWatchStep(listing, { kind: "listFailed", error }, env());
    expect(kinds(failedStep)).toEqual(["abandon", "retrying", "setTimer"]);
    const again = nextWatchStep(failedStep.state, { kind: "timer" }, env());
    expect(again.effects[0]).toEqual({ kind: "fetchPage", limit: pageLimit, continueToken: undefined });
  });

  test("gives up a page that never comes", () => {
    const step = nextWatchStep(listing, { kind: "timer" }, env());
    expect(kinds(step)).toEqual(["abandon", "retrying", "setTimer"]);
  });
});

describe("streaming", () => {
  test("applies an event and remembers its version", () => {
    const step = nextWatchStep(streaming(), changed("11"), env());
    expect(step.state).toMatchObject({ resourceVersion: "11" });
    expect(step.effects).toEqual([{ kind: "apply", deleted: false, object: { rv: "11" } }]);
  });

  test("applies a delete as one", () => {
    const event = { kind: "deleted", resourceVersion: "11", object: {} } as const;
    expect(nextWatchStep(streaming(), { kind: "event", event }, env()).effects).toEqual([
      { kind: "apply", deleted: true, object: {} },
    ]);
  });

  test.each(["10", "9", "1"])("leaves out the event of version %s, which is not newer than 10", (resourceVersion) => {
    const step = nextWatchStep(streaming(), changed(resourceVersion), env());
    expect(step).toEqual({ state: streaming(), effects: [{ kind: "ignored", why: "stale" }] });
  });

  test("takes the version of a bookmark, and changes nothing else", () => {
    const event = { kind: "bookmark", resourceVersion: "20" } as const;
    const step = nextWatchStep(streaming(), { kind: "event", event }, env());
    expect(step).toEqual({ state: streaming({ resourceVersion: "20" }), effects: [] });
  });

  test("counts what it does not know, and goes on", () => {
    const step = nextWatchStep(streaming(), { kind: "event", event: { kind: "unknown" } }, env());
    expect(step).toEqual({ state: streaming(), effects: [{ kind: "ignored", why: "unknown" }] });
  });

  test("goes on at once where the server ended a stream of more than two minutes in order", () => {
    const step = nextWatchStep(streaming({ failures: 3 }), ended(), env(2 * MINUTE_MS));
    expect(kinds(step)).toEqual(["abandon", "openStream", "setTimer"]);
    expect(step.state).toMatchObject({ kind: "stream", resourceVersion: "10", failures: 0 });
  });

  test.each([
    { given: "a short stream", input: ended() },
    { given: "a cut", input: ended(networkError) },
    { given: "HTTP 500", input: ended(httpError(500)) },
    { given: "a malformed line", input: { kind: "event", event: { kind: "malformed" } } as const },
    { given: "an ERROR event", input: { kind: "event", event: { kind: "error", error: httpError(500) } } as const },
    { given: "a stream that outlives its time", input: { kind: "timer" } as const },
  ])("after $given waits, then resumes at the last version", ({ input }) => {
    const waiting = nextWatchStep(streaming(), input, env());
    expect(kinds(waiting)).toEqual(["abandon", "retrying", "setTimer"]);
    expect(find(waiting, "setTimer")?.delayMs).toBe(1_200);
    const again = nextWatchStep(waiting.state, { kind: "timer" }, env(1_200));
    expect(find(again, "openStream")).toMatchObject({ resourceVersion: "10" });
  });

  test.each([
    { given: "HTTP 410", input: ended(httpError(410)) },
    {
      given: "an ERROR event with 410",
      input: { kind: "event", event: { kind: "error", error: httpError(410) } } as const,
    },
  ])("after $given waits, then lists anew", ({ input }) => {
    const waiting = nextWatchStep(streaming(), input, env());
    expect(find(waiting, "retrying")?.relist).toBe(true);
    const again = nextWatchStep(waiting.state, { kind: "timer" }, env(2_000));
    expect(again.effects[0]).toEqual({ kind: "fetchPage", limit: 500, continueToken: undefined });
  });

  test.each([
    { given: "the server's own failures", error: httpError(500), relist: true },
    { given: "no connection", error: networkError, relist: false },
    { given: "throttling", error: httpError(429), relist: false },
    { given: "orderly ends", error: undefined, relist: false },
  ])("after five times $given in a row: lists anew $relist", ({ error, relist }) => {
    const step = nextWatchStep(streaming({ failures: 4 }), ended(error), env());
    expect(find(step, "retrying")?.relist).toBe(relist);
    expect(find(nextWatchStep(streaming({ failures: 3 }), ended(error), env()), "retrying")?.relist).toBe(false);
  });
});

describe("backoff", () => {
  test.each([
    { failures: 0, error: httpError(500), random: 0, delayMs: 800 },
    { failures: 0, error: httpError(500), random: 1, delayMs: 1_600 },
    { failures: 3, error: httpError(500), random: 1, delayMs: 12_800 },
    { failures: 50, error: httpError(500), random: 1, delayMs: 30_000 },
    { failures: 50, error: undefined, random: 1, delayMs: 30_000 },
    { failures: 50, error: networkError, random: 1, delayMs: 3_200 },
    { failures: 50, error: networkError, random: 0, delayMs: 1_600 },
    { failures: 0, error: httpError(429, 20_000), random: 1, delayMs: 20_000 },
  ])(
    "after $failures failures more ($error.kind, chance $random) waits $delayMs ms",
    ({ failures, error, random, delayMs }) => {
      const step = nextWatchStep(streaming({ failures }), ended(error), env(0, random));
      expect(find(step, "setTimer")?.delayMs).toBe(delayMs);
    },
  );

  test("begins anew after a stream of more than two minutes, and not before", () => {
    const after = (lifeMs: number) =>
      nextWatchStep(streaming({ failures: 9 }), ended(httpError(500)), env(lifeMs)).state.failures;
    expect([after(2 * MINUTE_MS - 1), after(2 * MINUTE_MS)]).toEqual([10, 1]);
  });

  test("begins anew when a server that was away answers 410 to the resumed stream", () => {
    const after = (fromList: boolean) =>
      nextWatchStep(streaming({ failures: 4, fromList }), ended(httpError(410)), env()).state.failures;
    expect([after(false), after(true)]).toEqual([1, 5]);
  });

  test("is short for a server that was away and is back, but not ready yet", () => {
    let state: WatchState = streaming();
    for (let tries = 0; tries < 10; tries += 1)
      state = streaming({ failures: nextWatchStep(state, ended(networkError), env()).state.failures });
    const step = nextWatchStep(state, ended(httpError(503)), env(0, 1));
    expect(find(step, "setTimer")?.delayMs).toBe(6_400);
  });

  test("survives a list that succeeds: a server that refuses every stream with 410 is asked less and less often", () => {
    let state: WatchState = listing;
    const delaysMs: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      state = nextWatchStep(state, { kind: "page", continueToken: undefined, resourceVersion: "7" }, env(0, 0)).state;
      const step = nextWatchStep(state, ended(httpError(410)), env(0, 0));
      delaysMs.push(find(step, "setTimer")?.delayMs ?? 0);
      state = nextWatchStep(step.state, { kind: "timer" }, env(0, 0)).state;
    }
    expect(delaysMs).toEqual([800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000, 15_000]);
  });
});

describe("any sequence of inputs", () => {
  const error = fc.constantFrom<ApiError>(
    networkError,
    httpError(410),
    httpError(429, 5_000),
    httpError(500),
    httpError(403),
  );
  const version = fc.integer({ min: 1, max: 60 }).map(String);
  const input = fc.oneof<fc.Arbitrary<WatchInput>[]>(
    fc.record({
      kind: fc.constant("page"),
      continueToken: fc.constantFrom(undefined, "next"),
      resourceVersion: version,
    }),
    error.map((e) => ({ kind: "listFailed", error: e })),
    version.map(changed),
    version.map((resourceVersion) => ({ kind: "event", event: { kind: "bookmark", resourceVersion } })),
    error.map((e) => ({ kind: "event", event: { kind: "error", error: e } })),
    fc.constant<WatchInput>({ kind: "event", event: { kind: "malformed" } }),
    fc.option(error, { nil: undefined }).map(ended),
    fc.constant<WatchInput>({ kind: "timer" }),
  );
  const run = fc.array(
    fc.tuple(input, fc.nat({ max: 10 * MINUTE_MS }), fc.double({ min: 0, max: 0.999, noNaN: true })),
  );

  /** What a performer of the effects would have open, and which invariants it can watch. */
  test("leaves one timer armed, one request at most in flight, and applies only newer versions", () => {
    fc.assert(
      fc.property(run, (steps) => {
        let nowMs = 0;
        let step = nextWatchStep(initialWatchState, { kind: "start" }, env());
        let inFlight = 0;
        let applied = 0;
        const perform = (effect: WatchEffect): void => {
          if (effect.kind === "abandon") inFlight = 0;
          if (effect.kind === "fetchPage" || effect.kind === "openStream") inFlight += 1;
          if (effect.kind === "openStream") applied = Number(effect.resourceVersion);
          if (effect.kind === "setTimer") expect(effect.delayMs).toBeGreaterThan(0);
        };
        step.effects.forEach(perform);
        for (const [one, passedMs, random] of steps) {
          nowMs += passedMs;
          const before = step.state;
          step = nextWatchStep(before, one, env(nowMs, random));
          if (one.kind === "page" && before.kind === "list") inFlight = 0;
          step.effects.forEach(perform);
          expect(inFlight).toBe(step.state.kind === "backoff" ? 0 : 1);
          if (step.state.kind !== before.kind) expect(kinds(step)).toContain("setTimer");
          if (kinds(step).includes("apply") && step.state.kind === "stream") {
            expect(Number(step.state.resourceVersion)).toBeGreaterThan(applied);
            applied = Number(step.state.resourceVersion);
          }
        }
      }),
    );
  });

  test("never ends: from every state some timers lead to a request", () => {
    fc.assert(
      fc.property(run, (steps) => {
        let { state } = nextWatchStep(initialWatchState, { kind: "start" }, env());
        for (const [one] of steps) ({ state } = nextWatchStep(state, one, env()));
        const first = nextWatchStep(state, { kind: "timer" }, env());
        const second = nextWatchStep(first.state, { kind: "timer" }, env());
        const opened = [...kinds(first), ...kinds(second)];
        expect(opened.some((kind) => kind === "fetchPage" || kind === "openStream")).toBe(true);
      }),
    );
  });
});
