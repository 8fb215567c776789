import { expect, test } from "vitest";
import { specVersion } from "../../../../src/core/spec/spec-version.ts";

const meta = { generation: 2, labels: { a: "1", b: "2" }, annotations: { x: "y" } };
const version = specVersion(meta);

test("the version is the generation and a short hash", () => {
  expect(version).toMatch(/^2-[0-9a-f]{12}$/);
});

test.each([
  { change: "the generation", to: { ...meta, generation: 3 } },
  { change: "a label", to: { ...meta, labels: { a: "1", b: "3" } } },
  { change: "a label's name", to: { ...meta, labels: { a: "1", c: "2" } } },
  { change: "an annotation", to: { ...meta, annotations: { x: "z" } } },
  { change: "where the metadata stands", to: { ...meta, labels: {}, annotations: { ...meta.labels, x: "y" } } },
])("the version changes with $change", ({ to }) => {
  expect(specVersion(to)).not.toBe(version);
});

test.each([
  { change: "the order of labels", to: { ...meta, labels: { b: "2", a: "1" } } },
  { change: "force-sync", to: { ...meta, annotations: { ...meta.annotations, "force-sync": "1" } } },
  { change: "our force-sync", to: { ...meta, annotations: { ...meta.annotations, "fairlead.dev/force-sync": "1" } } },
  {
    change: "kubectl's copy of the manifest",
    to: { ...meta, annotations: { ...meta.annotations, "kubectl.kubernetes.io/last-applied-configuration": "{}" } },
  },
])("the version does not change with $change", ({ to }) => {
  expect(specVersion(to)).toBe(version);
});
