import { describe, expect, test } from "vitest";
import { type ApiError, errorFromFailure } from "../../../src/kubernetes/api-error.ts";
import { initialWatchState, nextWatchStep } from "../../../src/runtime/watch-machine.ts";
import type {
  Streaming,
  WatchEffect,
  WatchHistory,
  WatchInput,
  WatchState,
  WatchStep,
} from "../../../src/runtime/watch-state.ts";
import { httpError, networkError } from "../../support/scripted-client.ts";

const MINUTE_MS = 60_000;
const env = (nowMs = 0, random = 0.5) => ({ nowMs, random: () => random });

const fresh = { failures: 0, brokenLists: 0, pagesUntilMs: 0 };
const listing: WatchState = { kind: "list", pageLimit: 500, history: { ...fresh, pagesUntilMs: 1_800_000 } };
const gathering = (history: Partial<WatchHistory> = {}, began = true): WatchState => ({
  kind: "gather",
  history: { ...fresh, ...history },
  sinceMs: 0,
  limitMs: 480_000,
  began,
});
const streaming = ({ failures = 0, ...overrides }: Partial<Streaming & WatchHistory> = {}): Streaming => ({
  kind: "stream",
  history: { ...fresh, failures },
  resourceVersion: "10",
  openedAt: "10",
  fromList: true,
  sinceMs: 0,
  ...overrides,
});
const changed = (resourceVersion: string): WatchInput => ({
  kind: "event",
  event: { kind: "changed", resourceVersion, object: { rv: resourceVersion } },
});
const bookmark = (resourceVersion: string, endsInitialEvents = false): WatchInput => ({
  kind: "event",
  event: { kind: "bookmark", resourceVersion, endsInitialEvents },
});
const errorEvent = (error: ApiError): WatchInput => ({ kind: "event", event: { kind: "error", error } });
const malformed: WatchInput = { kind: "event", event: { kind: "malformed" } };
const cut = errorFromFailure("unavailable", "reset", false);
const ended = (error?: ApiError): WatchInput => ({ kind: "streamEnded", error });
const kinds = ({ effects }: WatchStep): string[] => effects.map((effect) => effect.kind);
const find = <K extends WatchEffect["kind"]>({ effects }: WatchStep, kind: K) =>
  effects.find((effect): effect is Extract<WatchEffect, { kind: K }> => effect.kind === kind);

