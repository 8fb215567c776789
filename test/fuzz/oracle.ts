// The oracle: what must become of an accepted spec, from the raw spec, the remote model and the Secrets as they were. It
// follows the words of the API design, not the operator's planner.

import { isRecord, optionalTextAt, valueAt } from "../testbed/json.ts";
import { type OracleSite, type Reading, readSources } from "./oracle-values.ts";
import { isTakenByApi } from "./secret-rules.ts";
import type { SecretView, Sight } from "./secret-view.ts";

export interface Content {
  readonly kind: "content";
  readonly target: string;
  /** Key → base64. */
  readonly data: Readonly<Record<string, string>>;
  /** True: the Secret holds nothing else. False: others have keys there too. */
  readonly isWhole: boolean;
  /** Undefined: whatever it has. */
  readonly type: string | undefined;
  readonly immutable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Expectation =
  | Content
  /** Not served, for one of these reasons; Secrets stay as they were. */
  | { readonly kind: "kept"; readonly reasons: readonly string[] }
  /** Ready by name, though the target is not made to hold what the store has; Secrets stay as they were. */
  | { readonly kind: "left"; readonly reasons: readonly string[] }
  /** Everything is confirmed absent, and the policy takes the Secret (`isGone`) or these keys of it. */
  | { readonly kind: "removed"; readonly target: string; readonly isGone: boolean; readonly keys: readonly string[] }
  | { readonly kind: "beyond"; readonly why: string };

export interface Situation {
  readonly self: { readonly name: string; readonly uid: string };
  /** This ExternalSecret has made its Secret before (`status.createdFor`). */
  readonly wasMade: boolean;
  /** A force-sync that comes after a first look confirms absences. */
  readonly isForced: boolean;
  readonly before: Sight;
}

const ABSENT = ["SecretNotFound", "SecretDeletedRemotely", "SecretDestroyed"];
const kept = (...reasons: readonly string[]): Expectation => ({ kind: "kept", reasons });
const left = (...reasons: readonly string[]): Expectation => ({ kind: "left", reasons });

/** `spec`: as it was applied, accepted by admission. */
export function expectationOf(spec: unknown, site: OracleSite, situation: Situation): Expectation {
  if (valueAt(spec, "suspend") === true) return left("Suspended");
  const target = targetOf(spec, situation);
  const once = madeOnce(spec, target, situation);
  if (once !== undefined) return once;
  const readings = readSources(spec, site);
  const unknown = readings.find((reading) => reading.kind === "beyond");
  if (unknown?.kind === "beyond") return unknown;
  const mayLeaveOut = situation.isForced && target.deletionPolicy !== "Retain";
  const failures = readings.flatMap((reading) =>
    reading.kind !== "failed" || (mayLeaveOut && isAbsent(reading)) ? [] : reading.reasons,
  );
  if (failures.length > 0) return kept(...failures, ...(new Set(failures).size > 1 ? ["SecretSyncedError"] : []));
  const data = Object.fromEntries(
    readings
      .flatMap((reading) => (reading.kind === "values" ? [...reading.values] : []))
      .map(([key, bytes]) => [key, bytes.toString("base64")]),
  );
  if (Object.keys(data).length === 0) return nothingLeft(target, situation);
  return target.creationPolicy === "None" ? left("SecretSynced") : written(spec, target, data, situation);
}

function isAbsent(reading: Extract<Reading, { kind: "failed" }>): boolean {
  return reading.reasons.every((reason) => ABSENT.includes(reason));
}

interface Target {
  readonly name: string;
  readonly creationPolicy: string;
  readonly deletionPolicy: string;
  /** Owner and Orphan. */
  readonly isExclusive: boolean;
  readonly live: SecretView | undefined;
}

function targetOf(spec: unknown, { self, before }: Situation): Target {
  const name = optionalTextAt(spec, "target", "name") ?? self.name;
  const creationPolicy = optionalTextAt(spec, "target", "creationPolicy") ?? "Owner";
  const deletionPolicy = optionalTextAt(spec, "target", "deletionPolicy") ?? "Retain";
  const isExclusive = creationPolicy === "Owner" || creationPolicy === "Orphan";
  return { name, creationPolicy, deletionPolicy, isExclusive, live: before.get(name) };
}

/** CreatedOnce renders once per ExternalSecret; what is asked for by force overrides that. */
function madeOnce(spec: unknown, target: Target, situation: Situation): Expectation | undefined {
  if (valueAt(spec, "refreshPolicy") !== "CreatedOnce" || target.creationPolicy === "None") return undefined;
  if (situation.isForced) return { kind: "beyond", why: "CreatedOnce with force-sync" };
  if (target.isExclusive && isLeftAlone(target, situation)) return left("SecretSynced");
  return situation.wasMade && isShared(target, situation)
    ? { kind: "beyond", why: "CreatedOnce in a Secret that is or was shared" }
    : undefined;
}

function isShared({ isExclusive, live }: Target, situation: Situation): boolean {
  return !isExclusive || (live !== undefined && !isOurs(live, situation) && ourKeys(live, situation).length > 0);
}

function isLeftAlone({ creationPolicy, live }: Target, situation: Situation): boolean {
  if (live === undefined) return situation.wasMade && creationPolicy === "Orphan";
  return isOurs(live, situation) && (situation.wasMade || live.immutable);
}

/** By our controller reference, or by our mark where nobody controls it. */
function isOurs(live: SecretView, { self }: Situation): boolean {
  return live.controllerUid === self.uid || (live.controllerUid === undefined && live.mark === self.name);
}

function ourKeys(live: SecretView, { self }: Situation): readonly string[] {
  return live.writers[`fairlead/${self.name}`] ?? [];
}

function nothingLeft(target: Target, situation: Situation): Expectation {
  const { live } = target;
  if (target.deletionPolicy !== "Retain")
    return situation.isForced ? removal(target, situation) : kept("SecretNotFound");
  return live !== undefined && holdsOurs(live, situation) ? left("SecretRetained") : kept("SecretNotFound");
}

function removal({ name, deletionPolicy, isExclusive, live }: Target, situation: Situation): Expectation {
  const isForeign = live !== undefined && !isOurs(live, situation);
  if (isExclusive && isForeign) return kept("TargetNotOwned", "TargetConflict");
  if (deletionPolicy === "Delete") return { kind: "removed", target: name, isGone: true, keys: [] };
  const keys = live === undefined ? [] : removableKeys(live, isExclusive, situation);
  return live?.immutable === true && keys.length > 0
    ? kept("TargetImmutable")
    : { kind: "removed", target: name, isGone: false, keys };
}

function holdsOurs(live: SecretView, situation: Situation): boolean {
  return isOurs(live, situation) || ourKeys(live, situation).length > 0;
}

function written(spec: unknown, target: Target, data: Content["data"], situation: Situation): Expectation {
  const { live, isExclusive } = target;
  if (live === undefined && target.creationPolicy === "Merge") return left("SecretMissing");
  if (live !== undefined && !mayWrite(live, isExclusive, situation)) return kept("TargetNotOwned", "TargetConflict");
  const content = contentOf(spec, target, data);
  if (live !== undefined && isFrozen(content, live, situation)) return kept("TargetImmutable");
  return isTakenByApi(content, content.type ?? live?.type) ? content : kept("TargetRejected");
}

function contentOf(spec: unknown, { name, isExclusive, live }: Target, data: Content["data"]): Content {
  const type = optionalTextAt(spec, "target", "template", "type") ?? "";
  const asksImmutable = valueAt(spec, "target", "immutable") === true;
  return {
    kind: "content",
    target: name,
    data,
    isWhole: isExclusive,
    type: type === "" ? undefined : type,
    immutable: asksImmutable || live?.immutable === true,
    ...templateTexts(spec),
  };
}

/** Alone if it is ours or given to us; beside others unless somebody controls it. */
function mayWrite(live: SecretView, isExclusive: boolean, situation: Situation): boolean {
  if (isOurs(live, situation)) return true;
  return live.controllerUid === undefined && (!isExclusive || live.adopter === situation.self.name);
}

/** All keys of a Secret that we hold alone, else those that we wrote last. */
function removableKeys(live: SecretView, isExclusive: boolean, situation: Situation): readonly string[] {
  const keys = Object.keys(live.data);
  const ours = ourKeys(live, situation);
  return isExclusive ? keys : keys.filter((key) => ours.includes(key));
}

/** Kubernetes changes no type, and no data of an immutable Secret. */
function isFrozen({ data, isWhole, type }: Content, live: SecretView, situation: Situation): boolean {
  if (type !== undefined && type !== live.type) return true;
  const ours = removableKeys(live, isWhole, situation);
  const isChanged = Object.entries(data).some(([key, text]) => live.data[key] !== text);
  const isDropped = ours.some((key) => !Object.hasOwn(data, key));
  return live.immutable && (isChanged || isDropped);
}

/** Ours to decide, whatever a template says. */
const OWN_LABELS = ["fairlead.dev/managed", "app.kubernetes.io/managed-by"];

function templateTexts(spec: unknown): Pick<Content, "labels" | "annotations"> {
  const texts = (field: string): Readonly<Record<string, string>> => {
    const found = valueAt(spec, "target", "template", "metadata", field);
    const entries = Object.entries(isRecord(found) ? found : {}).filter(([name]) => !OWN_LABELS.includes(name));
    return Object.fromEntries(entries.map(([name, text]) => [name, String(text)]));
  };
  return { labels: texts("labels"), annotations: texts("annotations") };
}
