// Rules that the generated schemas must hold: structural, bounded, described, and every CEL rule with a message.

import type { StructuralSchema } from "./structural.ts";

/** Longest message the API server takes (apiextensions validation, ValidationRule.message). */
const MAX_MESSAGE = 2_048;

/** What is wrong, as `path: problem`; empty if nothing is. */
export function lintSchema(schema: StructuralSchema, path: string): readonly string[] {
  return [
    ...nodeProblems(schema).map((problem) => `${path}: ${problem}`),
    ...childrenOf(schema).flatMap(([name, child]) => lintSchema(child, `${path}${name}`)),
  ];
}

function nodeProblems(schema: StructuralSchema): readonly string[] {
  const kinds = [schema.properties, schema.additionalProperties, schema.items].filter((kind) => kind !== undefined);
  return [
    schema.type === undefined && schema["x-kubernetes-int-or-string"] === undefined && "has no type",
    kinds.length > 1 && "mixes properties, additionalProperties and items",
    "x-kubernetes-preserve-unknown-fields" in schema && "preserves unknown fields",
    ...boundProblems(schema),
    ...(schema["x-kubernetes-validations"] ?? []).map(
      (rule) =>
        (rule.message === "" || rule.message.length > MAX_MESSAGE || rule.message.includes("\n")) &&
        `rule ${rule.rule} has no usable message`,
    ),
    ...Object.entries(schema.properties ?? {}).map(
      ([name, child]) => child.description === undefined && name !== "metadata" && `${name} has no description`,
    ),
  ].filter((problem) => problem !== false);
}

function boundProblems(schema: StructuralSchema): readonly (string | false)[] {
  const isText = schema.type === "string" && schema.enum === undefined;
  const isMap = schema.additionalProperties !== undefined;
  return [
    isText && schema.maxLength === undefined && "has no maxLength",
    schema.type === "array" && schema.maxItems === undefined && "has no maxItems",
    schema.type === "array" && schema["x-kubernetes-list-type"] === undefined && "has no list type",
    isMap && schema.maxProperties === undefined && "has no maxProperties",
  ];
}

function childrenOf(schema: StructuralSchema): readonly (readonly [string, StructuralSchema])[] {
  const properties = Object.entries(schema.properties ?? {}).map(([name, child]) => [`.${name}`, child] as const);
  const items = schema.items === undefined ? [] : [["[]", schema.items] as const];
  const values = schema.additionalProperties === undefined ? [] : [["{}", schema.additionalProperties] as const];
  return [...properties, ...items, ...values];
}