describe("a streamed list", () => {
  test("comes first: a stream that begins with the state of everything, with 30 s to be complete", () => {
    const step = nextWatchStep(initialWatchState, { kind: "start" }, env(7));
    expect(step).toEqual({
      state: { ...gathering({}, false), sinceMs: 7 },
      effects: [
        { kind: "openStream", resourceVersion: undefined, timeoutSeconds: 450, verify: false },
        { kind: "setTimer", delayMs: 30_000 },
      ],
    });
  });

  test.each([
    { given: "an object", event: { kind: "changed", resourceVersion: "9", object: "x" } as const, deleted: false },
    { given: "its end", event: { kind: "deleted", resourceVersion: "2", object: "x" } as const, deleted: true },
  ])("gathers $given, whatever its version, and commits nothing", ({ event, deleted }) => {
    const step = nextWatchStep(gathering({}, false), { kind: "event", event }, env());
    expect(step).toEqual({ state: gathering(), effects: [{ kind: "gather", deleted, object: "x" }] });
  });

  test("takes no other bookmark for its end", () => {
    expect(nextWatchStep(gathering(), bookmark("12"), env())).toEqual({ state: gathering(), effects: [] });
  });

  test("counts what it does not know, and goes on", () => {
    const step = nextWatchStep(gathering(), { kind: "event", event: { kind: "unknown" } }, env());
    expect(step).toEqual({ state: gathering(), effects: [{ kind: "ignored", why: "unknown" }] });
  });

  test("is committed at the version of the bookmark that ends it, and its stream goes on for the rest of its time", () => {
    const step = nextWatchStep(gathering({ failures: 2, brokenLists: 1 }), bookmark("12", true), env(20_000));
    expect(step).toEqual({
      state: streaming({ failures: 2, resourceVersion: "12", openedAt: "12" }),
      effects: [
        { kind: "commitList" },
        { kind: "progress", resourceVersion: "12" },
        { kind: "setTimer", delayMs: 460_000 },
      ],
    });
  });

  test.each([
    { given: "a cut", input: ended(networkError) },
    { given: "an orderly end", input: ended() },
    { given: "HTTP 500", input: ended(httpError(500)) },
    { given: "an ERROR event", input: errorEvent(httpError(500)) },
    { given: "a malformed line", input: malformed },
    { given: "HTTP 401", input: ended(httpError(401)) },
    { given: "HTTP 403", input: ended(httpError(403)) },
    { given: "HTTP 404", input: ended(httpError(404)) },
    { given: "HTTP 410", input: ended(httpError(410)) },
    { given: "HTTP 429", input: ended(httpError(429)) },
  ])("after $given is streamed again from the beginning, later", ({ input }) => {
    const waiting = nextWatchStep(gathering(), input, env());
    expect(kinds(waiting)).toEqual(["abandon", "retrying", "setTimer"]);
    expect(find(waiting, "setTimer")?.delayMs).toBe(1_200);
    const again = nextWatchStep(waiting.state, { kind: "timer" }, env(1_200));
    expect(find(again, "openStream")).toMatchObject({ resourceVersion: undefined });
  });

  test.each([
    { given: "HTTP 400", input: ended(httpError(400)), why: "refused" },
    { given: "HTTP 422", input: ended(httpError(422)), why: "refused" },
    { given: "an ERROR event with 422", input: errorEvent(httpError(422)), why: "refused" },
    { given: "30 s without its end", input: { kind: "timer" } as const, why: "endless" },
  ])("after $given is read in pages at once, and for the next half hour", ({ input, why }) => {
    const step = nextWatchStep(gathering(), input, env(5_000));
    expect(step.effects).toEqual([
      { kind: "abandon" },
      { kind: "fellBack", why },
      { kind: "fetchPage", limit: 500, continueToken: undefined },
      { kind: "setTimer", delayMs: 90_000 },
    ]);
    expect(kindsOfRelist(step.state, 5_000 + 30 * MINUTE_MS - 1)).toContain("fetchPage");
    expect(kindsOfRelist(step.state, 5_000 + 30 * MINUTE_MS)).toContain("openStream");
  });

  test.each([
    { given: "broke off after it had begun", state: gathering({ brokenLists: 2 }), input: ended(networkError) },
    { given: "ended early", state: gathering({ brokenLists: 2 }, false), input: ended() },
    { given: "failed on the server", state: gathering({ brokenLists: 2 }, false), input: ended(httpError(500)) },
    { given: "could not be read", state: gathering({ brokenLists: 2 }, false), input: malformed },
  ])("that $given three times in a row is read in pages after the wait", ({ state, input }) => {
    const waiting = nextWatchStep(state, input, env());
    expect(find(waiting, "fellBack")).toMatchObject({ why: "broken" });
    expect(kinds(nextWatchStep(waiting.state, { kind: "timer" }, env(60_000)))).toEqual(["fetchPage", "setTimer"]);
  });

  test.each([
    { given: "no connection", error: networkError },
    { given: "a connection cut before any answer", error: errorFromFailure("unavailable", "unanswered", false) },
    { given: "throttling", error: httpError(429) },
    { given: "missing permission", error: httpError(403) },
  ])("is streamed again however often there is $given: pages would fare no better", ({ error }) => {
    const waiting = nextWatchStep(gathering({ brokenLists: 2 }, false), ended(error), env());
    expect(waiting.state.history.brokenLists).toBe(2);
    expect(kinds(nextWatchStep(waiting.state, { kind: "timer" }, env(60_000)))).toContain("openStream");
  });

  test("commits nothing that came after it was given up", () => {
    const overdue = nextWatchStep(gathering(), { kind: "timer" }, env());
    expect(nextWatchStep(overdue.state, bookmark("12", true), env())).toEqual({ state: overdue.state, effects: [] });
  });
});

/** What follows when a page asked for in this state arrives, and the stream after it ends with 410. */
function kindsOfRelist(state: WatchState, atMs: number): string[] {
  const page: WatchInput = { kind: "page", continueToken: undefined, resourceVersion: "7" };
  const waiting = nextWatchStep(nextWatchStep(state, page, env()).state, ended(httpError(410)), env());
  return kinds(nextWatchStep(waiting.state, { kind: "timer" }, env(atMs)));
}

