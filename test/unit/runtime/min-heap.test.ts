import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMinHeap } from "../../../src/runtime/min-heap.ts";

describe("createMinHeap", () => {
  test("has nothing to give when empty", () => {
    const heap = createMinHeap<number>((a, b) => a < b);
    expect([heap.peek(), heap.pop()]).toEqual([undefined, undefined]);
  });

  test("gives what a sorted list gives, whatever comes and goes", () => {
    const step = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant("pop" as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
        const heap = createMinHeap<number>((a, b) => a < b);
        const list: number[] = [];
        for (const does of steps) {
          if (does === "pop") expect(heap.pop()).toBe(list.shift());
          else {
            heap.push(does);
            list.push(does);
            list.sort((a, b) => a - b);
          }
          expect(heap.peek()).toBe(list[0]);
        }
        for (const smallest of list) expect(heap.pop()).toBe(smallest);
      }),
    );
  });
});
