// I3 and I7 at the end: is everything as people want it, and does status say so? Each problem is one sentence.

import { type Blueprint, followsStore, isExclusive, renderingIn } from "../blueprint.ts";
import type { Revision } from "../cluster/revision.ts";
import type { VirtualCluster } from "../cluster/virtual-cluster.ts";
import { type People, refOf, type Written } from "../people.ts";
import { compareVersions, type VirtualStore } from "../store/virtual-store.ts";
import { controllerUid, dataOf, isHeldBy } from "./secret-content.ts";
import { readyOf } from "./status-content.ts";

export interface SettledParts {
  readonly cluster: VirtualCluster;
  readonly people: People;
  readonly store: VirtualStore;
  /** Must Secrets hold what the store says by now? */
  readonly isFresh: boolean;
}

export function unsettled(parts: SettledParts): readonly string[] {
  const byTarget = Map.groupBy(parts.people.wanted(), ({ blueprint }) => blueprint.target);
  return [...byTarget].flatMap(([target, claims]) => {
    const secret = parts.cluster.get(refOf("secrets", target));
    const served = claims.filter((claim) => mayServe(secret, claim));
    // Of several that may, one does, and the others say that they do not.
    if (served.length === 0) return claims.flatMap((claim) => refusalProblem(parts, claim));
    const problems = served.map((claim) => servedProblem(parts, claim, secret));
    const winner = problems.indexOf(undefined);
    if (winner < 0) return problems.flatMap((problem) => problem ?? []);
    const losers = claims.filter((claim) => claim !== served[winner]);
    return losers.flatMap((claim) => refusalProblem(parts, claim));
  });
}

function mayServe(secret: Revision | undefined, { uid, blueprint }: Written): boolean {
  if (secret === undefined) return true;
  if (isExclusive(blueprint.policy)) return isHeldBy(secret, blueprint.name, new Set([uid]));
  return controllerUid(secret) === undefined;
}

function servedProblem(parts: SettledParts, claim: Written, secret: Revision | undefined): string | undefined {
  const { blueprint } = claim;
  const name = `${blueprint.name} (${blueprint.policy})`;
  const saying = sayingOf(parts, claim);
  if (secret === undefined)
    return blueprint.policy === "Merge" && saying === "True SecretMissing"
      ? undefined
      : `${name}: ${blueprint.target} is not there, and status says ${saying}`;
  const stale = contentProblem(parts, blueprint, secret);
  if (stale !== undefined) return `${name}: ${stale}, and status says ${saying}`;
  if (blueprint.policy === "Owner" && controllerUid(secret) !== claim.uid) return `${name}: no owner reference`;
  if (secret.meta.labels["fairlead.dev/managed"] !== "true") return `${name}: the label is not there`;
  return saying === "True SecretSynced" ? undefined : `${name}: the Secret is right, but status says ${saying}`;
}

function contentProblem(
  { people, store, isFresh }: SettledParts,
  blueprint: Blueprint,
  secret: Revision,
): string | undefined {
  const { mount } = people;
  const rendering = renderingIn(dataOf(secret), blueprint);
  if (rendering === undefined)
    return `${blueprint.target} is no complete rendering: ${JSON.stringify([...dataOf(secret)])}`;
  if (rendering.mount !== mount) return `${blueprint.target} comes from ${rendering.mount}, not from ${mount}`;
  if (!isFresh || !followsStore(blueprint)) return undefined;
  for (const [key, version] of rendering.versions) {
    const current = store.versionOf(mount, key);
    if (current === undefined || compareVersions(current, version) !== 0)
      return `${blueprint.target} holds ${key} at ${version.life}.${version.version}, not ${current?.life}.${current?.version}`;
  }
  return undefined;
}

function refusalProblem(parts: SettledParts, claim: Written): readonly string[] {
  const saying = sayingOf(parts, claim);
  const isRefused = saying === "False TargetNotOwned" || saying === "False TargetConflict";
  return isRefused ? [] : [`${claim.blueprint.name}: its Secret is somebody else's, and status says ${saying}`];
}

/** What status says of the spec as it is now. */
function sayingOf({ cluster }: SettledParts, { blueprint }: Written): string {
  const object = cluster.get(refOf("externalsecrets", blueprint.name));
  const ready = object === undefined ? undefined : readyOf(object);
  if (ready === undefined) return "nothing";
  if (ready.generation !== object?.meta.generation) return `${ready.status} ${ready.reason} of an older generation`;
  return `${ready.status} ${ready.reason}`;
}
