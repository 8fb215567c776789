// vitest's globalSetup of the integration project: one rig for the whole run, handed to the workers as plain data.
// Files that break the rig for others (a killed Vault, a full audit log) start their own with startRig.
import type { TestProject } from "vitest/node";
import { startRig } from "./rig.ts";
import type { RigHandle } from "./rig-handle.ts";

declare module "vitest" {
  export interface ProvidedContext {
    rig: RigHandle;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const rig = await startRig();
  project.provide("rig", rig.handle);
  return () => rig.stop();
}
