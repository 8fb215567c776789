// The rig of the running vitest project, for a test file: the one that global-setup.ts started.
import { inject } from "vitest";
import { connectRig, type Rig } from "./rig.ts";

/** Connects this worker to the shared rig. What a test changes there, it puts back. */
export function rigForSuite(): Rig {
  return connectRig(inject("rig"));
}
