// The write that makes the target what it should be: the smallest one, none if nothing differs. Pure: the caller has
// judged ownership, and sends the body with the uid and resourceVersion that this plan saw.

import { failed, ok, type Result } from "../result.ts";
import type { Base64Text } from "../secret-value.ts";
import type { DesiredSecret } from "./desired-secret.ts";
import { type LiveSecret, ownedBy, type OwnerReference } from "./live-secret.ts";
import { ADOPT_ANNOTATION, fieldManager, MANAGED_BY, MANAGED_BY_LABEL, MARK_ANNOTATION } from "./names.ts";
import { isExclusive } from "./ownership.ts";
import type { SyncFailure } from "./report.ts";
import {
  changedOwners,
  ownerReference,
  patchBody,
  type PlanSubject,
  type SecretBody,
  type SecretData,
} from "./secret-body.ts";

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

/**
 * True if the Secret, as the API server stored it, holds all that is wanted. What came with it is not judged: a label
 * that an admission plugin adds harms nobody.
 */
export function holdsWanted(subject: PlanSubject, desired: DesiredSecret, live: LiveSecret): boolean {
  const { changes } = changedData(subject, desired, live);
  const { labels, annotations, ownerReferences } = changedMetadata(subject, desired, live);
  const missing = [...Object.values(labels ?? {}), ...Object.values(annotations ?? {})].filter((text) => text !== null);
  const isFrozen = live.immutable || !desired.immutable;
  return Object.keys(changes).length + missing.length === 0 && ownerReferences === undefined && isFrozen;
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

interface MetadataChange {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

function changedMetadata(subject: PlanSubject, desired: DesiredSecret, live: LiveSecret): MetadataChange {
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

function withoutName(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return names.difference(new Set([name]));
}
