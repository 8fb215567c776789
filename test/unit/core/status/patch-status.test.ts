import fc from "fast-check";
import { expect, test } from "vitest";
import { statusPatch } from "../../../../src/core/status/patch-status.ts";

test.each([
  { given: "no status before", previous: undefined, next: { a: 1 }, then: { status: { a: 1 } } },
  { given: "nothing new", previous: { a: 1, b: { c: [1] } }, next: { b: { c: [1] }, a: 1 }, then: undefined },
  {
    given: "another key order inside",
    previous: { a: [{ x: 1, y: 2 }] },
    next: { a: [{ y: 2, x: 1 }] },
    then: undefined,
  },
  { given: "one field changed", previous: { a: 1, b: 2 }, next: { a: 1, b: 3 }, then: { status: { b: 3 } } },
  { given: "one field gone", previous: { a: 1, b: 2 }, next: { a: 1 }, then: { status: { b: null } } },
  { given: "a list grown", previous: { a: [1] }, next: { a: [1, 2] }, then: { status: { a: [1, 2] } } },
])("statusPatch: $given", ({ previous, next, then }) => {
  expect(statusPatch<Record<string, unknown>>(previous, next)).toEqual(then);
});

const statuses = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 2 })),
);

test("statusPatch: applied to the status before, it gives the next one", () => {
  fc.assert(
    fc.property(statuses, statuses, (previous, next) => {
      const patch = new Map(Object.entries(statusPatch(previous, next)?.["status"] ?? {}));
      const applied = Object.entries({ ...previous, ...Object.fromEntries(patch) }).filter(
        ([, value]) => value !== null,
      );
      expect(Object.fromEntries(applied)).toEqual({ ...next });
    }),
  );
});
