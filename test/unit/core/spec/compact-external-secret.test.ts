import { describe, expect, test } from "vitest";
import { createCompactParser } from "../../../../src/core/spec/compact-external-secret.ts";
import { parseExternalSecret } from "../../../../src/core/spec/parse-external-secret.ts";
import type { ExternalSecretRecord } from "../../../../src/core/spec/records.ts";
import { specVectors } from "../../../support/spec-vectors.ts";

const condition = {
  status: "True",
  reason: "SecretSynced",
  message: "",
  observedGeneration: 1,
  lastTransitionTime: "",
};
const metadata = {
  name: "db",
  namespace: "team-a",
  uid: "uid-db",
  resourceVersion: "10",
  generation: 2,
  labels: { team: "a" },
  annotations: { "example.com/x": "y" },
  creationTimestamp: "2026-11-22T10:00:00Z",
  managedFields: [{ manager: "kubectl" }],
};
const spec = { secretStoreRef: { name: "vault" }, data: [{ secretKey: "password", remoteRef: { key: "app/db" } }] };
const status = { observedGeneration: 1, conditions: [{ ...condition, type: "Ready" }], revision: 7 };

function compact(raw: unknown, parse = createCompactParser()) {
  const parsed = parse(raw);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** Getters of a class, as the plain object that parseExternalSecret gives. */
function plain({ meta, spec: parsedSpec, status: parsedStatus }: ExternalSecretRecord): ExternalSecretRecord {
  return { meta, spec: parsedSpec, status: parsedStatus };
}

/** So many others that what was read of `record` is forgotten, and must be unpacked. */
function lookAtOthers(parse: ReturnType<typeof createCompactParser>): void {
  for (let index = 0; index < 200; index += 1) compact({ metadata: { ...metadata, name: `other-${index}` } }, parse);
}

const externalSecrets = specVectors.map(({ object }) => object).filter(({ kind }) => kind === "ExternalSecret");

describe("a compact record", () => {
  test("says what the plain one says, for every spec of the table, at once and long after", () => {
    const parse = createCompactParser();
    const records = externalSecrets.map((object) => compact(object, parse));
    const plainRecords = externalSecrets.map((object) => parseExternalSecret(object));
    const shown = (record: ExternalSecretRecord) => JSON.stringify({ ok: true, value: plain(record) });
    expect(records.length).toBeGreaterThan(100);
    expect(records.map(shown)).toEqual(plainRecords.map((record) => JSON.stringify(record)));
    lookAtOthers(parse);
    expect(records.map(shown)).toEqual(plainRecords.map((record) => JSON.stringify(record)));
  });

  test("keeps metadata and status", () => {
    const parse = createCompactParser();
    const record = compact({ metadata, spec, status }, parse);
    lookAtOthers(parse);
    expect({ ok: true, value: plain(record) }).toEqual(parseExternalSecret({ metadata, spec, status }));
    expect(record.meta.deletionTimestamp).toBeUndefined();
  });

  test("is the same object twice while it is in use", () => {
    const record = compact({ metadata, spec, status });
    expect([record.meta, record.spec, record.status]).toEqual([record.meta, record.spec, record.status]);
    expect(record.spec).toBe(record.spec);
    expect(record.status).toBe(record.status);
  });

  test("can be frozen", () => {
    const parse = createCompactParser();
    const record = Object.freeze(compact({ metadata, spec, status }, parse));
    lookAtOthers(parse);
    expect(record.meta.name).toBe("db");
  });

  test.each([
    { conditions: [{ ...condition, type: "Ready" }], isReady: true },
    { conditions: [{ ...condition, type: "Ready", status: "False" }], isReady: false },
    { conditions: [{ ...condition, type: "Stalled" }], isReady: false },
    { conditions: undefined, isReady: false },
  ])("knows without reading whether it is ready: $isReady", ({ conditions, isReady }) => {
    expect(compact({ metadata, spec, status: { ...status, conditions } }).isReady).toBe(isReady);
  });

  test("is not ready without a status, or with one that is malformed", () => {
    expect(compact({ metadata, spec }).isReady).toBe(false);
    expect(compact({ metadata, spec, status: { ...status, revision: "seven" } }).isReady).toBe(false);
  });

  test("leaves out kubectl's copy of the manifest", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{}", kept: "yes" };
    expect(compact({ metadata: { ...metadata, annotations }, spec }).meta.annotations).toEqual({ kept: "yes" });
  });

  test("needs a name", () => {
    expect(createCompactParser()({ metadata: {} })).toEqual({
      ok: false,
      error: { path: "metadata.name", message: "is required" },
    });
  });
});
