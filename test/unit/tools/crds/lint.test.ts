import { expect, test } from "vitest";
import { openApiSchema, kinds } from "../../../../tools/crds/kinds.ts";
import { lintSchema } from "../../../../tools/crds/lint.ts";
import type { StructuralSchema } from "../../../../tools/crds/structural.ts";

const text: StructuralSchema = { type: "string", maxLength: 5, description: "Text." };

test.each<{ given: string; schema: StructuralSchema; problem: string }>([
  { given: "no type", schema: { description: "x" }, problem: "spec: has no type" },
  { given: "a text without a bound", schema: { type: "string" }, problem: "spec: has no maxLength" },
  {
    given: "a list without a bound",
    schema: { type: "array", items: text, "x-kubernetes-list-type": "atomic" },
    problem: "spec: has no maxItems",
  },
  {
    given: "a list without a list type",
    schema: { type: "array", items: text, maxItems: 1 },
    problem: "spec: has no list type",
  },
  {
    given: "a map without a bound",
    schema: { type: "object", additionalProperties: text },
    problem: "spec: has no maxProperties",
  },
  {
    given: "a map with properties",
    schema: { type: "object", additionalProperties: text, properties: { a: text }, maxProperties: 1 },
    problem: "spec: mixes properties, additionalProperties and items",
  },
  {
    given: "a rule without a message",
    schema: { ...text, "x-kubernetes-validations": [{ rule: "true", message: "" }] },
    problem: "spec: rule true has no usable message",
  },
  {
    given: "a property without a description",
    schema: { type: "object", properties: { a: { type: "boolean" } } },
    problem: "spec: a has no description",
  },
  {
    given: "a problem deep inside",
    schema: {
      type: "array",
      maxItems: 1,
      "x-kubernetes-list-type": "atomic",
      items: { type: "object", properties: { a: { type: "string", description: "Text." } } },
    },
    problem: "spec[].a: has no maxLength",
  },
])("given $given, the linter says so", ({ schema, problem }) => {
  expect(lintSchema(schema, "spec")).toEqual([problem]);
});

test("unknown fields are never preserved", () => {
  const schema = { ...text, "x-kubernetes-preserve-unknown-fields": true };
  expect(lintSchema(schema, "spec")).toEqual(["spec: preserves unknown fields"]);
});

test("defaults stand only where the contract allows them", () => {
  const defaults = kinds.flatMap((kind) => defaultsOf(openApiSchema(kind), kind.kind));
  expect(defaults.toSorted()).toEqual([
    "ClusterSecretStore.status",
    "ExternalSecret.spec.refreshInterval",
    "ExternalSecret.spec.refreshPolicy",
    "ExternalSecret.spec.secretStoreRef.kind",
    "ExternalSecret.spec.target",
    "ExternalSecret.spec.target.creationPolicy",
    "ExternalSecret.spec.target.deletionPolicy",
    "ExternalSecret.status",
    "SecretStore.status",
  ]);
});

function defaultsOf(schema: StructuralSchema, path: string): readonly string[] {
  const own = schema.default === undefined ? [] : [path];
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    defaultsOf(child, `${path}.${name}`),
  );
  const items = [schema.items, schema.additionalProperties].flatMap((child) =>
    child === undefined ? [] : defaultsOf(child, `${path}[]`),
  );
  return [...own, ...properties, ...items];
}
