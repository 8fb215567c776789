// Seeded chance: the same seed throws the same numbers on every machine, so that a printed seed repeats a run.

export interface Dice {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items. Throws where there is none. */
  pick<T>(items: readonly T[]): T;
  /** Different items, at most all there are, in a random order. */
  some<T>(items: readonly T[], min: number, max: number): T[];
  /** Text of `length` characters of the alphabet. */
  text(alphabet: readonly string[], length: number): string;
  /** Dice of their own for one part of the run: throws here do not shift those of other parts. */
  fork(part: number): Dice;
}

const RANGE = 2 ** 32;

/** `seed`: any whole number. */
export function createDice(seed: number): Dice {
  const next = splitMix32(seed);
  const integer = (min: number, max: number): number => min + Math.floor((next() / RANGE) * (max - min + 1));
  const pick = <T>(items: readonly T[]): T => {
    const [picked] = items.slice(integer(0, items.length - 1));
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  };
  return {
    integer,
    chance: (probability) => next() / RANGE < probability,
    pick,
    some: (items, min, max) => shuffled(items, integer).slice(0, integer(min, max)),
    text: (alphabet, length) => Array.from({ length }, () => pick(alphabet)).join(""),
    fork: (part) => createDice(splitMix32(seed ^ Math.imul(part + 1, 0x9e3779b1))()),
  };
}

function shuffled<T>(items: readonly T[], integer: Dice["integer"]): readonly T[] {
  return items
    .map((item) => ({ item, order: integer(0, RANGE - 1) }))
    .sort((left, right) => left.order - right.order)
    .map(({ item }) => item);
}

/** SplitMix with 32 bits (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014; murmur3's finalizer). */
function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}
