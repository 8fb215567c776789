// The three kinds as CustomResourceDefinitions: names, columns, selectable fields and the status subresource.

import type { z } from "zod";
import { externalSecretSpec } from "./external-secret.ts";
import { clusterSecretStoreSpec, secretStoreSpec } from "./secret-store.ts";
import { sourceOf } from "./source.ts";
import { externalSecretStatus, secretStoreStatus } from "./status.ts";
import { type StructuralSchema, structural } from "./structural.ts";

export const GROUP = "fairlead.dev";
const VERSION = "v1";

export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly Column[];
  readonly selectable: readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: "string" | "date";
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: shown by `-o wide` only. */
  readonly priority?: number;
}

const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

function ready(field: "status" | "reason" | "message"): string {
  return `.status.conditions[?(@.type=="Ready")].${field}`;
}

const storeColumns: readonly Column[] = [
  { name: "Ready", type: "string", jsonPath: ready("status") },
  { name: "Reason", type: "string", jsonPath: ready("reason") },
  age,
  { name: "Message", type: "string", jsonPath: ready("message"), priority: 1 },
];

export const kinds: readonly Kind[] = [
  {
    kind: "ExternalSecret",
    plural: "externalsecrets",
    shortName: "fes",
    scope: "Namespaced",
    description: "ExternalSecret says which remote values to read, and which Secret to write them into.",
    spec: externalSecretSpec,
    status: externalSecretStatus,
    columns: [
      { name: "Store", type: "string", jsonPath: ".spec.secretStoreRef.name" },
      { name: "Target", type: "string", jsonPath: ".status.binding.name", description: "The Secret, once it is ours." },
      { name: "Ready", type: "string", jsonPath: ready("status") },
      { name: "Reason", type: "string", jsonPath: ready("reason") },
      { name: "Version", type: "string", jsonPath: ".status.versionSummary" },
      { name: "Last Change", type: "date", jsonPath: ".status.lastChangeTime" },
      age,
      { name: "Message", type: "string", jsonPath: ready("message"), priority: 1 },
    ],
    selectable: [".spec.secretStoreRef.name", ".spec.secretStoreRef.kind", ".spec.target.name"],
  },
  {
    kind: "SecretStore",
    plural: "secretstores",
    shortName: "fss",
    scope: "Namespaced",
    description: "SecretStore is one provider and how to log in, for the ExternalSecrets of its namespace.",
    spec: secretStoreSpec,
    status: secretStoreStatus,
    columns: storeColumns,
    selectable: [],
  },
  {
    kind: "ClusterSecretStore",
    plural: "clustersecretstores",
    shortName: "fcss",
    scope: "Cluster",
    description: "ClusterSecretStore is one provider and how to log in, for the namespaces that its conditions name.",
    spec: clusterSecretStoreSpec,
    status: secretStoreStatus,
    columns: storeColumns,
    selectable: [],
  },
];

export function openApiSchema(kind: Kind): StructuralSchema {
  return {
    description: kind.description,
    type: "object",
    properties: {
      apiVersion: { type: "string", description: "Version of the schema of this object." },
      kind: { type: "string", description: "Kind of this object." },
      metadata: { type: "object" },
      spec: structural(sourceOf(kind.spec)),
      // Until the first visit, tools that compare generations see that nothing was observed yet.
      status: { ...structural(sourceOf(kind.status)), default: { observedGeneration: -1 } },
    },
    required: ["spec"],
  };
}

export function customResourceDefinition(kind: Kind): object {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        shortNames: [kind.shortName],
      },
      scope: kind.scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          ...(kind.selectable.length === 0
            ? {}
            : { selectableFields: kind.selectable.map((jsonPath) => ({ jsonPath })) }),
          schema: { openAPIV3Schema: openApiSchema(kind) },
        },
      ],
    },
  };
}
