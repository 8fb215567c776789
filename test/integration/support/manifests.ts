// Manifests as objects, with defaults: a test names only what it is about.

import type { JsonRecord } from "../../testbed/json.ts";

export interface ExternalSecretOptions {
  readonly namespace: string;
  readonly name: string;
  readonly spec: JsonRecord;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function externalSecret({
  namespace,
  name,
  spec,
  labels = {},
  annotations = {},
}: ExternalSecretOptions): JsonRecord {
  return {
    apiVersion: "fairlead.dev/v1",
    kind: "ExternalSecret",
    metadata: { namespace, name, labels, annotations },
    spec: { secretStoreRef: { name: "vault" }, refreshInterval: "1h", ...spec },
  };
}

/** One `data` entry. */
export function dataEntry(secretKey: string, key: string, property?: string, extra: JsonRecord = {}): JsonRecord {
  return { secretKey, remoteRef: { key, ...(property === undefined ? {} : { property }), ...extra } };
}

export interface StoreOptions {
  /** Undefined: a ClusterSecretStore. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly vault: JsonRecord;
  readonly spec?: JsonRecord;
}

export function secretStore({ namespace, name, vault, spec = {} }: StoreOptions): JsonRecord {
  return {
    apiVersion: "fairlead.dev/v1",
    kind: namespace === undefined ? "ClusterSecretStore" : "SecretStore",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { refreshInterval: "5m", provider: { vault }, ...spec },
  };
}
