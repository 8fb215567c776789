// What the demo shows of the cluster: kubectl as a person would type it, the target Secret, and the wait for a status.

import { isRecord, type JsonRecord, listAt, valueAt } from "../testbed/json.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import type { DemoStore, Stage } from "./demo-store.ts";
import { NAMESPACE } from "./manifests.ts";

const DEADLINE_MS = 60_000;
const EXTERNAL_SECRET = `/apis/fairlead.dev/v1/namespaces/${NAMESPACE}/externalsecrets/db`;

export interface WantedStatus {
  readonly ready: "True" | "False";
  readonly reason: string;
  /** Versions that the Secret holds, by store. */
  readonly versions: ReadonlyMap<DemoStore, string>;
}

export async function kubectl({ rig, tell }: Stage, args: readonly string[], stdin?: string): Promise<string> {
  tell.command(`kubectl ${args.map(quoted).join(" ")}`);
  const output = await rig.kubectl(args, stdin === undefined ? {} : { stdin });
  tell.output(output);
  return output;
}

/** The ExternalSecret as people list it; of several stores with the version of each. */
export async function showStatus(stage: Stage, stores: readonly DemoStore[], ...flags: string[]): Promise<void> {
  await kubectl(stage, ["get", "externalsecrets", "-n", NAMESPACE, ...flags]);
  if (stores.length === 1) return;
  const columns = '{.store}{"\\t"}{.key}{"\\t"}{.version}{"\\t"}{.state} {.reason}{"\\n"}';
  const path = `jsonpath={range .status.entries[*]}${columns}{end}`;
  await kubectl(stage, ["get", "externalsecret", "db", "-n", NAMESPACE, "-o", path]);
}

/** Throws unless the Secret holds all of these. */
export async function showSecret(stage: Stage, wanted: ReadonlyMap<string, string>): Promise<void> {
  const template = '{{range $key, $value := .data}}{{$key}}: {{$value | base64decode}}{{"\\n"}}{{end}}';
  const output = await kubectl(stage, [
    ...["get", "secret", "db-credentials", "-n", NAMESPACE, "-o"],
    `go-template=${template}`,
  ]);
  for (const [key, password] of wanted) {
    if (!output.includes(`${key}: ${password}\n`)) throw new Error(`the Secret does not hold what is wanted of ${key}`);
  }
}

export async function untilStatus({ rig, tell }: Stage, wanted: WantedStatus, signal: AbortSignal): Promise<void> {
  const { ready, reason, versions } = wanted;
  const versionText = [...versions.values()].join(", ");
  const what = `Ready=${ready} ${reason}${versions.size === 0 ? "" : ` at version ${versionText}`}`;
  tell.note(`waiting for ${what}`);
  const probe = async (): Promise<true | undefined> => {
    signal.throwIfAborted();
    const { body } = await rig.api.get(EXTERNAL_SECRET);
    return isRecord(body) && isAsWanted(body, wanted) ? true : undefined;
  };
  await waitUntil(what, probe, { timeoutMs: DEADLINE_MS, intervalMs: 250 });
}

function isAsWanted(object: JsonRecord, { ready, reason, versions }: WantedStatus): boolean {
  const entries = listAt(object, "status", "entries").filter(isRecord);
  const holds = ([store, version]: readonly [DemoStore, string]): boolean =>
    entries.some((entry) => entry["store"] === store.name && entry["version"] === version);
  const condition = listAt(object, "status", "conditions")
    .filter(isRecord)
    .find(({ type }) => type === "Ready");
  const isCurrent = valueAt(object, "status", "observedGeneration") === valueAt(object, "metadata", "generation");
  return isCurrent && condition?.["status"] === ready && condition["reason"] === reason && [...versions].every(holds);
}

function quoted(word: string): string {
  return /[\s{}$"]/.test(word) ? `'${word}'` : word;
}
