// Row 4: killed between the write of the Secret and that of the status, and the spec edited before the next operator
// starts. That no status says more than the Secret holds, the oracle judges at each revision (I7).

import { dataEntry } from "../../integration/support/manifests.ts";
import type { JsonRecord } from "../../testbed/json.ts";
import type { FaultWorld } from "../fault-world.ts";
import type { ScenarioResult } from "../scenario.ts";
import { startLab } from "./crash-enumeration.ts";
import { type CrashPoint, describePoint } from "./crash-point.ts";
import { crash, nextPrefix, runWorkload } from "./crash-run.ts";
import type { Phase } from "./reference-workload.ts";
import { type RunObjects, runObjects } from "./run-objects.ts";

interface Edit {
  readonly point: CrashPoint;
  /** Phase in which it comes, from 0. */
  readonly phase: number;
}

const kubernetes = { server: "kubernetes", occurrence: 1 } as const;
const edits: readonly Edit[] = [
  { phase: 0, point: { ...kubernetes, id: "create secrets one", position: "committed" } },
  { phase: 0, point: { ...kubernetes, id: "patch externalsecrets/status one", position: "before" } },
  { phase: 0, point: { ...kubernetes, id: "patch externalsecrets/status one", position: "committed" } },
  { phase: 1, point: { ...kubernetes, id: "patch secrets one", position: "committed" } },
  { phase: 1, point: { ...kubernetes, id: "patch externalsecrets/status one", occurrence: 2, position: "before" } },
];

export async function editWhileDown(world: FaultWorld): Promise<ScenarioResult> {
  const lab = await startLab(world);
  for (const edit of edits) {
    const objects = runObjects(world, lab.team, nextPrefix(lab));
    const strike = crash(lab, edit.point, () => objects.patchSpec("one", { data: entries(objects, 2) }));
    const { isStruck } = await runWorkload(lab, { phases: phasesOf(edit), strike });
    if (!isStruck) throw new Error(`${describePoint(edit.point)}: the call was never made`);
  }
  return { fired: edits.length };
}

function phasesOf({ phase }: Edit): readonly Phase[] {
  return [firstSync(phase === 0 ? 2 : 1), ...(phase === 0 ? [] : [rotation])];
}

/** `keys`: how many there must be in the end. */
function firstSync(keys: number): Phase {
  return {
    name: "first sync",
    async act(objects) {
      await put(objects, 1);
      await objects.applyStore();
      await objects.applyExternalSecret("one", { refreshInterval: "1h", data: entries(objects, 1) });
    },
    missing: (objects) => missing(objects, { version: 1, keys }),
  };
}

const rotation: Phase = {
  name: "rotation",
  async act(objects) {
    await put(objects, 2);
    await objects.forceSync("one");
  },
  missing: (objects) => missing(objects, { version: 2, keys: 2 }),
};

const PROPERTIES = ["username", "password"] as const;

function put({ putRemote, value }: RunObjects, version: number): Promise<void> {
  return putRemote(
    "one",
    Object.fromEntries(PROPERTIES.map((property) => [property, value(`${property}-${version}`)])),
  );
}

function entries({ team, name }: RunObjects, count: number): readonly JsonRecord[] {
  return PROPERTIES.slice(0, count).map((property) => dataEntry(property, team.key(name("one")), property));
}

function missing(
  { ready, version: shown, secretData, value }: RunObjects,
  { version, keys }: { readonly version: number; readonly keys: number },
): string | undefined {
  const data = secretData("one") ?? {};
  const wanted = PROPERTIES.slice(0, keys);
  const holds = wanted.every((property) => data[property] === value(`${property}-${version}`));
  if (!holds || Object.keys(data).length !== keys) return `the Secret has ${keys} keys of version ${version}`;
  return ready("one") === "True SecretSynced" && shown("one") === String(version) ? undefined : "its status says so";
}
