// The write that makes the target what it should be: the smallest one, none if nothing differs. Pure: the caller has
// judged ownership, and sends the body with the uid and resourceVersion that this plan saw.

import type { ObjectMeta } from "../spec/records.ts";
import { failed, ok, type Result } from "../result.ts";
import type { Base64Text } from "../secret-value.ts";
import type { Target } from "../spec/external-secret.ts";
import type { DesiredSecret } from "./desired-secret.ts";
import { type LiveSecret, ownedBy, type OwnerReference } from "./live-secret.ts";
import {
  ADOPT_ANNOTATION,
  API_VERSION,
  fieldManager,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  MANAGED_LABEL,
  MARK_ANNOTATION,
} from "./names.ts";
import { isExclusive } from "./ownership.ts";
import type { SyncFailure } from "./report.ts";

/** A Secret's data on the wire: only `SecretValue.toBase64` makes Base64Text, and null removes a key. */
export type SecretData = Readonly<Record<string, Base64Text | null>>;

export interface SecretBody {
  readonly apiVersion: "v1";
  readonly kind: "Secret";
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly type?: string;
  readonly immutable?: boolean;
  readonly data?: SecretData;
}

export type SecretPlan =
  | { readonly kind: "create"; readonly body: SecretBody }
  /** `changedKeys`: data keys that get another value, come or go. `leftKeys`: dropped keys that somebody else holds now. */
  | {
      readonly kind: "patch";
      readonly body: SecretBody;
      readonly changedKeys: readonly string[];
      readonly leftKeys: readonly string[];
    }
  /** Nothing to write. */
  | { readonly kind: "verified"; readonly leftKeys: readonly string[] };

/** The ExternalSecret for which we plan. */
export interface PlanSubject {
  readonly meta: ObjectMeta;
  readonly target: Target;
  /** Keys of our last rendering, as far as known. */
  readonly previousKeys: ReadonlySet<string>;
  /** Names of the other live ExternalSecrets with this target. */
  readonly peers: readonly string[];
}

export function planSecret(
  subject: PlanSubject,
  desired: DesiredSecret,
  live: LiveSecret | undefined,
): Result<SecretPlan, SyncFailure> {
  if (live === undefined) return ok({ kind: "create", body: newSecret(subject, desired) });
  const data = changedData(subject, desired, live);
  const frozen = frozenReason(desired, live, Object.keys(data.changes));
  if (frozen !== undefined) return failed({ reason: "TargetImmutable", message: frozen });
  const metadata = changedMetadata(subject, desired, live);
  const immutable = desired.immutable && !live.immutable;
  if (Object.keys(data.changes).length === 0 && Object.keys(metadata).length === 0 && !immutable) {
    return ok({ kind: "verified", leftKeys: data.leftKeys });
  }
  const body = patchBody(live, metadata, data.changes, immutable);
  return ok({ kind: "patch", body, changedKeys: Object.keys(data.changes).sort(), leftKeys: data.leftKeys });
}

/** Takes our name off a Secret that we no longer write to (creationPolicy None); the data stays. Undefined: nothing to take off. */
export function planRelease({ meta, peers }: PlanSubject, live: LiveSecret): SecretBody | undefined {
  const isMarked = live.meta.annotations[MARK_ANNOTATION] === meta.name;
  const others = live.ownerReferences.filter((reference) => reference.uid !== meta.uid);
  const isOwned = others.length < live.ownerReferences.length;
  const isLabelled = isMarked || isOwned || ownedBy(live, fieldManager(meta.name)).labels.has(MANAGED_LABEL);
  const metadata = {
    ...(isMarked ? { annotations: { [MARK_ANNOTATION]: null } } : {}),
    ...(isLabelled && peers.length === 0 ? { labels: { [MANAGED_LABEL]: null } } : {}),
    ...(isOwned ? { ownerReferences: others } : {}),
  };
  return Object.keys(metadata).length === 0 ? undefined : patchBody(live, metadata, {}, false);
}

/** Takes our owner reference off a Secret that is otherwise left alone, and our mark where the policy shares it. Undefined: there is none. */
export function planDisowning(subject: PlanSubject, live: LiveSecret): SecretBody | undefined {
  const owners = changedOwners(subject, live);
  if (owners === undefined || subject.target.creationPolicy === "Owner") return undefined;
  const mark = isExclusive(subject.target.creationPolicy) ? {} : { annotations: { [MARK_ANNOTATION]: null } };
  return patchBody(live, { ...mark, ownerReferences: owners }, {}, false);
}

/** Removes our keys from a Secret (deletionPolicy Merge with nothing left). Undefined: there are none. */
export function planKeyRemoval(
  subject: PlanSubject,
  live: LiveSecret,
): { body: SecretBody; keys: readonly string[] } | undefined {
  const keys = isExclusive(subject.target.creationPolicy)
    ? [...live.data.keys()]
    : [...ownedBy(live, fieldManager(subject.meta.name)).data].filter((key) => live.data.has(key));
  if (keys.length === 0) return undefined;
  return { body: patchBody(live, {}, Object.fromEntries(keys.map((key) => [key, null])), false), keys: keys.sort() };
}

