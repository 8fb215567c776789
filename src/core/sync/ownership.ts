// Whose a target Secret is. Owner and Orphan hold a Secret alone; Merge and CreateOrMerge share one, key by key.
// The rules are "Ownership" in the API design; nothing here reads status, because status is output.

import type { CreationPolicy } from "../spec/external-secret.ts";
import { failed, ok, type Result } from "../result.ts";
import { type LiveSecret, ownedBy, type OwnerReference } from "./live-secret.ts";
import { ADOPT_ANNOTATION, API_GROUP, fieldManager, MARK_ANNOTATION } from "./names.ts";
import type { SyncFailure } from "./report.ts";

/** A live ExternalSecret that names the target. */
export interface Claimant {
  readonly name: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  readonly creationPolicy: CreationPolicy;
  /** Secret keys that it renders, as far as known. */
  readonly keys: ReadonlySet<string>;
  /** False: it may render more (`extract` or `find` not read by this process yet): what it wrote counts too. */
  readonly knowsAllKeys: boolean;
}

/** `adopt`: a person allowed us to take over a Secret that is not ours. */
export type Title = "own" | "adopt";

export function isExclusive(policy: CreationPolicy): boolean {
  return policy === "Owner" || policy === "Orphan";
}

/** May `self` write to the target? `rivals` are the other live ExternalSecrets of the namespace with this target. */
export function judgeOwnership(
  self: Claimant,
  live: LiveSecret | undefined,
  rivals: readonly Claimant[],
): Result<Title, SyncFailure> {
  if (live === undefined) return judgeAbsent(self, rivals);
  if (controllerOf(live)?.uid === self.uid) return ok("own");
  return isExclusive(self.creationPolicy) ? judgeExclusive(self, live, rivals) : judgeShared(self, live, rivals);
}

/** Nobody has it yet: the older claim wins, then the smaller uid. */
function judgeAbsent(self: Claimant, rivals: readonly Claimant[]): Result<Title, SyncFailure> {
  const elder = rivals
    .filter(
      (rival) =>
        isExclusive(rival.creationPolicy) ||
        (isExclusive(self.creationPolicy) && rival.creationPolicy === "CreateOrMerge"),
    )
    .find((rival) => isElder(rival, self));
  return elder === undefined ? ok("own") : failed(conflict(elder.name, "was created earlier and has the same target"));
}

function judgeExclusive(self: Claimant, live: LiveSecret, rivals: readonly Claimant[]): Result<Title, SyncFailure> {
  const controller = controllerOf(live);
  if (controller !== undefined) return failed(refusedByController(self, live, controller));
  const mark = live.meta.annotations[MARK_ANNOTATION];
  if (mark === self.name) return ok("own");
  if (rivals.some((rival) => rival.name === mark && isExclusive(rival.creationPolicy))) {
    return failed(conflict(mark ?? "", "holds the Secret"));
  }
  if (live.meta.annotations[ADOPT_ANNOTATION] === self.name) return ok("adopt");
  return failed({
    reason: "TargetNotOwned",
    message: `Secret ${live.meta.name} exists and is not ours; to let this ExternalSecret take it over (its other keys are removed), annotate it with ${ADOPT_ANNOTATION}=${self.name}`,
  });
}

function judgeShared(self: Claimant, live: LiveSecret, rivals: readonly Claimant[]): Result<Title, SyncFailure> {
  const controller = controllerOf(live);
  if (controller !== undefined && isExternalSecret(controller))
    return failed(conflict(controller.name, "owns the Secret"));
  const mark = live.meta.annotations[MARK_ANNOTATION];
  const holder = rivals.find((rival) => rival.name === mark && isExclusive(rival.creationPolicy));
  if (holder !== undefined) return failed(conflict(holder.name, "holds the Secret"));
  for (const rival of rivals.filter((other) => !isExclusive(other.creationPolicy) && other.creationPolicy !== "None")) {
    const key = [...self.keys].sort().find((name) => claims(rival, live, name) && !winsKey(self, rival, live, name));
    if (key !== undefined) return failed(conflict(rival.name, `writes key ${key} of the Secret`));
  }
  return ok("own");
}

function claims(rival: Claimant, live: LiveSecret, key: string): boolean {
  return rival.keys.has(key) || (!rival.knowsAllKeys && live.data.has(key) && hasWritten(rival, live, key));
}

function hasWritten({ name }: Claimant, live: LiveSecret, key: string): boolean {
  return ownedBy(live, fieldManager(name)).data.has(key);
}

/** Who has the key keeps it; if neither wrote it last, the older claim wins. */
function winsKey(self: Claimant, rival: Claimant, live: LiveSecret, key: string): boolean {
  const isOurs = hasWritten(self, live, key);
  if (isOurs !== hasWritten(rival, live, key)) return isOurs;
  return isElder(self, rival);
}

function isElder(a: Claimant, b: Claimant): boolean {
  const [timeA, timeB] = [Date.parse(a.creationTimestamp), Date.parse(b.creationTimestamp)];
  return timeA === timeB ? a.uid < b.uid : timeA < timeB;
}

/** True if the Secret is this ExternalSecret's, or holds keys that it wrote. */
export function holdsOurs(self: Pick<Claimant, "name" | "uid">, live: LiveSecret): boolean {
  return (
    controllerOf(live)?.uid === self.uid ||
    live.meta.annotations[MARK_ANNOTATION] === self.name ||
    ownedBy(live, fieldManager(self.name)).data.size > 0
  );
}

/** May status name the Secret as the one that `self` provides? */
export function isBound(self: Claimant, live: LiveSecret | undefined, rivals: readonly Claimant[]): boolean {
  if (live === undefined || !holdsOurs(self, live)) return false;
  const title = judgeOwnership({ ...self, keys: new Set() }, live, rivals);
  return title.ok && title.value === "own";
}

export function controllerOf(live: LiveSecret): OwnerReference | undefined {
  return live.ownerReferences.find((reference) => reference.controller);
}

function isExternalSecret(reference: OwnerReference): boolean {
  return reference.kind === "ExternalSecret" && reference.apiVersion.startsWith(`${API_GROUP}/`);
}

function refusedByController(self: Claimant, live: LiveSecret, controller: OwnerReference): SyncFailure {
  if (!isExternalSecret(controller)) {
    return {
      reason: "TargetNotOwned",
      message: `Secret ${live.meta.name} is controlled by ${controller.kind} ${controller.name}; choose another target name`,
    };
  }
  return controller.name === self.name
    ? conflict(self.name, "of an earlier life owns the Secret until garbage collection removes it")
    : conflict(controller.name, "owns the Secret");
}

function conflict(rival: string, what: string): SyncFailure {
  return {
    reason: "TargetConflict",
    message: `ExternalSecret ${rival} ${what}; choose another target name or remove one of them`,
  };
}
