// One revision of one object as the API server committed it, and how the oracle reads it. Plain data: made by the
// recorder, or by hand in the oracle's own tests.

import { isRecord, type JsonRecord, listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";

export const recordedKinds = {
  Secret: "/api/v1/secrets",
  Event: "/api/v1/events",
  Lease: "/apis/coordination.k8s.io/v1/leases",
  ExternalSecret: "/apis/fairlead.dev/v1/externalsecrets",
  SecretStore: "/apis/fairlead.dev/v1/secretstores",
  ClusterSecretStore: "/apis/fairlead.dev/v1/clustersecretstores",
} as const;

export type RecordedKind = keyof typeof recordedKinds;

export interface Revision {
  readonly kind: RecordedKind;
  readonly change: "ADDED" | "MODIFIED" | "DELETED";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /**
   * resourceVersion as a number. All kinds share one etcd, so it orders the revisions of all objects: the oracle may
   * rely on that, clients may not (Kubernetes: API concepts, "Resource versions").
   */
  readonly order: number;
  /** When the recorder saw it: at or after its commit. Milliseconds since 1970. */
  readonly seenAtMs: number;
  /** Without managedFields; of a Secret without its data. */
  readonly object: JsonRecord;
  /** Of a Secret: its values as text. */
  readonly data: ReadonlyMap<string, string>;
}

export function objectId({ namespace, name }: Pick<Revision, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

/** The part of the history that concerns one kind of object, by NAMESPACE/NAME, each in order of commit. */
export function timelines(
  revisions: readonly Revision[],
  kind: RecordedKind,
): ReadonlyMap<string, readonly Revision[]> {
  const ofKind = revisions.filter((revision) => revision.kind === kind);
  const ordered = ofKind.toSorted((one, other) => one.order - other.order);
  return Map.groupBy(ordered, objectId);
}

export function generationOf(revision: Revision): number {
  return Number(valueAt(revision.object, "metadata", "generation") ?? 0);
}

export function isBeingDeleted(revision: Revision): boolean {
  return revision.change === "DELETED" || valueAt(revision.object, "metadata", "deletionTimestamp") !== undefined;
}

export function conditionOf(object: JsonRecord, type: string): JsonRecord | undefined {
  return listAt(object, "status", "conditions")
    .filter(isRecord)
    .find((condition) => condition["type"] === type);
}

/** uid of the ExternalSecret that controls a Secret. */
export function controllerUid(secret: Revision): string | undefined {
  const owners = listAt(secret.object, "metadata", "ownerReferences").filter(isRecord);
  const owner = owners.find((candidate) => candidate["controller"] === true && candidate["kind"] === "ExternalSecret");
  return optionalTextAt(owner, "uid");
}

export function annotationOf(revision: Revision, name: string): string | undefined {
  return optionalTextAt(revision.object, "metadata", "annotations", name);
}
