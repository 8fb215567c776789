// Paths of the Kubernetes API. Every segment is encoded, and one that could leave its place is refused.

import type { ObjectName } from "../core/object-key.ts";

export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

const core = (kind: string, plural: string): ResourceType => ({ group: "", version: "v1", kind, plural });
const fairlead = (kind: string, plural: string): ResourceType => ({
  group: "fairlead.dev",
  version: "v1",
  kind,
  plural,
});

/** The resources that Fairlead touches. */
export const resources = {
  secrets: core("Secret", "secrets"),
  configMaps: core("ConfigMap", "configmaps"),
  serviceAccounts: core("ServiceAccount", "serviceaccounts"),
  namespaces: core("Namespace", "namespaces"),
  events: core("Event", "events"),
  leases: { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases" },
  externalSecrets: fairlead("ExternalSecret", "externalsecrets"),
  secretStores: fairlead("SecretStore", "secretstores"),
  clusterSecretStores: fairlead("ClusterSecretStore", "clustersecretstores"),
} as const satisfies Record<string, ResourceType>;

export function apiVersion(type: ResourceType): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}

/** All objects of a type, in one namespace or (undefined) everywhere. Throws on a segment that is no name. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root =
    type.group === "" ? `/api/${segment(type.version)}` : `/apis/${segment(type.group)}/${segment(type.version)}`;
  const scope = namespace === undefined ? "" : `/namespaces/${segment(namespace)}`;
  return `${root}${scope}/${segment(type.plural)}`;
}

/** One object (namespace empty: cluster-scoped), or a subresource of it such as `status`. Throws as above. */
export function objectPath(type: ResourceType, object: ObjectName, subresource?: string): string {
  const collection = collectionPath(type, object.namespace === "" ? undefined : object.namespace);
  const path = `${collection}/${segment(object.name)}`;
  return subresource === undefined ? path : `${path}/${segment(subresource)}`;
}

function segment(text: string): string {
  if (text === "" || text === "." || text === "..") throw new Error("not a path segment");
  return encodeURIComponent(text);
}
