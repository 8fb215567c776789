import fc from "fast-check";
import { expect, test } from "vitest";
import { parseExternalSecretStatus, parseSecretStoreStatus } from "../../../../src/core/spec/parse-status.ts";

const condition = {
  type: "Ready",
  status: "True",
  reason: "SecretSynced",
  message: "2 keys from 1 remote secret",
  observedGeneration: 2,
  lastTransitionTime: "2026-11-22T10:00:00Z",
};
const entry = {
  storeKind: "SecretStore",
  store: "vault",
  key: "app/db",
  version: "3",
  secretKeys: ["password"],
  secretKeysTotal: 1,
  state: "Synced",
};
const status = {
  observedGeneration: 2,
  conditions: [condition],
  binding: { name: "db" },
  refreshTime: "2026-11-22T10:00:00Z",
  lastChangeTime: "2026-11-22T10:00:00Z",
  lastHandledForceSync: "1",
  createdFor: "uid",
  keys: { total: 1, digest: "abc" },
  syncedResourceVersion: "2-abc",
  versionSummary: "3",
  entryCounts: { total: 1, synced: 1, failed: 0 },
  entries: [entry],
  revision: 1,
  history: [
    {
      revision: 1,
      time: "2026-11-22T10:00:00Z",
      changed: [{ storeKind: "SecretStore", store: "vault", key: "app/db", to: "3" }],
      changedTotal: 1,
    },
  ],
};

test("a status comes back as it was written", () => {
  expect(parseExternalSecretStatus(status)).toEqual(status);
});

test("the default of the CRD is a status without conditions", () => {
  expect(parseExternalSecretStatus({ observedGeneration: -1 })).toEqual({ observedGeneration: -1, conditions: [] });
  expect(parseSecretStoreStatus({ observedGeneration: -1 })).toEqual({ observedGeneration: -1, conditions: [] });
});

test("a condition of somebody else is left out", () => {
  const conditions = [{ ...condition, type: "Approved" }, condition];
  expect(parseExternalSecretStatus({ ...status, conditions })?.conditions).toEqual([condition]);
});

test("a reason of a newer release is left out, a known one stays", () => {
  const entries = [
    { ...entry, state: "Failed", reason: "AccessDenied" },
    { ...entry, state: "Failed", reason: "SolarFlare" },
  ];
  expect(parseExternalSecretStatus({ ...status, entries })?.entries).toEqual([
    { ...entry, state: "Failed", reason: "AccessDenied" },
    { ...entry, state: "Failed" },
  ]);
});

test.each([
  undefined,
  null,
  "text",
  {},
  { observedGeneration: "2" },
  { ...status, entries: [{ ...entry, state: "Odd" }] },
  { ...status, conditions: [{ type: "Ready" }] },
  { ...status, history: [{ revision: 1 }] },
])("%j is no status", (raw) => {
  expect(parseExternalSecretStatus(raw)).toBeUndefined();
});

test("a store's status comes back as it was written", () => {
  const stored = {
    observedGeneration: 1,
    conditions: [condition],
    capabilities: "ReadOnly",
    lastValidated: "2026-11-22T10:00:00Z",
    backendIdentity: "kv/v2/kv_123",
  };
  expect(parseSecretStoreStatus(stored)).toEqual(stored);
  expect(parseSecretStoreStatus({ ...stored, capabilities: "ReadWrite" })).toBeUndefined();
});

test("nothing makes the parsers throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (raw) => {
      parseExternalSecretStatus(raw);
      parseSecretStoreStatus({ ...status, conditions: raw });
      parseExternalSecretStatus({ ...status, entries: raw, history: raw });
    }),
  );
});
