import { describe, expect, test } from "vitest";
import { heapRestComponent } from "../../../src/runtime/heap-rest.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const MB = 2 ** 20;
const NEVER = new AbortController().signal;

/** A process whose heap shrinks to `restBytes` when it is collected. */
async function startedRest() {
  const clock = new FakeClock();
  const world = { busyShare: 0.5, heldBytes: 80 * MB, restBytes: 40 * MB, collections: 0 };
  const component = heapRestComponent({
    clock,
    readBusyShare: () => world.busyShare,
    readHeldBytes: () => world.heldBytes,
    collect: () => {
      world.collections += 1;
      world.heldBytes = world.restBytes;
    },
  });
  await component.start(NEVER);
  return { clock, world, component };
}

describe("heapRestComponent", () => {
  test("collects nothing while there is work", async () => {
    const { clock, world } = await startedRest();
    clock.advance(3_600_000);
    expect(world.collections).toBe(0);
  });

  test.each([
    { given: "10 s of quiet", quietMs: 10_000, collections: 0 },
    { given: "15 s of quiet", quietMs: 15_000, collections: 1 },
    { given: "an hour of quiet, in which the heap does not grow", quietMs: 3_600_000, collections: 1 },
  ])("after $given it has collected $collections times", async ({ quietMs, collections }) => {
    const { clock, world } = await startedRest();
    clock.advance(60_000);
    world.busyShare = 0.01;
    clock.advance(quietMs);
    expect(world.collections).toBe(collections);
  });

  test("one busy sample begins the quiet anew", async () => {
    const { clock, world } = await startedRest();
    for (const busyShare of [0, 0, 0.2, 0, 0]) {
      world.busyShare = busyShare;
      clock.advance(5_000);
    }
    expect(world.collections).toBe(0);
  });

  test.each([
    { given: "too soon", pauseMs: 290_000, heldMb: 80, collections: 1 },
    { given: "not for little", pauseMs: 300_000, heldMb: 47, collections: 1 },
    { given: "after five minutes, for much", pauseMs: 300_000, heldMb: 80, collections: 2 },
  ])("collects again $given: $collections in all", async ({ pauseMs, heldMb, collections }) => {
    const { clock, world } = await startedRest();
    world.busyShare = 0;
    clock.advance(15_000);
    world.heldBytes = heldMb * MB;
    clock.advance(pauseMs);
    expect(world.collections).toBe(collections);
  });

  test("is silent once stopped", async () => {
    const { clock, world, component } = await startedRest();
    world.busyShare = 0;
    await component.stop(NEVER);
    clock.advance(60_000);
    expect([world.collections, clock.pendingMs()]).toEqual([0, []]);
  });
});
