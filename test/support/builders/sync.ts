// Builders of specs, readings and memories with defaults: a test names only what it is about.

import type { RemoteSecret } from "../../../src/core/provider/port.ts";
import { failed, ok } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { ExternalSecretSpec, Source } from "../../../src/core/spec/external-secret.ts";
import { parseExternalSecret } from "../../../src/core/spec/parse-external-secret.ts";
import { parsePattern } from "../../../src/core/spec/name-pattern.ts";
import { parseSecretStore } from "../../../src/core/spec/parse-secret-store.ts";
import type { ExternalSecretRecord } from "../../../src/core/spec/records.ts";
import { specVersion } from "../../../src/core/spec/spec-version.ts";
import type { ReadFailure, SourceRead } from "../../../src/core/sync/assemble.ts";
import type { SyncMemory } from "../../../src/core/sync/memory.ts";
import type { SyncEnd } from "../../../src/core/sync/next-memory.ts";
import type { ReadyStoreRecord } from "../../../src/refresh/store-sessions.ts";
import { meta, target } from "./records.ts";

const RULES = { conversionStrategy: "Default", decodingStrategy: "None", nullBytePolicy: "Ignore" } as const;
const VAULT = { kind: "SecretStore", name: "vault" } as const;

export type DataSource = Extract<Source, { kind: "data" }>;

/** Property `password` of `app/db`, into the key of the same name. */
export function dataSource(overrides: Partial<DataSource> = {}): DataSource {
  const remoteRef = {
    key: "app/db",
    version: undefined,
    property: "password",
    metadataPolicy: "None",
    ...RULES,
  } as const;
  return { kind: "data", store: VAULT, secretKey: "password", remoteRef, ...overrides };
}

export function findSource(regexp = "^k-"): Source {
  const pattern = parsePattern(regexp, "spec");
  if (!pattern.ok) throw new Error("no pattern");
  return {
    kind: "find",
    store: VAULT,
    find: { path: undefined, name: pattern.value, tags: {}, ...RULES },
    rewrite: [],
  };
}

export function spec(overrides: Partial<ExternalSecretSpec> = {}): ExternalSecretSpec {
  return {
    refreshPolicy: "Periodic",
    refreshIntervalMs: 3_600_000,
    suspend: false,
    target: target(),
    sources: [dataSource()],
    ...overrides,
  };
}

export function record(overrides: Partial<ExternalSecretRecord> = {}): ExternalSecretRecord {
  return { meta: meta(), spec: ok(spec()), status: undefined, ...overrides };
}

/** As the informer's parser makes it from a manifest. */
export function parsedRecord(raw: {
  readonly name?: string;
  readonly namespace?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}): ExternalSecretRecord {
  const { name = "db", namespace = "team-a" } = raw;
  const defaults = {
    secretStoreRef: { name: "vault", kind: "SecretStore" },
    data: [{ secretKey: "password", remoteRef: { key: "app/db" } }],
  };
  const parsed = parseExternalSecret({
    metadata: { name, namespace, uid: `uid-${name}`, resourceVersion: "10", generation: 1 },
    spec: { ...defaults, ...raw.spec },
  });
  if (!parsed.ok) throw new Error("not an ExternalSecret");
  return parsed.value;
}

export function document(fields: Readonly<Record<string, unknown>>, version = "1"): RemoteSecret {
  return {
    form: "document",
    payload: SecretValue.ofUtf8(JSON.stringify(fields)),
    version: { identity: `${version}@t`, display: version, createdTime: undefined },
  };
}

export function readOne(
  secret: RemoteSecret = document({ password: "one" }),
  source: Source = dataSource(),
): SourceRead {
  return { source, reading: ok({ kind: "one", secret }) };
}

export function readFailed(overrides: Partial<ReadFailure> = {}, source: Source = dataSource()): SourceRead {
  const failure = { reason: "AccessDenied", message: "store vault denied access", isAbsent: false } as const;
  return { source, reading: failed({ ...failure, ...overrides }) };
}

/** After a sync that was well: the Secret `db` at resourceVersion 20, from version 1. */
export function memory(overrides: Partial<SyncMemory> = {}): SyncMemory {
  return {
    uid: meta().uid,
    specVersion: specVersion(meta()),
    forceSync: undefined,
    target: { uid: "uid-secret", resourceVersion: "20" },
    dueMs: 3_600_000,
    outageSinceMs: undefined,
    failures: 0,
    versions: undefined,
    refused: undefined,
    provenance: new Map([["password", "source"]]),
    confirmations: new Map(),
    heals: [],
    unpublished: undefined,
    formerRefusals: 0,
    written: undefined,
    ...overrides,
  };
}

export function syncEnd(overrides: Partial<SyncEnd> = {}): SyncEnd {
  const { uid, specVersion: version, forceSync, target: written, versions, refused, provenance, heals } = memory();
  return {
    ...{ uid, specVersion: version, forceSync, target: written, versions, refused, provenance, heals },
    reason: "SecretSynced",
    isStalled: false,
    minDelayMs: 0,
    isStoreOutage: false,
    absences: undefined,
    ...overrides,
  };
}

export interface StoreOptions {
  /** Of the provider's `auth`; a token from a Secret without a namespace, unless overridden. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly caProvider?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Store `vault`; a SecretStore lives in `team-a`. */
export function storeRecord(
  kind: ReadyStoreRecord["kind"] = "SecretStore",
  options: StoreOptions = {},
): ReadyStoreRecord {
  const { auth = { tokenSecretRef: { name: "token", key: "token" } }, caProvider, metadata, status } = options;
  const vault = { server: "https://vault.test", path: "kv", auth, ...(caProvider === undefined ? {} : { caProvider }) };
  const place = kind === "SecretStore" ? { namespace: "team-a" } : {};
  const conditions = kind === "SecretStore" ? {} : { conditions: [{ namespaces: ["team-a", "team-b"] }] };
  const parsed = parseSecretStore(
    {
      metadata: { name: "vault", ...place, uid: "uid-store", resourceVersion: "10", generation: 1, ...metadata },
      spec: { provider: { vault }, ...conditions, ...options.spec },
      ...(status === undefined ? {} : { status }),
    },
    kind,
  );
  if (!parsed.ok || !parsed.value.spec.ok) throw new Error("not a store");
  return { ...parsed.value, spec: parsed.value.spec };
}
