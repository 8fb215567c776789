// What people do while the operator is at work: not wrong as such, but at the wrong moment.

import type { RequestFacts } from "../network/interference.ts";
import type { World } from "../world.ts";
import type { FaultKind } from "./kinds.ts";

/** Between deletion and the next object of the same name: at once, or after garbage collection. */
const AGAIN_MS = { least: 1, most: 4_000 };

/** How long people wait for the moment. */
const PATIENCE_MS = 4_000;

/** While a change of a Secret is on its way. */
function duringChange(world: World, act: () => void): void {
  const { desk, dice, time, people } = world;
  world.giveWork();
  const isChange = ({ method, plural }: RequestFacts): boolean => method === "PATCH" && plural === "secrets";
  desk.atRequest(isChange, PATIENCE_MS, (facts) =>
    time.after(dice.between(0, 2), () => {
      people.focus = facts?.name;
      act();
    }),
  );
}

function count({ desk }: World, kind: FaultKind, isDone: boolean): void {
  if (isDone) desk.count(kind);
}

export const peopleFaults = {
  secretEdited(world: World) {
    count(world, "secretEdited", world.people.editSecret());
  },
  secretDeleted(world: World) {
    count(world, "secretDeleted", world.people.deleteSecret());
  },
  secretReplaced(world: World) {
    const { dice, desk, people, time } = world;
    const removedAfterMs = dice.chance(0.6) ? dice.between(50, 6_000) : undefined;
    const replace = (): void => {
      if (people.replaceSecret(removedAfterMs)) desk.count("secretReplaced", time.nowMs + (removedAfterMs ?? 0));
    };
    if (dice.chance(0.5)) replace();
    else duringChange(world, replace);
  },
  externalSecretEdited(world: World) {
    count(world, "externalSecretEdited", world.people.editExternalSecret() !== undefined);
  },
  externalSecretDeleted(world: World) {
    count(world, "externalSecretDeleted", world.people.deleteExternalSecret(undefined));
  },
  externalSecretRecreated(world: World) {
    const { dice, desk, people, time } = world;
    const afterMs = dice.between(AGAIN_MS.least, AGAIN_MS.most);
    if (people.deleteExternalSecret(afterMs)) desk.count("externalSecretRecreated", time.nowMs + afterMs);
  },
  /** Twice, the second time while the first edit is being carried out. */
  editedInSync(world: World) {
    const { dice, desk, people, time } = world;
    const name = people.editExternalSecret();
    if (name === undefined) return;
    desk.count("editedInSync");
    const again = (): void => {
      people.focus = name;
      if (people.editExternalSecret() !== undefined) desk.count("editedInSync");
    };
    if (dice.chance(0.5)) world.atReading(() => time.after(dice.between(0, 25), again));
    else
      desk.atRequest(
        ({ isStatus }) => isStatus,
        PATIENCE_MS,
        () => time.after(dice.between(0, 4), again),
      );
  },
} as const;
