import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createWriteGate } from "../../../src/runtime/write-gate.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function gateOf(maxWaitMs?: number) {
  const clock = new FakeClock();
  const opened: string[] = [];
  const gate = createWriteGate({ clock, ...(maxWaitMs && { maxWaitMs }), onOpen: (key) => opened.push(key) });
  return { gate, clock, opened };
}

describe("createWriteGate", () => {
  test("is open to a key that wrote nothing, and keeps no timer", () => {
    const { gate, clock } = gateOf();
    expect([gate.isOpen("a"), clock.pendingMs()]).toEqual([true, []]);
  });

  test.each([
    { seen: "9", opens: false },
    { seen: "10", opens: true },
    { seen: "100", opens: true },
    { seen: "no version", opens: false },
  ])("a key that wrote version 10 and was put aside opens at $seen: $opens", ({ seen, opens }) => {
    const { gate, opened } = gateOf();
    gate.wrote("a", "secrets", "10");
    expect(gate.isOpen("a")).toBe(false);
    gate.seen("secrets", seen);
    expect(opened).toEqual(opens ? ["a"] : []);
    expect(gate.isOpen("a")).toBe(opens);
  });

  test("tells once of a key that nobody asked for: what it wrote may be gone again, and no event would say so", () => {
    const { gate, clock, opened } = gateOf();
    gate.wrote("a", "secrets", "10");
    gate.seen("secrets", "14");
    gate.seen("secrets", "15");
    expect([opened, clock.pendingMs()]).toEqual([["a"], []]);
  });

  test("does not close for a write whose event was here before its answer, and tells at once", () => {
    const { gate, clock, opened } = gateOf();
    gate.seen("secrets", "12");
    gate.wrote("a", "secrets", "12");
    expect([gate.isOpen("a"), clock.pendingMs(), opened]).toEqual([true, [], ["a"]]);
  });

  test("waits for the last of several writes, of each resource", () => {
    const { gate, opened } = gateOf();
    gate.wrote("a", "secrets", "12");
    gate.wrote("a", "secrets", "11");
    gate.wrote("a", "externalsecrets", "13");
    expect(gate.isOpen("a")).toBe(false);
    gate.seen("secrets", "11");
    gate.seen("externalsecrets", "13");
    expect(opened).toEqual([]);
    gate.seen("secrets", "12");
    expect(opened).toEqual(["a"]);
  });

  test("keeps keys apart", () => {
    const { gate, opened } = gateOf();
    gate.wrote("a", "secrets", "20");
    gate.wrote("b", "secrets", "10");
    gate.isOpen("a");
    gate.isOpen("b");
    gate.seen("secrets", "10");
    expect([opened, gate.isOpen("a")]).toEqual([["b"], false]);
  });

  test("opens 30 s after the last write at the latest, however often the cache was set back", () => {
    const { gate, clock, opened } = gateOf();
    gate.wrote("a", "secrets", "1000");
    clock.advance(20_000);
    gate.wrote("a", "secrets", "1001");
    gate.isOpen("a");
    gate.seen("secrets", "7");
    clock.advance(29_999);
    expect(opened).toEqual([]);
    clock.advance(1);
    expect([opened, clock.pendingMs()]).toEqual([["a"], []]);
  });

  test("judges writes after a restored backup by the versions that the cache shows now", () => {
    const { gate, opened } = gateOf();
    gate.seen("secrets", "1000");
    gate.seen("secrets", "7");
    gate.wrote("a", "secrets", "9");
    expect(gate.isOpen("a")).toBe(false);
    gate.seen("secrets", "9");
    expect(opened).toEqual(["a"]);
  });

  test("opens each key at its own time", () => {
    const { gate, clock, opened } = gateOf(1_000);
    gate.wrote("a", "secrets", "5");
    clock.advance(400);
    gate.wrote("b", "secrets", "6");
    for (const key of ["a", "b"]) gate.isOpen(key);
    clock.advance(600);
    expect([opened, clock.pendingMs()]).toEqual([["a"], [400]]);
    clock.advance(400);
    expect(opened).toEqual(["a", "b"]);
  });

  test("a key that writes again waits longer, and others do not wait for it", () => {
    const { gate, clock, opened } = gateOf(1_000);
    gate.wrote("a", "secrets", "5");
    clock.advance(400);
    gate.wrote("b", "secrets", "6");
    clock.advance(400);
    gate.wrote("a", "secrets", "7");
    for (const key of ["a", "b"]) gate.isOpen(key);
    expect(clock.pendingMs()).toEqual([200]);
    clock.advance(600);
    expect([opened, clock.pendingMs()]).toEqual([["b"], [400]]);
    clock.advance(400);
    expect([opened, clock.pendingMs()]).toEqual([["b", "a"], []]);
  });

  test("a key that opened by time counts only what it writes from then on", () => {
    const { gate, clock, opened } = gateOf(1_000);
    gate.wrote("a", "secrets", "5");
    gate.isOpen("a");
    clock.advance(1_000);
    gate.wrote("a", "secrets", "6");
    gate.isOpen("a");
    gate.seen("secrets", "5");
    expect([opened, gate.isOpen("a")]).toEqual([["a"], false]);
  });

  test("ignores a version that cannot be compared", () => {
    const { gate } = gateOf();
    gate.wrote("a", "secrets", "");
    gate.wrote("a", "secrets", "v1");
    expect(gate.isOpen("a")).toBe(true);
  });

  test("stop ends the timer and calls nobody", () => {
    const { gate, clock, opened } = gateOf();
    gate.wrote("a", "secrets", "5");
    gate.isOpen("a");
    gate.stop();
    gate.wrote("a", "secrets", "6");
    expect([clock.pendingMs(), gate.isOpen("a")]).toEqual([[], true]);
    gate.seen("secrets", "6");
    expect(opened).toEqual([]);
  });
});

