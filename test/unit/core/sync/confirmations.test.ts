import fc from "fast-check";
import { expect, test } from "vitest";
import { confirmationSpacingMs, judgeAbsences } from "../../../../src/core/sync/confirmations.ts";

const check = { absent: ["a"], nowMs: 0, spacingMs: 30_000, isForced: false };

test("the first look never confirms, forced or not", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.nat(), fc.nat(), fc.boolean(), (absent, nowMs, spacingMs, isForced) => {
      expect(judgeAbsences(new Map(), { absent, nowMs, spacingMs, isForced }).confirmed.size).toBe(0);
    }),
  );
});

test("what was there in between is looked at anew", () => {
  const first = judgeAbsences(new Map(), check);
  const back = judgeAbsences(first.confirmations, { ...check, absent: [], nowMs: 20_000 });
  const again = judgeAbsences(back.confirmations, { ...check, nowMs: 60_000 });
  expect(back.confirmations.size).toBe(0);
  expect(again.confirmed.size).toBe(0);
});

test.each([
  { given: "too soon", nowMs: 29_999, isForced: false, then: [] },
  { given: "after the spacing", nowMs: 30_000, isForced: false, then: ["a"] },
  { given: "too soon, but forced", nowMs: 1, isForced: true, then: ["a"] },
])("a second look $given confirms $then", ({ nowMs, isForced, then }) => {
  const first = judgeAbsences(new Map(), check);
  expect(first.nextCheckMs).toBe(30_000);
  expect([...judgeAbsences(first.confirmations, { ...check, nowMs, isForced }).confirmed]).toEqual(then);
});

test.each([
  { given: "by force", nowMs: 1, isForced: true },
  { given: "by the spacing", nowMs: 30_000, isForced: false },
])(
  "what is confirmed $given stays so until it is there again, whatever the spacing has become",
  ({ nowMs, isForced }) => {
    const first = judgeAbsences(new Map(), check);
    const second = judgeAbsences(first.confirmations, { ...check, nowMs, isForced });
    const third = judgeAbsences(second.confirmations, { ...check, nowMs: nowMs + 1, spacingMs: 3_600_000 });
    expect([...third.confirmed]).toEqual(["a"]);
    expect(third.nextCheckMs).toBeUndefined();
    const back = judgeAbsences(third.confirmations, { ...check, absent: [], nowMs: 40_000 });
    expect(judgeAbsences(back.confirmations, { ...check, nowMs: 50_000 }).confirmed.size).toBe(0);
  },
);

test.each([
  { intervalMs: 0, hasSecret: true, then: 30_000 },
  { intervalMs: 600_000, hasSecret: true, then: 600_000 },
  { intervalMs: 86_400_000, hasSecret: true, then: 3_600_000 },
  { intervalMs: 600_000, hasSecret: false, then: 30_000 },
])("at interval $intervalMs, with a Secret $hasSecret, looks are $then ms apart", ({ intervalMs, hasSecret, then }) => {
  expect(confirmationSpacingMs(intervalMs, hasSecret)).toBe(then);
});
