import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExternalSecretSpec } from "../../../../src/core/spec/external-secret.ts";
import { parseExternalSecret } from "../../../../src/core/spec/parse-external-secret.ts";
import { entry, externalSecret } from "../../../support/spec-vector.ts";

function specOf(changes: Parameters<typeof externalSecret>[0]): ExternalSecretSpec {
  const record = parseExternalSecret(externalSecret(changes));
  if (!record.ok || !record.value.spec.ok) throw new Error(`the spec does not parse: ${JSON.stringify(record)}`);
  return record.value.spec.value;
}

function problemOf(changes: Parameters<typeof externalSecret>[0]): unknown {
  const record = parseExternalSecret(externalSecret(changes));
  return record.ok && !record.value.spec.ok ? record.value.spec.error : record;
}

const vault = { kind: "SecretStore", name: "vault" };
const conversion = { conversionStrategy: "Default", decodingStrategy: "None", nullBytePolicy: "Ignore" };
const plain = { version: undefined, property: undefined, metadataPolicy: "None", ...conversion };

test("the defaults are filled in", () => {
  expect(specOf({ refreshInterval: undefined })).toEqual({
    refreshPolicy: "Periodic",
    refreshIntervalMs: 3_600_000,
    suspend: false,
    target: {
      name: "vector",
      creationPolicy: "Owner",
      deletionPolicy: "Retain",
      immutable: false,
      template: undefined,
    },
    sources: [{ kind: "data", store: vault, secretKey: "password", remoteRef: { key: "app/db", ...plain } }],
  });
});

test("everything that is set is taken over", () => {
  const spec = specOf({
    refreshPolicy: "CreatedOnce",
    refreshInterval: "0",
    suspend: true,
    target: {
      name: "other",
      creationPolicy: "Merge",
      deletionPolicy: "Merge",
      immutable: true,
      template: { type: "kubernetes.io/tls", metadata: { labels: { a: "b" }, annotations: { c: "d" } } },
    },
  });
  expect(spec).toMatchObject({
    refreshPolicy: "CreatedOnce",
    refreshIntervalMs: 0,
    suspend: true,
    target: {
      name: "other",
      creationPolicy: "Merge",
      deletionPolicy: "Merge",
      immutable: true,
      template: { type: "kubernetes.io/tls", labels: { a: "b" }, annotations: { c: "d" } },
    },
  });
});

test("a template without metadata still stops the copying of labels", () => {
  expect(specOf({ target: { template: {} } }).target.template).toEqual({
    type: undefined,
    labels: {},
    annotations: {},
  });
});

test("an empty type of a template is none: the API server makes such a Secret Opaque", () => {
  expect(specOf({ target: { template: { type: "" } } }).target.template?.type).toBeUndefined();
});

test("dataFrom comes before data, each in the order of its list", () => {
  const spec = specOf({
    data: [entry("b", "1"), entry("a", "2")],
    dataFrom: [{ find: { path: "x" } }, { extract: { key: "y" } }],
  });
  expect(spec.sources.map(({ kind }) => kind)).toEqual(["find", "extract", "data", "data"]);
  expect(spec.sources.slice(2)).toMatchObject([{ secretKey: "b" }, { secretKey: "a" }]);
});

test("an entry's own store wins, and is a SecretStore unless it says otherwise", () => {
  const stores = specOf({
    data: [
      entry("a", "1"),
      entry("b", "1", { sourceRef: { storeRef: { name: "own" } } }),
      entry("c", "1", { sourceRef: { storeRef: { name: "own", kind: "ClusterSecretStore" } } }),
    ],
  }).sources.map(({ store }) => store);
  expect(stores).toEqual([vault, { kind: "SecretStore", name: "own" }, { kind: "ClusterSecretStore", name: "own" }]);
});

test("empty texts count as not set", () => {
  const [source] = specOf({
    data: [{ secretKey: "a", remoteRef: { key: "k", property: "", version: "" } }],
  }).sources;
  expect(source).toMatchObject({ remoteRef: { key: "k", ...plain } });
});

test("find and rewrite carry compiled patterns", () => {
  const [source] = specOf({
    dataFrom: [
      {
        find: { path: "app", name: { regexp: "^db-" }, tags: { team: "a" }, decodingStrategy: "Base64" },
        rewrite: [{ regexp: { source: "-(.*)", target: "_$1" } }],
      },
    ],
  }).sources;
  if (source?.kind !== "find") throw new Error("the first source is no find");
  expect(source.find).toMatchObject({ path: "app", tags: { team: "a" }, ...conversion, decodingStrategy: "Base64" });
  expect(source.find.name?.test("db-1")).toBe(true);
  expect(source.rewrite.map(({ pattern, target }) => pattern.replaceAll("db-main", target))).toEqual(["db_main"]);
});

test("a find without a name pattern takes all names", () => {
  expect(specOf({ dataFrom: [{ find: {} }] }).sources[0]).toMatchObject({
    find: { path: undefined, name: undefined, tags: {} },
  });
});

test.each([
  { given: "a nested field", spec: { data: [entry("a", "b"), entry("c", "")] }, path: "spec.data[1].remoteRef.key" },
  { given: "a missing field", spec: { data: [{ secretKey: "a" }] }, path: "spec.data[0].remoteRef" },
  {
    given: "a map value",
    spec: { target: { template: { metadata: { labels: { a: 1 } } } } },
    path: "spec.target.template.metadata.labels[a]",
  },
  { given: "an own rule of a list item", spec: { dataFrom: [{}] }, path: "spec.dataFrom[0]" },
  {
    given: "a pattern",
    spec: { dataFrom: [{ find: {}, rewrite: [{ regexp: { source: "(", target: "" } }] }] },
    path: "spec.dataFrom[0].rewrite[0].regexp.source",
  },
  {
    given: "the first of two problems",
    spec: { refreshInterval: "soon", target: { name: "" } },
    path: "spec.target.name",
  },
])("given $given, the problem says where: $path", ({ spec, path }) => {
  expect(problemOf(spec)).toMatchObject({ path });
});

test("many patterns together are too large", () => {
  const rewrite = Array.from({ length: 32 }, () => ({ regexp: { source: "[a-z]{400}", target: "" } }));
  const message = "too many regular expressions: use fewer or smaller ones";
  expect(problemOf({ dataFrom: [{ find: {}, rewrite }] })).toEqual({
    path: "spec.dataFrom[0].rewrite[13].regexp.source",
    message,
  });
});

test("an object without a spec is a record with a problem", () => {
  const record = parseExternalSecret({ metadata: { name: "a" } });
  expect(record).toMatchObject({
    ok: true,
    value: { spec: { ok: false, error: { path: "spec" } }, status: undefined },
  });
});

test("nothing that comes from outside makes the parser throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (spec, field) => {
      const raw = { ...externalSecret({}), spec, status: field };
      expect(parseExternalSecret(raw).ok).toBe(true);
      for (const name of ["secretStoreRef", "refreshInterval", "target", "data", "dataFrom"]) {
        expect(parseExternalSecret(externalSecret({ [name]: field })).ok).toBe(true);
      }
    }),
  );
});
