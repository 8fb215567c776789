// Row 5: an ExternalSecret is deleted while the operator is down, or the operator is killed when it hears of it. The
// Secret must end as the policy says, nothing may be made again, and nothing may be stuck in deletion.

import { dataEntry } from "../../integration/support/manifests.ts";
import { type JsonRecord, valueAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld } from "../fault-world.ts";
import type { WatchFrame } from "../proxy/rule.ts";
import type { ScenarioResult } from "../scenario.ts";
import { startLab } from "./crash-enumeration.ts";
import type { CrashLab } from "./crash-run.ts";
import { type RunObjects, runObjects } from "./run-objects.ts";

interface Deletion {
  readonly title: string;
  readonly creationPolicy: "Owner" | "Orphan" | "Merge";
  /** Down before; killed at the event; killed at the event that says that it is being deleted (foreground deletion). */
  readonly killed: "before" | "atEvent" | "whileTerminating";
  readonly isKept: boolean;
}

const deletions: readonly Deletion[] = [
  { title: "Owner, down", creationPolicy: "Owner", killed: "before", isKept: false },
  { title: "Owner, killed at the event", creationPolicy: "Owner", killed: "atEvent", isKept: false },
  { title: "Owner, killed while it terminates", creationPolicy: "Owner", killed: "whileTerminating", isKept: false },
  { title: "Orphan, down", creationPolicy: "Orphan", killed: "before", isKept: true },
  { title: "Orphan, killed at the event", creationPolicy: "Orphan", killed: "atEvent", isKept: true },
  { title: "Merge, killed at the event", creationPolicy: "Merge", killed: "atEvent", isKept: true },
];

/** The garbage collector looks for new kinds each 30 s. */
const LIMIT_MS = 60_000;
/** Time in which a mistaken write would come: a reconcile takes a few ms. */
const AFTERMATH_MS = 500;

export async function deleteAroundCrashes(world: FaultWorld): Promise<ScenarioResult> {
  const lab = await startLab(world);
  for (const deletion of deletions) {
    await runDeletion(lab, deletion).catch((cause: unknown) => {
      throw new Error(`${deletion.title}: ${String(cause)}`, { cause });
    });
  }
  return { fired: lab.lives.ended };
}

async function runDeletion(lab: CrashLab, deletion: Deletion): Promise<void> {
  lab.runs += 1;
  const { world, team, lives } = lab;
  const objects = runObjects(world, team, `r${lab.runs}-`);
  const value = objects.value("one");
  await make(objects, deletion);
  const isSynced = (): boolean => objects.ready("one") === "True SecretSynced";
  await eventually("it is synced", isSynced);
  await strike(lab, objects, deletion);
  const isAsWanted = (): boolean =>
    deletion.isKept ? objects.secretData("target")?.["password"] === value : !objects.exists("Secret", "target");
  await eventually("the ExternalSecret is gone", () => !objects.exists("ExternalSecret", "one"));
  await eventually(deletion.isKept ? "the Secret stays" : "the Secret is gone", isAsWanted);
  await lives.settled();
  await world.quiesce(AFTERMATH_MS);
  await world.recorder.caughtUp();
  const counts = world.recorder.counts(team.namespace).get(`Secret/${objects.name("target")}`);
  if (!isAsWanted() || counts?.created !== 1) throw new Error("the next operator did something to the Secret");
  await objects.cleanUp();
}

async function make(objects: RunObjects, { creationPolicy }: Deletion): Promise<void> {
  const { name, team, value } = objects;
  if (creationPolicy === "Merge") await objects.makeForeignSecret("target", { theirs: "kept" });
  await objects.putRemote("one", { password: value("one") });
  await objects.applyStore();
  const target = { name: name("target"), creationPolicy };
  const data: readonly JsonRecord[] = [dataEntry("password", team.key(name("one")), "password")];
  await objects.applyExternalSecret("one", { refreshInterval: "1h", target, data });
}

async function strike({ world, team, lives }: CrashLab, objects: RunObjects, deletion: Deletion): Promise<void> {
  const path = team.externalSecretPath(objects.name("one"));
  const remove = async (): Promise<void> => {
    const propagationPolicy = deletion.killed === "whileTerminating" ? "Foreground" : "Background";
    await ok(world.rig.api.delete(path, { propagationPolicy }));
  };
  if (deletion.killed === "before") {
    lives.replace({ signal: "SIGKILL", meanwhile: remove });
    return;
  }
  const isMeant = ({ type, name, raw }: WatchFrame): boolean =>
    name === objects.name("one") && (type === "DELETED" || isTerminating(raw));
  const rule = world.kube.add({
    name: "killed at an event",
    when: ({ verb, resource }) => verb === "watch" && resource === "externalsecrets",
    fault: {
      kind: "frames",
      pass(frame) {
        if (!isMeant(frame)) return [frame.raw];
        // A copy: it counts as struck.
        rule.remove();
        lives.replace({ signal: "SIGKILL", afterMs: 1 });
        return [Buffer.from(frame.raw)];
      },
    },
  });
  await remove();
  await rule.firedTimes(1);
}

function isTerminating(raw: Buffer): boolean {
  const event: unknown = JSON.parse(raw.toString("utf8"));
  return valueAt(event, "object", "metadata", "deletionTimestamp") !== undefined;
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  await waitUntil(what, () => Promise.resolve(holds() ? true : undefined), { timeoutMs: LIMIT_MS, intervalMs: 20 });
}
