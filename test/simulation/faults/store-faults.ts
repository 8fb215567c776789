// What goes wrong at the store, or simply changes there.

import type { ProviderErrorKind } from "../../../src/core/provider/error.ts";
import { REMOTE_KEYS } from "../blueprint.ts";
import { ENTRY_FAULT_MS, STORE_FAULT_MS } from "../calm.ts";
import type { Dice } from "../chance.ts";
import type { World } from "../world.ts";

const backoffMs = {
  storeSlow: STORE_FAULT_MS,
  storeOutage: STORE_FAULT_MS,
  keyDenied: ENTRY_FAULT_MS,
  keyRemoved: ENTRY_FAULT_MS,
};

/** For a while, and then the backoff that it led to. */
function during(world: World, kind: keyof typeof backoffMs, durationMs: number, end: () => void): void {
  const { time, desk, calm } = world;
  time.after(durationMs, end);
  calm.storeChanged(time.nowMs + durationMs);
  desk.count(kind, time.nowMs + durationMs);
  calm.allow(time.nowMs + durationMs + backoffMs[kind], kind);
}

/** Mostly over soon. */
function shortTimeMs(dice: Dice): number {
  return dice.chance(0.85) ? dice.between(300, 4_000) : dice.between(5_000, 20_000);
}

/** Also long enough for an absence to be confirmed. */
function someTimeMs(dice: Dice): number {
  return dice.chance(0.75) ? dice.between(300, 5_000) : dice.between(31_000, 36_000);
}

export function rotate({ store, people, dice, calm, time }: World): void {
  store.rotate(people.mount, dice.pick(REMOTE_KEYS));
  calm.storeChanged(time.nowMs);
}

export const storeFaults = {
  storeSlow(world: World) {
    const { store, dice } = world;
    store.slownessMs = dice.between(300, 9_000);
    during(world, "storeSlow", shortTimeMs(dice), () => {
      store.slownessMs = 0;
    });
  },
  storeOutage(world: World) {
    const { store, dice } = world;
    store.outage = dice.pick<ProviderErrorKind>(["unavailable", "throttled", "unauthenticated"]);
    during(world, "storeOutage", shortTimeMs(dice), () => {
      store.outage = undefined;
    });
  },
  /** A policy is withdrawn, of one key or of all. */
  keyDenied(world: World) {
    const { store, dice, people } = world;
    const { mount } = people;
    const keys = dice.chance(0.5) ? [dice.pick(REMOTE_KEYS)] : REMOTE_KEYS;
    for (const key of keys) store.deny(mount, key, true);
    during(world, "keyDenied", someTimeMs(dice), () => keys.forEach((key) => store.deny(mount, key, false)));
  },
  /** Removed, and some time later made anew, with versions that begin again. */
  keyRemoved(world: World) {
    const { store, dice, people } = world;
    const [mount, key] = [people.mount, dice.pick(REMOTE_KEYS)];
    store.remove(mount, key);
    during(world, "keyRemoved", someTimeMs(dice), () => store.makeAnew(mount, key));
  },
  /** While somebody reads, so that what is read is old before it is written. */
  rotatedInRead(world: World) {
    const { store, dice, time, people, desk } = world;
    world.atReading((keys) => {
      time.after(dice.between(0, 12), () => {
        for (const key of keys) store.rotate(people.mount, key);
        desk.count("rotatedInRead");
        world.calm.storeChanged(time.nowMs);
      });
    });
  },
  storeRepointed(world: World) {
    world.people.repointStore();
    world.desk.count("storeRepointed");
    world.calm.storeChanged(world.time.nowMs);
  },
} as const;
