import { expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import { createMemoryStore, type MemoryStore } from "../../../../src/core/sync/memory-store.ts";
import { memory } from "../../../support/builders/sync.ts";

const key = (name: string) => objectKey({ namespace: "team-a", name });
const DB = key("db");

/** So many that what is not among them rests packed. */
function rememberOthers(store: MemoryStore): void {
  for (let index = 0; index < 200; index += 1) store.set(key(`other-${index}`), memory());
}

const written = { status: { observedGeneration: 1, conditions: [] }, basedOn: "9", resourceVersion: "10" };

test.each([
  { of: "a sync that was well", known: memory() },
  { of: "a status that was written", known: memory({ written, dueMs: 1234.5678 }) },
  {
    of: "all there may be",
    known: memory({
      forceSync: "1",
      target: undefined,
      dueMs: undefined,
      outageSinceMs: 17,
      failures: 3,
      versions: "[]",
      provenance: new Map([
        ["__proto__", "a"],
        ["password", "b"],
      ]),
      confirmations: new Map([
        ["seen", 12.5],
        ["confirmed", -Infinity],
      ]),
      heals: [1, 2],
      unpublished: { secret: { kind: "written", created: true, keys: ["a"], changedKeys: ["a"] }, revision: 2 },
      formerRefusals: 1,
    }),
  },
])("a memory of $of comes back as it was, at hand and from rest", ({ known }) => {
  const store = createMemoryStore();
  store.set(DB, known);
  expect(store.get(DB)).toBe(known);
  rememberOthers(store);
  expect(store.get(DB)).toEqual(known);
  expect(store.get(DB)).not.toBe(known);
});

test("the last memory of a key counts, also while an older one rests", () => {
  const store = createMemoryStore();
  store.set(DB, memory({ failures: 1 }));
  rememberOthers(store);
  store.set(DB, memory({ failures: 2 }));
  expect(store.get(DB)?.failures).toBe(2);
  rememberOthers(store);
  expect(store.get(DB)?.failures).toBe(2);
});

test("what was deleted is forgotten, at hand and at rest", () => {
  const store = createMemoryStore();
  store.set(DB, memory());
  rememberOthers(store);
  store.set(DB, memory());
  store.delete(DB);
  expect(store.get(DB)).toBeUndefined();
});
