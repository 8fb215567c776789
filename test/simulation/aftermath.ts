// Once all is right again: one more edit, disturbed once in the middle. Nothing of the time before may be left that holds
// it up, neither a wake-up that got lost nor a backoff that was never forgiven.

import { followsStore } from "./blueprint.ts";
import { refusal } from "./cluster/answers.ts";
import type { RequestFacts } from "./network/interference.ts";
import type { World } from "./world.ts";

/** The disturbance has come by then. */
export const DISTURBED_MS = 600;
const PATIENCE_MS = 500;

export function editOnceMore(world: World): void {
  const { people, dice } = world;
  // Where no refresh would make up for it soon.
  const wanted = people.wanted();
  const waiting = wanted.filter(({ blueprint }) => !followsStore(blueprint));
  const candidates = waiting.length > 0 ? waiting : wanted;
  if (candidates.length === 0) return;
  const { name } = dice.pick(candidates).blueprint;
  people.editEntries(name);
  if (dice.chance(0.5)) editAgain(world, name);
  else failOneWrite(world, name);
}

/** While the status of the first edit is on its way. */
function editAgain({ desk, dice, time, people }: World, name: string): void {
  const isItsStatus = (facts: RequestFacts): boolean => facts.isStatus && facts.name === name;
  desk.atRequest(isItsStatus, PATIENCE_MS, () => time.after(dice.between(0, 4), () => people.editEntries(name)));
}

function failOneWrite({ desk, time }: World, name: string): void {
  desk.trapCalls({
    kind: "serverError",
    untilMs: time.nowMs + PATIENCE_MS,
    left: 1,
    matches: ({ writesFor }) => writesFor === name,
    spring: () => ({
      kind: "answered",
      answer: refusal({ status: 500, reason: "InternalError" }),
      isCarriedOut: false,
    }),
  });
}
