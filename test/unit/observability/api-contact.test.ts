import { describe, expect, test } from "vitest";
import { awayReason, createApiContact, silentReason } from "../../../src/observability/api-contact.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const NOW_MS = 10_000_000;

/** A watch that was heard of so long ago, and refused so long ago. */
const watch = (resource: string, activityAgoMs?: number, refusalAgoMs?: number) => ({
  resource,
  lastActivityMs: activityAgoMs === undefined ? undefined : NOW_MS - activityAgoMs,
  lastRefusalMs: refusalAgoMs === undefined ? undefined : NOW_MS - refusalAgoMs,
});
const ago = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : NOW_MS - ms);

describe("createApiContact", () => {
  test("remembers when the API server served us last; refusals and missing answers do not count", () => {
    const clock = new FakeClock();
    const contact = createApiContact(clock);
    expect(contact.lastServedMs).toBeUndefined();
    clock.advance(5);
    for (const code of ["403", "503", "<error>"]) contact.answered(code);
    expect(contact.lastServedMs).toBeUndefined();
    contact.answered("201");
    clock.advance(5);
    contact.answered("500");
    expect(contact.lastServedMs).toBe(5);
  });
});

describe("readiness: awayReason", () => {
  test.each([
    { given: "nothing was ever heard", watches: [watch("a")], servedAgoMs: undefined, away: false },
    {
      given: "a watch was heard of two minutes ago",
      watches: [watch("a", 120_000)],
      servedAgoMs: 500_000,
      away: false,
    },
    { given: "one of two watches is alive", watches: [watch("a", 900_000), watch("b", 4_000)], away: false },
    { given: "calls are served", watches: [watch("a", 900_000)], servedAgoMs: 1_000, away: false },
    { given: "all are silent for more", watches: [watch("a", 120_001)], servedAgoMs: 120_001, away: true },
    { given: "all are silent and refused", watches: [watch("a", 120_001, 1_000)], away: true },
  ])("$given: away is $away", ({ watches, servedAgoMs, away }) => {
    expect(awayReason(watches, ago(servedAgoMs), NOW_MS) !== undefined).toBe(away);
  });
});

describe("liveness: silentReason", () => {
  test.each([
    {
      given: "a silent watch while calls are served",
      watches: [watch("a", 600_001)],
      servedAgoMs: 60_000,
      silent: "a",
    },
    {
      given: "a silent watch beside one that is alive",
      watches: [watch("a", 600_001), watch("b", 4_000)],
      silent: "a",
    },
    {
      given: "two silent watches",
      watches: [watch("a", 600_001), watch("b", 700_000)],
      servedAgoMs: 0,
      silent: "a, b",
    },
    { given: "a watch that was heard of ten minutes ago", watches: [watch("a", 600_000)], servedAgoMs: 0 },
    { given: "a silent watch that is refused", watches: [watch("a", 900_000, 30_000)], servedAgoMs: 0 },
    { given: "a silent watch while nothing is served", watches: [watch("a", 900_000)], servedAgoMs: 60_001 },
    { given: "a watch that never began", watches: [watch("a")], servedAgoMs: 0 },
    { given: "an API server that is away", watches: [watch("a", 900_000), watch("b", 900_000)] },
  ])("$given: $silent", ({ watches, servedAgoMs, silent }) => {
    const expected = silent === undefined ? undefined : `the watch of ${silent} is silent`;
    expect(silentReason(watches, ago(servedAgoMs), NOW_MS)).toBe(expected);
  });
});
