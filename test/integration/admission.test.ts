// The CRDs on the real API server: it takes them without a warning, and its verdict on each spec of the tables is the
// one that the parser's unit test holds the parser to.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ACCEPTED,
  clusterSecretStore,
  externalSecret,
  type Manifest,
  secretStore,
  VECTOR_NAMESPACE,
} from "../support/spec-vector.ts";
import { specVectors } from "../support/spec-vectors.ts";
import { listAt, textAt, valueAt } from "../testbed/json.ts";
import { ok, patchTypes } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";

const CRD_FOLDER = join(import.meta.dirname, "../../crds");
const crdFiles = readdirSync(CRD_FOLDER);
const { api, kubectl } = rigForSuite();

beforeAll(async () => {
  await kubectl(["apply", "-f", CRD_FOLDER]);
  await kubectl(["wait", "--for=condition=established", "--timeout=30s", "-f", CRD_FOLDER]);
  await ok(api.post("/api/v1/namespaces", { metadata: { name: VECTOR_NAMESPACE } }));
});

afterAll(async () => {
  await ok(api.delete(`/api/v1/namespaces/${VECTOR_NAMESPACE}`));
});

const plurals = {
  ExternalSecret: "externalsecrets",
  SecretStore: "secretstores",
  ClusterSecretStore: "clustersecretstores",
} as const;

function collectionOf({ kind, metadata }: Manifest): string {
  const scope = metadata.namespace === undefined ? "" : `namespaces/${metadata.namespace}/`;
  return `/apis/fairlead.dev/v1/${scope}${plurals[kind]}`;
}

/** As kubectl sends it, without keeping it. */
async function verdictOf(object: Manifest): Promise<string> {
  const reply = await api.post(`${collectionOf(object)}?dryRun=All&fieldValidation=Strict`, object);
  return reply.status === 201 ? ACCEPTED : textAt(reply.body, "message");
}

describe("the CRDs", () => {
  test.each(crdFiles)("%s is taken without a warning", async (file) => {
    const text = readFileSync(join(CRD_FOLDER, file), "utf8");
    const name = /^ {2}name: (\S+)$/m.exec(text)?.[1] ?? "";
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
    const query = "?fieldManager=admission-test&force=true&dryRun=All&fieldValidation=Strict";
    const reply = await api.patch(`${path}${query}`, text, patchTypes.apply);
    expect({ status: reply.status, warning: reply.headers["warning"] }).toEqual({ status: 200, warning: undefined });
    const conditions = listAt(await ok(api.get(path)), "status", "conditions");
    const states = conditions.map((condition) => [textAt(condition, "type"), textAt(condition, "status")]);
    expect(Object.fromEntries(states)).toEqual({ NamesAccepted: "True", Established: "True" });
  });
});

describe("admission", () => {
  test.each(specVectors)("$name: $verdict", async ({ object, verdict }) => {
    expect(await verdictOf(object)).toContain(verdict);
  });

  test.each([
    { field: "spec.refreshIntervall", object: externalSecret({ refreshIntervall: "1h" }) },
    { field: "spec.target.template.data", object: externalSecret({ target: { template: { data: {} } } }) },
    { field: "spec.provider.gcpsm", object: secretStore({}, { provider: { gcpsm: {} } }) },
    { field: "spec.conditions", object: secretStore({}, { conditions: [] }) },
    { field: "spec.retrySettings", object: clusterSecretStore({}, { retrySettings: {} }) },
  ])("a field that is not served is refused by name: $field", async ({ field, object }) => {
    expect(await verdictOf(object)).toContain(`unknown field "${field}"`);
  });
});

