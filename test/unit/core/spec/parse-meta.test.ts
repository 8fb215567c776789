import { expect, test } from "vitest";
import { parseMeta } from "../../../../src/core/spec/parse-meta.ts";

test("metadata from the API server is taken over, the rest is left out", () => {
  const metadata = {
    name: "db",
    namespace: "team-a",
    uid: "u-1",
    resourceVersion: "42",
    generation: 3,
    labels: { a: "b" },
    annotations: { c: "d" },
    creationTimestamp: "2026-11-22T10:00:00Z",
    deletionTimestamp: "2026-11-22T11:00:00Z",
  };
  expect(parseMeta({ metadata: { ...metadata, managedFields: [{}] } })).toEqual({ ok: true, value: metadata });
});

test("metadata of a manifest may hold a name only", () => {
  expect(parseMeta({ metadata: { name: "db", labels: null } })).toEqual({
    ok: true,
    value: {
      name: "db",
      namespace: "",
      uid: "",
      resourceVersion: "",
      generation: 0,
      labels: {},
      annotations: {},
      creationTimestamp: "",
      deletionTimestamp: undefined,
    },
  });
});

test("labels that are no text are left out", () => {
  expect(parseMeta({ metadata: { name: "db", labels: { a: "b", c: 1 } } })).toMatchObject({
    value: { labels: { a: "b" } },
  });
});

test.each([
  undefined,
  null,
  "text",
  [],
  {},
  { metadata: null },
  { metadata: {} },
  { metadata: { name: 7 } },
  { metadata: { name: "" } },
])("%j has no usable metadata", (raw) => {
  expect(parseMeta(raw)).toEqual({ ok: false, error: { path: "metadata.name", message: "is required" } });
});