/** What the gate must do, as a list of writes that is searched each time. */
class Model {
  nowMs = 0;
  readonly seen = new Map<string, number>();
  writes: { key: string; resource: string; version: number }[] = [];
  readonly lastWriteMs = new Map<string, number>();
  readonly opened: string[] = [];

  isOpen(key: string): boolean {
    return !this.writes.some((write) => write.key === key);
  }

  drop(isDropped: (write: Model["writes"][number]) => boolean): void {
    const closed = new Set(this.writes.map((write) => write.key));
    this.writes = this.writes.filter((write) => !isDropped(write));
    for (const key of closed) if (this.isOpen(key)) this.opened.push(key);
  }
}

const key = fc.constantFrom("a", "b", "c");
const resource = fc.constantFrom("secrets", "externalsecrets");
const version = fc.integer({ min: 1, max: 120 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("wrote" as const), key, resource, version }),
  fc.record({ kind: fc.constant("seen" as const), resource, version }),
  fc.record({ kind: fc.constant("ask" as const), key }),
  fc.record({ kind: fc.constant("advance" as const), durationMs: fc.integer({ min: 0, max: 700 }) }),
);

test("the gate does what a plain list of writes says, whatever is done to it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { gate, clock, opened } = gateOf(1_000);
      const model = new Model();
      for (const does of steps) {
        if (does.kind === "wrote") {
          gate.wrote(does.key, does.resource, String(does.version));
          if (does.version > (model.seen.get(does.resource) ?? 0)) {
            model.writes.push(does);
            model.lastWriteMs.set(does.key, model.nowMs);
          } else if (model.isOpen(does.key)) model.opened.push(does.key);
        } else if (does.kind === "seen") {
          gate.seen(does.resource, String(does.version));
          model.seen.set(does.resource, does.version);
          model.drop((write) => write.resource === does.resource && write.version <= does.version);
        } else if (does.kind === "ask") {
          expect(gate.isOpen(does.key)).toBe(model.isOpen(does.key));
        } else {
          clock.advance(does.durationMs);
          model.nowMs += does.durationMs;
          model.drop((write) => (model.lastWriteMs.get(write.key) ?? 0) + 1_000 <= model.nowMs);
        }
      }
      expect([...opened].sort()).toEqual([...model.opened].sort());
      clock.advance(2_000);
      expect(clock.pendingMs()).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
