// ExternalSecrets whose wanted contents are known at any time.

import { externalSecret, dataEntry } from "../../integration/support/manifests.ts";
import { isRecord, type JsonRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld, Workload, WorkloadOptions } from "../fault-world.ts";
import type { RemoteHistory } from "../oracle/remote-history.ts";
import { renderingOf } from "../oracle/rendering.ts";
import { conditionOf, generationOf, isBeingDeleted, type Revision } from "../oracle/revision.ts";
import { claimsOf } from "../oracle/wanted.ts";

export interface WorkloadDeps extends Pick<FaultWorld, "recorder" | "expect" | "canary"> {
  readonly remotes: RemoteHistory;
}

const DEFAULT_REFRESH = "10s";
/** I3. */
const DEFAULT_LIMIT_MS = 10_000;
/** Longer intervals are for scenarios in which something else than time brings the change. */
const LONGEST_WAITED_FOR_MS = 60_000;
const PROPERTIES = ["username", "password"];
/** Requests of the test that are in flight at once. */
const BATCH = 50;
/** Objects that a message names. */
const SHOWN = 5;

export async function createWorkload(deps: WorkloadDeps, options: WorkloadOptions): Promise<Workload> {
  const { team, count, refreshInterval = DEFAULT_REFRESH, spec = {}, label = "load" } = options;
  const names = Array.from({ length: count }, (_, index) => `${label}-${index}`);
  const versions = new Map<string, number>();
  const refreshMs = parseDurationMs(refreshInterval);
  let noticedByMs = 0;
  const put = async (name: string): Promise<void> => {
    const version = (versions.get(name) ?? 0) + 1;
    versions.set(name, version);
    const value = (property: string): string => `${name}@${version}:${property}-${deps.canary}`;
    await team.putSecret(name, Object.fromEntries(PROPERTIES.map((property) => [property, value(property)] as const)));
  };
  await inBatches(names, put);
  await inBatches(names, async (name) => {
    const data = PROPERTIES.map((property) => dataEntry(property, team.key(name), property));
    const object = externalSecret({ namespace: team.namespace, name, spec: { refreshInterval, data, ...spec } });
    await ok(team.rig.api.post(team.externalSecretPath("").replace(/\/$/, ""), object));
  });
  const mayGo = (name: string): void => deps.expect.allowLoss(team.namespace, targetOf(deps, team.namespace, name));
  return {
    team,
    names,
    async rotate(name) {
      await inBatches(name === undefined ? names : [name], put);
      if (refreshMs <= LONGEST_WAITED_FOR_MS) noticedByMs = performance.now() + refreshMs;
    },
    settled: (limitMs = DEFAULT_LIMIT_MS) =>
      waitSettled(deps, { namespace: team.namespace, names }, Math.max(0, noticedByMs - performance.now()) + limitMs),
    mayGo,
  };
}

/** `10s`, `500ms`, `1m`, `1h`; 0 where it is never by time. */
function parseDurationMs(text: string): number {
  const [, amount = "0", unit = ""] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const unitMs = new Map([
    ["ms", 1],
    ["s", 1000],
    ["m", 60_000],
    ["h", 3_600_000],
  ]);
  return Number(amount) * (unitMs.get(unit) ?? 0);
}

async function inBatches(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  for (let from = 0; from < names.length; from += BATCH) {
    await Promise.all(names.slice(from, from + BATCH).map(act));
  }
}

function targetOf({ recorder }: WorkloadDeps, namespace: string, name: string): string {
  const object = recorder.of("ExternalSecret", namespace, name).at(-1)?.object;
  return optionalTextAt(object, "spec", "target", "name") ?? name;
}

interface Load {
  readonly namespace: string;
  readonly names: readonly string[];
}

async function waitSettled(deps: WorkloadDeps, load: Load, timeoutMs: number): Promise<void> {
  let why: readonly string[] = ["the API server does not answer the oracle"];
  let hasCaughtUp = false;
  const probe = async (): Promise<true | undefined> => {
    hasCaughtUp ||= await deps.recorder.caughtUp().then(
      () => true,
      () => false, // The API server is away.
    );
    if (!hasCaughtUp) return undefined;
    why = load.names.flatMap((name) => unsettled(deps, load.namespace, name));
    return why.length === 0 ? true : undefined;
  };
  const startMs = performance.now();
  try {
    await waitUntil("the workload is settled", probe, { timeoutMs, intervalMs: 20 });
  } catch (cause) {
    const waitedMs = Math.round(performance.now() - startMs);
    const more = why.length > SHOWN ? ` (and ${why.length - SHOWN} more)` : "";
    throw new Error(`Not settled after ${waitedMs} ms: ${why.slice(0, SHOWN).join("; ")}${more}`, { cause });
  }
}

/** Why one of them is not as it must be in the end; none: it is. */
function unsettled(deps: WorkloadDeps, namespace: string, name: string): readonly string[] {
  const history = deps.recorder.of("ExternalSecret", namespace, name);
  const externalSecret = history.at(-1);
  if (externalSecret === undefined) return [`${name} was not seen yet`];
  if (isBeingDeleted(externalSecret)) return [];
  const target = targetOf(deps, namespace, name);
  if (deps.expect.mayGo(namespace, target)) return [];
  const secret = deps.recorder.current("Secret", namespace, target);
  const what = secretFault(deps, history, secret) ?? statusFault(deps.remotes, externalSecret);
  return what === undefined ? [] : [`${name}: ${what}`];
}

function secretFault(
  { remotes }: WorkloadDeps,
  history: readonly Revision[],
  secret: Revision | undefined,
): string | undefined {
  const claim = claimsOf(history).at(-1);
  if (claim === undefined || claim.creationPolicy === "None") return undefined;
  if (secret === undefined) return "there is no Secret";
  const rendering = renderingOf(secret.data, claim, remotes);
  if (!rendering.isComplete) return `the Secret is not as generation ${claim.generation} wants it: ${rendering.why}`;
  const stale = [...rendering.origins].find(
    ([path, versions]) => !path.includes("@") && !isNewest(remotes, path, versions),
  );
  return stale === undefined ? undefined : `the Secret does not hold the newest version of ${stale[0]}`;
}

function isNewest(remotes: RemoteHistory, path: string, versions: readonly { readonly serial: number }[]): boolean {
  return versions.some(({ serial }) => serial === remotes.newest(path)?.serial);
}

function statusFault(remotes: RemoteHistory, externalSecret: Revision): string | undefined {
  const { object } = externalSecret;
  const ready = conditionOf(object, "Ready");
  if (valueAt(object, "status", "observedGeneration") !== generationOf(externalSecret)) {
    return `its status is not of generation ${generationOf(externalSecret)}`;
  }
  if (ready?.["status"] !== "True") return `Ready is ${String(ready?.["status"])} (${String(ready?.["reason"])})`;
  const stale = listAt(object, "status", "entries")
    .filter(isRecord)
    .find((entry) => !namesNewest(remotes, entry));
  return stale === undefined
    ? undefined
    : `its status names version ${String(stale["version"])} of ${String(stale["key"])}`;
}

function namesNewest(remotes: RemoteHistory, entry: JsonRecord): boolean {
  const key = optionalTextAt(entry, "key");
  const version = optionalTextAt(entry, "version");
  const isPinned = optionalTextAt(entry, "pinnedVersion") !== undefined;
  if (key === undefined || version === undefined || isPinned) return true;
  const paths = [...remotes.versionsOf(key).keys()];
  return paths.length === 0 || paths.some((path) => String(remotes.newest(path)?.version) === version);
}
