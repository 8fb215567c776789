// Fields that the API server does not know and would refuse under strict validation (kubectl's default).

import type { StoreKind } from "./external-secret.ts";
import { clusterSecretStoreSpecSchema } from "./schemas/cluster-secret-store-spec.ts";
import { externalSecretSpecSchema } from "./schemas/external-secret-spec.ts";
import { externalSecretStatusSchema } from "./schemas/external-secret-status.ts";
import { secretStoreSpecSchema } from "./schemas/secret-store-spec.ts";
import { secretStoreStatusSchema } from "./schemas/secret-store-status.ts";
import { type SchemaNode, unknownPaths } from "./wire-schema.ts";

const schemas = {
  ExternalSecret: { spec: externalSecretSpecSchema, status: externalSecretStatusSchema },
  SecretStore: { spec: secretStoreSpecSchema, status: secretStoreStatusSchema },
  ClusterSecretStore: { spec: clusterSecretStoreSpecSchema, status: secretStoreStatusSchema },
} as const satisfies Record<"ExternalSecret" | StoreKind, Record<"spec" | "status", SchemaNode>>;

const text = { kind: "text" } as const;
const textMap = { kind: "map", maxProperties: Infinity, values: text } as const;
/** Fields of ObjectMeta (k8s.io/apimachinery v0.36, meta/v1/types.go); their content is the API server's business. */
const metadata = {
  kind: "object",
  properties: {
    name: text,
    generateName: text,
    namespace: text,
    selfLink: text,
    uid: text,
    resourceVersion: text,
    generation: text,
    creationTimestamp: text,
    deletionTimestamp: text,
    deletionGracePeriodSeconds: text,
    labels: textMap,
    annotations: textMap,
    ownerReferences: text,
    finalizers: text,
    managedFields: text,
  },
} as const;

/** Paths such as `spec.data[0].remoteRef.keyy`, in the order of the document. */
export function unknownFields(raw: unknown, kind: keyof typeof schemas): readonly string[] {
  const properties = { apiVersion: text, kind: text, metadata, ...schemas[kind] };
  return unknownPaths({ kind: "object", properties }, raw, "").map((path) => path.slice(1));
}
