import { expect, test } from "vitest";
import { z } from "zod";
import { textRules } from "../../../../src/core/spec/rules.ts";
import { atomicList, mapList, objectName, ruled, text, textMap } from "../../../../tools/crds/fields.ts";
import { sourceOf } from "../../../../tools/crds/source.ts";
import { structural } from "../../../../tools/crds/structural.ts";
import { wireSchema } from "../../../../tools/crds/wire.ts";

const item = z.object({ key: text(5, "Key.") });

test.each([
  {
    given: "a text",
    schema: text(5, "Text."),
    crd: { type: "string", maxLength: 5, description: "Text." },
    wire: { kind: "text", maxLength: 5 },
  },
  {
    given: "a text with a rule",
    schema: objectName("Name."),
    crd: {
      type: "string",
      minLength: 1,
      maxLength: 253,
      description: "Name.",
      "x-kubernetes-validations": [
        {
          rule: String.raw`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,
          message: textRules.objectName.message,
        },
      ],
    },
    wire: { kind: "text", minLength: 1, maxLength: 253, rule: "objectName" },
  },
  {
    given: "a choice with a default",
    schema: z.enum(["A", "B"]).default("A").describe("Choice."),
    crd: { type: "string", enum: ["A", "B"], default: "A", description: "Choice." },
    wire: { kind: "text", oneOf: ["A", "B"] },
  },
  {
    given: "a number with one bound",
    schema: z.int().min(1).describe("Count."),
    crd: { type: "integer", format: "int64", minimum: 1, description: "Count." },
    wire: { kind: "integer", minimum: 1 },
  },
  {
    given: "a number or text",
    schema: z.union([z.int(), z.string()]).meta({ "x-kubernetes-int-or-string": true }),
    crd: { "x-kubernetes-int-or-string": true },
    wire: { kind: "integerOrText" },
  },
  {
    given: "a map",
    schema: textMap(2, 5, "Map."),
    crd: {
      type: "object",
      maxProperties: 2,
      additionalProperties: { type: "string", maxLength: 5 },
      description: "Map.",
    },
    wire: { kind: "map", maxProperties: 2, values: { kind: "text", maxLength: 5 } },
  },
  {
    given: "a list that is told apart by key",
    schema: mapList(item, { key: "key", maxItems: 3 }, "List."),
    crd: {
      type: "array",
      maxItems: 3,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["key"],
      items: {
        type: "object",
        properties: { key: { type: "string", maxLength: 5, description: "Key." } },
        required: ["key"],
      },
      description: "List.",
    },
    wire: {
      kind: "list",
      maxItems: 3,
      mapKey: "key",
      items: { kind: "object", required: ["key"], properties: { key: { kind: "text", maxLength: 5 } } },
    },
  },
  {
    given: "an object with a rule, and an optional list",
    schema: ruled(z.object({ list: atomicList(z.boolean(), 1, "List.").optional() }), [{ rule: "true", message: "m" }]),
    crd: {
      type: "object",
      properties: {
        list: {
          type: "array",
          maxItems: 1,
          "x-kubernetes-list-type": "atomic",
          items: { type: "boolean" },
          description: "List.",
        },
      },
      "x-kubernetes-validations": [{ rule: "true", message: "m" }],
    },
    wire: { kind: "object", properties: { list: { kind: "list", maxItems: 1, items: { kind: "boolean" } } } },
  },
])("$given becomes a structural schema, and a schema of the parser", ({ schema, crd, wire }) => {
  expect(structural(sourceOf(schema))).toEqual(crd);
  expect(wireSchema(sourceOf(schema))).toEqual(wire);
});

test("a type that has no form in the parser is refused", () => {
  expect(() => wireSchema(sourceOf(z.number()))).toThrow(/has no wire form/);
});

test("a list without a bound is refused", () => {
  expect(() => wireSchema(sourceOf(z.array(z.boolean())))).toThrow(/no bound/);
});
