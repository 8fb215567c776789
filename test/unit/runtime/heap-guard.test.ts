import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHeapGuard, initialShedding, nextShedding } from "../../../src/runtime/heap-guard.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { recordingLogger } from "../../support/recording-logger.ts";

/** Whether load is shed after each sample. */
function shedAfter(...shares: readonly number[]): readonly boolean[] {
  let state = initialShedding;
  return shares.map((share) => {
    state = nextShedding(state, share);
    return state.isShedding;
  });
}

const times = (count: number, share: number): readonly number[] => Array.from({ length: count }, () => share);

describe("nextShedding", () => {
  test.each([
    { given: "two samples at 85 %", shares: [0.85, 0.85], sheds: false },
    { given: "three samples at 85 %", shares: [0.85, 0.85, 0.85], sheds: true },
    { given: "a sample below between them", shares: [0.9, 0.9, 0.84, 0.9, 0.9], sheds: false },
    { given: "one sample at 95 %", shares: [0.95], sheds: true },
    { given: "14 samples below 75 % afterwards", shares: [0.95, ...times(14, 0.5)], sheds: true },
    { given: "15 samples below 75 % afterwards", shares: [0.95, ...times(15, 0.5)], sheds: false },
    { given: "15 samples at 75 % afterwards", shares: [0.95, ...times(15, 0.75)], sheds: true },
    { given: "one above between them", shares: [0.95, ...times(14, 0.5), 0.8, ...times(14, 0.5)], sheds: true },
  ])("$given: sheds is $sheds", ({ shares, sheds }) => {
    expect(shedAfter(...shares).at(-1)).toBe(sheds);
  });

  test("does not flap: once begun it lasts for 15 samples at least, whatever is measured", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 100, size: "max" }), (shares) => {
        const sheds = shedAfter(...shares);
        let lasted = 0;
        for (const isShedding of sheds) {
          if (!isShedding && lasted > 0) expect(lasted).toBeGreaterThanOrEqual(15);
          lasted = isShedding ? lasted + 1 : 0;
        }
      }),
    );
  });
});

describe("createHeapGuard", () => {
  test("tells of each change once, and logs it", () => {
    const clock = new FakeClock();
    const { log, lines } = recordingLogger();
    const changes: boolean[] = [];
    let usedBytes = 100 * 2 ** 20;
    const guard = createHeapGuard({
      clock,
      log,
      readHeap: () => ({ usedBytes, limitBytes: 200 * 2 ** 20 }),
      onChange: (isShedding) => changes.push(isShedding),
    });
    guard.start();
    clock.advance(60_000);
    expect([changes, lines]).toEqual([[], []]);
    usedBytes = 180 * 2 ** 20;
    clock.advance(60_000);
    expect(changes).toEqual([true]);
    expect(lines).toMatchObject([{ level: "warn", fields: { usedMegabytes: 180, limitMegabytes: 200 } }]);
    usedBytes = 100 * 2 ** 20;
    clock.advance(60_000);
    expect(changes).toEqual([true, false]);
    expect(lines.map(({ level }) => level)).toEqual(["warn", "info"]);
    guard.stop();
    expect(clock.pendingMs()).toEqual([]);
  });
});
