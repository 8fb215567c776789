import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { objectKey } from "../../../src/core/object-key.ts";
import { createObjectStore, type StoredObject } from "../../../src/runtime/object-store.ts";

interface Named extends StoredObject {
  readonly owners: readonly string[];
}

const record = (name: string, owners: readonly string[] = [], meta: Partial<Named["meta"]> = {}): Named => ({
  meta: { namespace: "ns", name, uid: `uid-${name}`, resourceVersion: "1", ...meta },
  owners,
});
const key = (name: string) => objectKey({ namespace: "ns", name });
const newStore = () => createObjectStore<Named>({ byOwner: ({ owners }) => owners });

describe("createObjectStore", () => {
  test("gives back what was there before", () => {
    const store = newStore();
    const [first, second] = [record("a"), record("a", [], { resourceVersion: "2" })];
    expect([store.set(first), store.set(second), store.get(key("a")), store.size]).toEqual([
      undefined,
      first,
      second,
      1,
    ]);
    expect([store.delete(key("a")), store.delete(key("a")), store.size]).toEqual([second, undefined, 0]);
  });

  test("finds records by index, and no more once they changed or went", () => {
    const store = newStore();
    store.set(record("a", ["x", "y", "x"]));
    store.set(record("b", ["x"]));
    expect(store.byIndex("byOwner", "x").map(({ meta }) => meta.name)).toEqual(["a", "b"]);
    store.set(record("a", ["z"], { resourceVersion: "2" }));
    store.delete(key("b"));
    expect(["x", "y", "z"].map((owner) => store.byIndex("byOwner", owner).length)).toEqual([0, 0, 1]);
  });

  test("tells the keys of an index without a look at the records", () => {
    const store = newStore();
    for (const name of ["a", "b"]) store.set(record(name, ["x"]));
    expect(store.keysByIndex("byOwner", "x")).toEqual([key("a"), key("b")]);
    expect([store.keysByIndex("byOwner", "y"), store.keys()]).toEqual([[], [key("a"), key("b")]]);
  });

  test.each([
    { then: "is not indexed anew in the same generation", meta: { generation: 1 }, found: { x: 1, y: 0 } },
    { then: "is indexed anew in another generation", meta: { generation: 2 }, found: { x: 0, y: 1 } },
    { then: "is indexed anew with another uid", meta: { generation: 1, uid: "other" }, found: { x: 0, y: 1 } },
    { then: "is indexed anew without generations", meta: { generation: 0 }, found: { x: 0, y: 1 } },
  ])("a record $then", ({ meta, found }) => {
    const store = newStore();
    store.set(record("a", ["x"], { generation: meta.generation === 0 ? 0 : 1 }));
    const later = record("a", ["y"], meta);
    store.set(later);
    const count = (owner: string) => store.byIndex("byOwner", owner).length;
    expect({ x: count("x"), y: count("y") }).toEqual(found);
    expect(store.get(key("a"))).toBe(later);
  });

  test("throws on an index that nobody declared", () => {
    expect(() => newStore().byIndex("byColour", "red")).toThrow("no index byColour");
  });

  test("an index always holds what a scan of the records finds", () => {
    const name = fc.constantFrom("a", "b", "c");
    const owners = fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 });
    const change = fc.oneof(fc.record({ name, owners }), fc.record({ name }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const store = newStore();
        for (const one of changes) {
          if ("owners" in one) store.set(record(one.name, one.owners));
          else store.delete(key(one.name));
        }
        for (const owner of ["x", "y", "z"]) {
          const scanned = store.list().filter((candidate) => candidate.owners.includes(owner));
          expect(new Set(store.byIndex("byOwner", owner))).toEqual(new Set(scanned));
        }
      }),
    );
  });
});
