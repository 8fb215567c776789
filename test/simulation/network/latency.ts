// How long things take on a network that is well.

import type { Dice } from "../chance.ts";

/** Milliseconds; mostly short, now and then a request is overtaken by later ones. */
export function transitMs(dice: Dice): number {
  return dice.chance(0.05) ? dice.between(20, 300) : dice.between(0.3, 6);
}

/** A call mostly finds a connection almost at once, and has to wait for one otherwise. */
export function connectMs(dice: Dice): number {
  return dice.chance(0.85) ? dice.between(0.01, 0.2) : transitMs(dice);
}

/** No request is on its way for longer than this, so that a lease outlasts what its holder sent in time. */
export const LONGEST_TRANSIT_MS = 4_500;
