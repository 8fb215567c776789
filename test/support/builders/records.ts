// Builders of records and live Secrets with defaults: a test names only what it is about.

import { SecretValue } from "../../../src/core/secret-value.ts";
import type { Target } from "../../../src/core/spec/external-secret.ts";
import type { ObjectMeta } from "../../../src/core/spec/records.ts";
import { type LiveSecret, type OwnerReference, parseLiveSecret } from "../../../src/core/sync/live-secret.ts";
import { fieldManager } from "../../../src/core/sync/names.ts";
import type { Claimant } from "../../../src/core/sync/ownership.ts";

export function meta(overrides: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    namespace: "team-a",
    name: "db",
    uid: "uid-db",
    resourceVersion: "10",
    generation: 1,
    labels: {},
    annotations: {},
    creationTimestamp: "2026-01-01T00:00:00Z",
    deletionTimestamp: undefined,
    ...overrides,
  };
}

export function target(overrides: Partial<Target> = {}): Target {
  return {
    name: "db",
    creationPolicy: "Owner",
    deletionPolicy: "Retain",
    immutable: false,
    template: undefined,
    ...overrides,
  };
}

export function claimant(overrides: Partial<Claimant> = {}): Claimant {
  const { name, uid, creationTimestamp } = meta();
  return {
    name,
    uid,
    creationTimestamp,
    creationPolicy: "Owner",
    keys: new Set(["password"]),
    knowsAllKeys: true,
    ...overrides,
  };
}

export function values(data: Readonly<Record<string, string>>): ReadonlyMap<string, SecretValue> {
  return new Map(Object.entries(data).map(([key, value]) => [key, SecretValue.ofUtf8(value)]));
}

export interface LiveOptions {
  readonly data?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owners?: readonly OwnerReference[];
  readonly type?: string;
  readonly immutable?: boolean;
  /** Data keys by the ExternalSecret that wrote them. */
  readonly written?: Readonly<Record<string, readonly string[] | undefined>>;
  /** Labels by the ExternalSecret that wrote them. */
  readonly labelled?: Readonly<Record<string, readonly string[] | undefined>>;
}

const EMPTY: Required<LiveOptions> = {
  data: {},
  labels: {},
  annotations: {},
  owners: [],
  type: "Opaque",
  immutable: false,
  written: {},
  labelled: {},
};

export function liveSecret(options: LiveOptions = {}): LiveSecret {
  const { data, labels, annotations, owners, written, labelled, type, immutable } = { ...EMPTY, ...options };
  const names = (keys: readonly string[] = []) => Object.fromEntries(keys.map((key) => [`f:${key}`, {}]));
  const writers = [...new Set([...Object.keys(written), ...Object.keys(labelled)])];
  const live = parseLiveSecret({
    type,
    immutable,
    metadata: {
      name: "db",
      namespace: "team-a",
      uid: "uid-secret",
      resourceVersion: "20",
      labels,
      annotations,
      ownerReferences: owners,
      managedFields: writers.map((name) => ({
        manager: fieldManager(name),
        fieldsV1: { "f:data": names(written[name]), "f:metadata": { "f:labels": names(labelled[name]) } },
      })),
    },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  });
  if (live === undefined) throw new Error("no Secret");
  return live;
}

export function owner(overrides: Partial<OwnerReference> = {}): OwnerReference {
  const { name, uid } = meta();
  return { apiVersion: "fairlead.dev/v1", kind: "ExternalSecret", name, uid, controller: true, ...overrides };
}
