// Random numbers that a seed repeats, for scenarios: never Math.random there.

/** A further seed, for a part of a run, as far from the first as any other. */
export function derivedSeed(seed: number, ...parts: readonly (number | string)[]): number {
  let hash = seed >>> 0;
  for (const character of parts.join("/")) {
    // FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}

/** Numbers in [0, 1). Generator: mulberry32 by Tommy Ettinger (public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
