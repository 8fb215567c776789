// What goes over the wire to change a target Secret: the parts that all plans share.

import type { ObjectMeta } from "../spec/records.ts";
import type { Base64Text } from "../secret-value.ts";
import type { Target } from "../spec/external-secret.ts";
import type { LiveSecret, OwnerReference } from "./live-secret.ts";
import { API_VERSION } from "./names.ts";

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

/** The ExternalSecret for which we plan. */
export interface PlanSubject {
  readonly meta: ObjectMeta;
  readonly target: Target;
  /** Keys of our last rendering, as far as known. */
  readonly previousKeys: ReadonlySet<string>;
  /** Names of the other live ExternalSecrets with this target. */
  readonly peers: readonly string[];
}

/** Carries the uid and resourceVersion that the plan saw. */
export function patchBody(live: LiveSecret, metadata: object, data: SecretData, immutable: boolean): SecretBody {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...metadata, uid: live.meta.uid, resourceVersion: live.meta.resourceVersion },
    ...(immutable ? { immutable: true } : {}),
    ...(Object.keys(data).length > 0 ? { data } : {}),
  };
}

/** Undefined: our owner reference is there, or not, as the policy wants it. */
export function changedOwners({ meta, target }: PlanSubject, live: LiveSecret): readonly OwnerReference[] | undefined {
  const others = live.ownerReferences.filter((reference) => reference.uid !== meta.uid);
  const has = others.length < live.ownerReferences.length;
  const wants = target.creationPolicy === "Owner";
  if (has === wants) return undefined;
  return wants ? [...others, ownerReference(meta)] : others;
}

export function ownerReference(meta: ObjectMeta): OwnerReference {
  return { apiVersion: API_VERSION, kind: "ExternalSecret", name: meta.name, uid: meta.uid, controller: true };
}