describe("a list in pages", () => {
  test("fetches page after page before it commits anything", () => {
    const step = nextWatchStep(listing, { kind: "page", continueToken: "next", resourceVersion: "7" }, env());
    expect(step.state).toEqual(listing);
    expect(step.effects[0]).toEqual({ kind: "fetchPage", limit: 500, continueToken: "next" });
    expect(kinds(step)).toEqual(["fetchPage", "setTimer"]);
  });

  test("commits after the last page, and streams from the version of the list", () => {
    const step = nextWatchStep(listing, { kind: "page", continueToken: undefined, resourceVersion: "7" }, env(0, 0.5));
    expect(step.effects).toEqual([
      { kind: "commitList" },
      { kind: "progress", resourceVersion: "7" },
      { kind: "openStream", resourceVersion: "7", timeoutSeconds: 450, verify: false },
      { kind: "setTimer", delayMs: 480_000 },
    ]);
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

  test("stays on one page however often continue tokens expire, and pages again once that is too large", () => {
    const after = (state: WatchState, error: ApiError): WatchState =>
      nextWatchStep(nextWatchStep(state, { kind: "listFailed", error }, env()).state, { kind: "timer" }, env()).state;
    const unpaged = after(after(listing, httpError(410)), httpError(410));
    expect(unpaged).toMatchObject({ kind: "list", pageLimit: undefined });
    expect(after(unpaged, errorFromFailure("malformed", "bodyTooLarge", false))).toMatchObject({ pageLimit: 500 });
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
    expect(step.effects).toEqual([
      { kind: "apply", deleted: false, object: { rv: "11" } },
      { kind: "progress", resourceVersion: "11" },
    ]);
  });

  test("applies a delete as one", () => {
    const event = { kind: "deleted", resourceVersion: "11", object: {} } as const;
    expect(nextWatchStep(streaming(), { kind: "event", event }, env()).effects).toEqual([
      { kind: "apply", deleted: true, object: {} },
      { kind: "progress", resourceVersion: "11" },
    ]);
  });

  test.each(["10", "9", "1"])("leaves out the event of version %s, which is not newer than 10", (resourceVersion) => {
    const step = nextWatchStep(streaming(), changed(resourceVersion), env());
    expect(step).toEqual({ state: streaming(), effects: [{ kind: "ignored", why: "stale" }] });
  });

  test("takes the version of a bookmark, and changes nothing else", () => {
    const step = nextWatchStep(streaming(), bookmark("20"), env());
    expect(step).toEqual({
      state: streaming({ resourceVersion: "20" }),
      effects: [{ kind: "progress", resourceVersion: "20" }],
    });
  });

  test("counts what it does not know, and goes on", () => {
    const step = nextWatchStep(streaming(), { kind: "event", event: { kind: "unknown" } }, env());
    expect(step).toEqual({ state: streaming(), effects: [{ kind: "ignored", why: "unknown" }] });
  });

  test("goes on at once where the server ended a stream of more than two minutes in order", () => {
    const step = nextWatchStep(streaming({ failures: 3 }), ended(), env(2 * MINUTE_MS));
    expect(kinds(step)).toEqual(["abandon", "openStream", "setTimer"]);
    expect(step.state).toMatchObject({ kind: "stream", resourceVersion: "10", history: { failures: 0 } });
  });

  test.each([
    { given: "has told a version", state: streaming({ resourceVersion: "11" }), verify: false },
    { given: "has told none: bookmarks are missing", state: streaming(), verify: true },
  ])("after a stream that $given, asks the server where it is: $verify", ({ state, verify }) => {
    expect(find(nextWatchStep(state, ended(), env(2 * MINUTE_MS)), "openStream")).toMatchObject({ verify });
  });

  test.each([
    { given: "a short stream", input: ended() },
    { given: "a cut", input: ended(networkError) },
    { given: "HTTP 500", input: ended(httpError(500)) },
    { given: "a malformed line", input: malformed },
    { given: "an ERROR event", input: errorEvent(httpError(500)) },
    { given: "a stream that outlives its time", input: { kind: "timer" } as const },
  ])("after $given waits, then resumes at the last version", ({ input }) => {
    const waiting = nextWatchStep(streaming(), input, env());
    expect(kinds(waiting)).toEqual(["abandon", "retrying", "setTimer"]);
    expect(find(waiting, "setTimer")?.delayMs).toBe(1_200);
    const again = nextWatchStep(waiting.state, { kind: "timer" }, env(1_200));
    expect(find(again, "openStream")).toMatchObject({ resourceVersion: "10", verify: true });
  });

  test.each(["10", "11"])("goes on where the server is at %s", (resourceVersion) => {
    const state = streaming({ resourceVersion: "12" });
    const step = nextWatchStep(state, { kind: "serverVersion", resourceVersion }, env());
    expect(step).toEqual({ state, effects: [] });
  });

  test("lists anew, at once, where the server is behind the version that the stream was opened at", () => {
    const step = nextWatchStep(streaming(), { kind: "serverVersion", resourceVersion: "9" }, env());
    expect(kinds(step)).toEqual(["abandon", "serverWentBack", "openStream", "setTimer"]);
    expect(step.state).toMatchObject({ kind: "gather" });
  });

  test.each([
    { given: "HTTP 410", input: ended(httpError(410)) },
    { given: "an ERROR event with 410", input: errorEvent(httpError(410)) },
  ])("after $given waits, then lists anew", ({ input }) => {
    const waiting = nextWatchStep(streaming(), input, env());
    expect(find(waiting, "retrying")?.relist).toBe(true);
    const again = nextWatchStep(waiting.state, { kind: "timer" }, env(2_000));
    expect(again.effects[0]).toMatchObject({ kind: "openStream", resourceVersion: undefined });
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
    { failures: 3, error: undefined, random: 1, delayMs: 12_800 },
    { failures: 50, error: undefined, random: 1, delayMs: 30_000 },
    { failures: 50, error: cut, random: 1, delayMs: 30_000 },
    { failures: 50, error: httpError(429), random: 1, delayMs: 30_000 },
    { failures: 50, error: httpError(410), random: 1, delayMs: 30_000 },
    { failures: 50, error: httpError(500), random: 1, delayMs: 6_400 },
    { failures: 50, error: httpError(403), random: 1, delayMs: 6_400 },
    { failures: 50, error: networkError, random: 1, delayMs: 1_600 },
    { failures: 50, error: errorFromFailure("unavailable", "unanswered", false), random: 1, delayMs: 1_600 },
    { failures: 50, error: networkError, random: 0, delayMs: 800 },
    { failures: 50, error: httpError(429, 1_000), random: 1, delayMs: 3_200 },
    { failures: 0, error: httpError(429, 20_000), random: 1, delayMs: 20_000 },
  ])(
    "after $failures failures more ($error.kind, chance $random) waits $delayMs ms",
    ({ failures, error, random, delayMs }) => {
      const step = nextWatchStep(streaming({ failures }), ended(error), env(0, random));
      expect(find(step, "setTimer")?.delayMs).toBe(delayMs);
    },
  );

  test.each([0, 0.5, 0.999])(
    "is never short for a server that ends every stream at once: 1,000 times, chance %s, one a second at most",
    (random) => {
      let nowMs = 0;
      let state: WatchState = streaming();
      const delaysMs = Array.from({ length: 1_000 }, () => {
        const step = nextWatchStep(state, ended(), env(nowMs, random));
        const delayMs = find(step, "setTimer")?.delayMs ?? 0;
        nowMs += delayMs;
        state = nextWatchStep(step.state, { kind: "timer" }, env(nowMs, random)).state;
        return delayMs;
      });
      expect(nowMs).toBeGreaterThan(1_000_000);
      expect(Math.min(...delaysMs)).toBeGreaterThanOrEqual(800);
      expect(Math.max(...delaysMs)).toBeLessThanOrEqual(30_000);
      const stable = nextWatchStep(state, ended(httpError(500)), env(nowMs + 2 * MINUTE_MS, random));
      expect(find(stable, "setTimer")?.delayMs).toBeLessThanOrEqual(1_600);
    },
  );

  test("begins anew after a stream of more than two minutes, and not before", () => {
    const after = (lifeMs: number) =>
      nextWatchStep(streaming({ failures: 9 }), ended(httpError(500)), env(lifeMs)).state.history.failures;
    expect([after(2 * MINUTE_MS - 1), after(2 * MINUTE_MS)]).toEqual([10, 1]);
  });

  test("is left out when a server that was away answers 410 to the resumed stream: it lists anew at once", () => {
    const step = nextWatchStep(streaming({ failures: 4, fromList: false }), ended(httpError(410)), env());
    expect(kinds(step)).toEqual(["abandon", "retrying", "openStream", "setTimer"]);
    expect(step.state).toMatchObject({ kind: "gather", history: { failures: 4 } });
  });

  test("is short for a server that was away for long and is back, but not ready yet", () => {
    let state: WatchState = streaming();
    for (const error of [cut, ...Array.from({ length: 50 }, () => networkError)]) {
      const waiting = nextWatchStep(state, ended(error), env(0, 1));
      expect(find(waiting, "setTimer")?.delayMs).toBe(1_600);
      state = nextWatchStep(waiting.state, { kind: "timer" }, env(0, 1)).state;
    }
    expect(find(nextWatchStep(state, ended(httpError(403)), env(0, 1)), "setTimer")?.delayMs).toBe(3_200);
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