describe("an object that was accepted", () => {
  const collection = collectionOf(externalSecret({}));
  const path = `${collection}/vector`;

  beforeAll(async () => {
    await ok(api.post(collection, externalSecret({ target: { name: "db" } })));
  });

  test("holds the defaults of the contract, and says that nothing was observed yet", async () => {
    expect(await ok(api.get(path))).toMatchObject({
      spec: {
        refreshPolicy: "Periodic",
        refreshInterval: "1h",
        secretStoreRef: { kind: "SecretStore", name: "vault" },
        target: { name: "db", creationPolicy: "Owner", deletionPolicy: "Retain" },
        data: [{ secretKey: "password", remoteRef: { key: "app/db" } }],
      },
      status: { observedGeneration: -1 },
    });
  });

  test("has an absent target filled in, and nothing inside list items", async () => {
    const bare = { ...externalSecret({}), metadata: { name: "bare" } };
    const created = await ok(api.post(`${collection}?dryRun=All`, bare));
    expect(valueAt(created, "spec", "target")).toEqual({ creationPolicy: "Owner", deletionPolicy: "Retain" });
    expect(valueAt(created, "spec", "data", 0)).toEqual({ secretKey: "password", remoteRef: { key: "app/db" } });
  });

  test("takes a whole status through the subresource only, without a new generation", async () => {
    const before = valueAt(await ok(api.get(path)), "metadata", "generation");
    await ok(api.patch(path, { status: { revision: 9 } }));
    expect(valueAt(await ok(api.get(path)), "status", "revision")).toBeUndefined();
    const patched = await ok(api.patch(`${path}/status?fieldValidation=Strict`, { status: fullStatus }));
    expect(valueAt(patched, "status")).toEqual(fullStatus);
    expect(valueAt(patched, "metadata", "generation")).toBe(before);
  });

  test("is listed with the columns of the contract, under its short name", async () => {
    await ok(api.patch(`${path}/status`, { status: fullStatus }));
    const list = (await kubectl(["get", "fes", "-n", VECTOR_NAMESPACE])).trim();
    const [head, row] = list.split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(head).toEqual(["NAME", "STORE", "TARGET", "READY", "REASON", "VERSION", "LAST CHANGE", "AGE"]);
    expect(row?.slice(0, 6)).toEqual(["vector", "vault", "db", "True", "SecretSynced", "3"]);
    expect(await kubectl(["get", "fes", "-n", VECTOR_NAMESPACE, "-o", "wide"])).toContain("1 key from 1 remote secret");
  });

  test.each([
    { selector: "spec.secretStoreRef.name=vault", found: 1 },
    { selector: "spec.secretStoreRef.name=other", found: 0 },
    { selector: "spec.secretStoreRef.kind=SecretStore", found: 1 },
    { selector: "spec.target.name=db", found: 1 },
  ])("is selected by $selector: $found", async ({ selector, found }) => {
    const list = await ok(api.get(`${collection}?fieldSelector=${encodeURIComponent(selector)}`));
    expect(listAt(list, "items")).toHaveLength(found);
  });
});

const time = "2026-11-22T10:00:00Z";
const ofEntry = { storeKind: "SecretStore", store: "vault", key: "app/db" };
const fullStatus = {
  observedGeneration: 1,
  conditions: [
    {
      type: "Ready",
      status: "True",
      reason: "SecretSynced",
      message: "1 key from 1 remote secret",
      observedGeneration: 1,
      lastTransitionTime: time,
    },
  ],
  binding: { name: "db" },
  refreshTime: time,
  lastChangeTime: time,
  lastHandledForceSync: "1",
  createdFor: "uid",
  keys: { total: 1, digest: "abc" },
  syncedResourceVersion: "1-abc",
  versionSummary: "3",
  entryCounts: { total: 1, synced: 1, failed: 0 },
  entries: [
    {
      ...ofEntry,
      pinnedVersion: "3",
      version: "3",
      createdTime: "2026-11-22T10:00:00.123456789Z",
      latestVersion: "4",
      secretKeys: ["password"],
      secretKeysTotal: 1,
      state: "Failed",
      reason: "AccessDenied",
      message: "Vault store vault denied access",
      since: time,
    },
  ],
  revision: 1,
  history: [{ revision: 1, time, changed: [{ ...ofEntry, from: "2", to: "3" }], changedTotal: 1 }],
};
