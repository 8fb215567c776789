// From zod's JSON Schema to the schema that the parsers check by (src/core/spec/wire-schema.ts).

import type { SchemaNode } from "../../src/core/spec/wire-schema.ts";
import { childNode, isIntegerOrText, ownBound, propertiesOf, type SourceNode, textRuleOf } from "./source.ts";

export function wireSchema(node: SourceNode): SchemaNode {
  if (isIntegerOrText(node)) return { kind: "integerOrText" };
  if (node.type === "object") return node.additionalProperties === undefined ? objectNode(node) : mapNode(node);
  if (node.type === "array") return listNode(node);
  if (node.type === "string") return textNode(node);
  if (node.type === "integer") {
    return { kind: "integer", ...set({ minimum: ownBound(node.minimum), maximum: ownBound(node.maximum) }) };
  }
  if (node.type === "boolean") return { kind: "boolean" };
  throw new Error(`a schema of type ${String(node.type)} has no wire form`);
}

function objectNode(node: SourceNode): SchemaNode {
  return {
    kind: "object",
    ...set({ required: node.required }),
    properties: Object.fromEntries(propertiesOf(node).map(([name, child]) => [name, wireSchema(child)])),
  };
}

function mapNode(node: SourceNode): SchemaNode {
  return {
    kind: "map",
    maxProperties: number(node["maxProperties"]),
    values: wireSchema(childNode(node.additionalProperties)),
  };
}

function listNode(node: SourceNode): SchemaNode {
  const keys: unknown = node["x-kubernetes-list-map-keys"];
  const mapKey: unknown = Array.isArray(keys) ? keys[0] : undefined;
  return {
    kind: "list",
    maxItems: number(node.maxItems),
    ...set({ minItems: node.minItems, mapKey: typeof mapKey === "string" ? mapKey : undefined }),
    items: wireSchema(childNode(node.items)),
  };
}

function textNode(node: SourceNode): SchemaNode {
  const oneOf = node.enum?.filter((value) => typeof value === "string");
  return {
    kind: "text",
    ...set({ oneOf, minLength: node.minLength, maxLength: node.maxLength, rule: textRuleOf(node) }),
  };
}

function number(value: unknown): number {
  if (typeof value !== "number") throw new Error("a list or map has no bound");
  return value;
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The properties that are not undefined. */
function set<T extends object>(properties: T): Present<T> {
  const isPresent = (value: object): value is Present<T> => Object.values(value).every((one) => one !== undefined);
  const present: object = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
  return isPresent(present) ? present : {};
}