function newSecret({ meta, target }: PlanSubject, desired: DesiredSecret): SecretBody {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: target.name,
      namespace: meta.namespace,
      labels: { ...desired.labels, [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: desired.annotations,
      ...(target.creationPolicy === "Owner" ? { ownerReferences: [ownerReference(meta)] } : {}),
    },
    type: desired.type ?? "Opaque",
    ...(desired.immutable ? { immutable: true } : {}),
    data: Object.fromEntries([...desired.data].map(([key, value]) => [key, value.toBase64()])),
  };
}

interface DataChange {
  readonly changes: SecretData;
  readonly leftKeys: readonly string[];
}

function changedData(
  { meta, target, previousKeys }: PlanSubject,
  desired: DesiredSecret,
  live: LiveSecret,
): DataChange {
  const changes = new Map<string, Base64Text | null>();
  for (const [key, value] of desired.data) {
    if (!(live.data.get(key)?.equals(value) ?? false)) changes.set(key, value.toBase64());
  }
  const dropped = [...live.data.keys()].filter((key) => !desired.data.has(key));
  const own = ownedBy(live, fieldManager(meta.name)).data;
  const removable = isExclusive(target.creationPolicy) ? dropped : dropped.filter((key) => own.has(key));
  for (const key of removable) changes.set(key, null);
  const leftKeys = dropped.filter((key) => previousKeys.has(key) && !removable.includes(key));
  return { changes: Object.fromEntries(changes), leftKeys };
}

function frozenReason(desired: DesiredSecret, live: LiveSecret, changedKeys: readonly string[]): string | undefined {
  const what = `Secret ${live.meta.name}`;
  if (desired.type !== undefined && desired.type !== live.type) {
    return `${what} has type ${live.type}, and a Secret's type cannot change; delete it to let it be made anew`;
  }
  if (live.immutable && changedKeys.length > 0) {
    return `${what} is immutable and the store holds new values; delete it to let it be made anew`;
  }
  return undefined;
}

type MetadataPatch = Readonly<Record<string, unknown>>;

function changedMetadata(subject: PlanSubject, desired: DesiredSecret, live: LiveSecret): MetadataPatch {
  const own = ownedBy(live, fieldManager(subject.meta.name));
  const labels = changedTexts(
    leftToPeers(subject, live, { desired, field: "labels" }),
    live.meta.labels,
    withoutName(own.labels, MANAGED_BY_LABEL),
  );
  const annotations = changedTexts(
    leftToPeers(subject, live, { desired, field: "annotations" }),
    live.meta.annotations,
    staleAnnotations(subject, live, own.annotations),
  );
  const owners = changedOwners(subject, live);
  return {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(owners === undefined ? {} : { ownerReferences: owners }),
  };
}

interface MetadataField {
  readonly desired: DesiredSecret;
  readonly field: "labels" | "annotations";
}

/** Without what another ExternalSecret wrote into a Secret that we share: both would set it back for ever. */
function leftToPeers(
  { target, peers }: PlanSubject,
  live: LiveSecret,
  { desired, field }: MetadataField,
): Readonly<Record<string, string>> {
  if (isExclusive(target.creationPolicy)) return desired[field];
  const held = new Set(peers.flatMap((peer) => [...ownedBy(live, fieldManager(peer))[field]]));
  return Object.fromEntries(Object.entries(desired[field]).filter(([name]) => !held.has(name)));
}

/** Ours as far as managedFields tell, plus a served adoption and a mark of ours that the policy no longer wants. */
function staleAnnotations({ meta }: PlanSubject, live: LiveSecret, own: ReadonlySet<string>): ReadonlySet<string> {
  const stale = new Set(own);
  for (const name of [ADOPT_ANNOTATION, MARK_ANNOTATION]) {
    if (live.meta.annotations[name] === meta.name) stale.add(name);
  }
  return stale;
}

function changedTexts(
  desired: Readonly<Record<string, string>>,
  live: Readonly<Record<string, string>>,
  removable: ReadonlySet<string>,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(desired)) if (live[name] !== value) changes[name] = value;
  for (const name of removable) {
    if (Object.hasOwn(live, name) && !Object.hasOwn(desired, name)) changes[name] = null;
  }
  return changes;
}

function changedOwners({ meta, target }: PlanSubject, live: LiveSecret): readonly OwnerReference[] | undefined {
  const others = live.ownerReferences.filter((reference) => reference.uid !== meta.uid);
  const has = others.length < live.ownerReferences.length;
  const wants = target.creationPolicy === "Owner";
  if (has === wants) return undefined;
  return wants ? [...others, ownerReference(meta)] : others;
}

function ownerReference(meta: ObjectMeta): OwnerReference {
  return { apiVersion: API_VERSION, kind: "ExternalSecret", name: meta.name, uid: meta.uid, controller: true };
}

function patchBody(live: LiveSecret, metadata: MetadataPatch, data: SecretData, immutable: boolean): SecretBody {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...metadata, uid: live.meta.uid, resourceVersion: live.meta.resourceVersion },
    ...(immutable ? { immutable: true } : {}),
    ...(Object.keys(data).length > 0 ? { data } : {}),
  };
}

function withoutName(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return names.difference(new Set([name]));
}
