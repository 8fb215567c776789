// All chance of a schedule, from one seed: the same seed gives the same schedule, step by step.

import type { Random } from "../../src/core/clock.ts";

export interface Dice {
  /** In [0, 1). */
  readonly random: Random;
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** A real number from `least` to `most`. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  /** Throws where there is nothing to pick from. */
  pick<T>(items: readonly T[]): T;
  /** Other dice, whose throws do not disturb these. */
  fork(): Dice;
}

export function createDice(seed: number): Dice {
  const random = sequence(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    random,
    below,
    between: (least, most) => least + (most - least) * random(),
    chance: (probability) => random() < probability,
    pick(items) {
      const index = below(items.length);
      for (const picked of items.slice(index, index + 1)) return picked;
      throw new Error("nothing to pick from");
    },
    fork: () => createDice(Math.floor(random() * 2 ** 32)),
  };
}

/** A Weyl sequence whose steps are scrambled by multiply and shift; 32 bits of state are plenty for one schedule. */
function sequence(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x7feb352d);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
