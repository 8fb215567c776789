// Of two sources that render one key the later one wins.
import { expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { mergeRendered } from "../../../../src/core/value/merge-sources.ts";

const values = (entries: Readonly<Record<string, string>>): ReadonlyMap<string, SecretValue> =>
  new Map(Object.entries(entries).map(([key, value]) => [key, SecretValue.ofUtf8(value)]));

test.each([
  ["no source", [], {}],
  ["one source", [{ a: "1" }], { a: "1" }],
  ["sources apart", [{ a: "1" }, { b: "2" }], { a: "1", b: "2" }],
  ["a later one wins", [{ a: "1", b: "1" }, { a: "2" }, {}], { a: "2", b: "1" }],
])("mergeRendered: %s", (_, sources, expected) => {
  const merged = mergeRendered(sources.map(values));
  expect(Object.fromEntries(Array.from(merged, ([key, value]) => [key, value.revealUtf8()]))).toEqual(expected);
});
