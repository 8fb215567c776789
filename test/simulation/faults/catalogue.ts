// Every kind of fault, with what makes it happen.

import type { World } from "../world.ts";
import { callFaults } from "./call-faults.ts";
import type { FaultKind } from "./kinds.ts";
import { peopleFaults } from "./people-faults.ts";
import { processFaults } from "./process-faults.ts";
import { storeFaults } from "./store-faults.ts";
import { watchFaults } from "./watch-faults.ts";

export const faults: Readonly<Record<FaultKind, (world: World) => void>> = {
  ...callFaults,
  ...watchFaults,
  ...processFaults,
  ...storeFaults,
  ...peopleFaults,
};
