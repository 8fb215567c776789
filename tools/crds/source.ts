// What zod says about a schema, as plain JSON Schema nodes: the one input of structural.ts (CRD) and wire.ts (parser).

import { z } from "zod";
import { type TextRuleName, textRules } from "../../src/core/spec/rules.ts";
import { type CelRule, TEXT_RULE } from "./fields.ts";

export type SourceNode = z.core.JSONSchema.BaseSchema;

export function sourceOf(schema: z.ZodType): SourceNode {
  return z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", reused: "inline" });
}

/** A child node; zod also knows schemas that are plain booleans, which we never make. */
export function childNode(child: unknown): SourceNode {
  if (!isNode(child)) throw new Error("a child schema is missing");
  return child;
}

export function propertiesOf(node: SourceNode): readonly (readonly [string, SourceNode])[] {
  return Object.entries(node.properties ?? {}).map(([name, child]) => [name, childNode(child)]);
}

export function isIntegerOrText(node: SourceNode): boolean {
  return node["x-kubernetes-int-or-string"] === true;
}

export function textRuleOf(node: SourceNode): TextRuleName | undefined {
  const rule = node[TEXT_RULE];
  return isTextRuleName(rule) ? rule : undefined;
}

export function celRulesOf(node: SourceNode): readonly CelRule[] {
  const rules = node["x-kubernetes-validations"];
  return Array.isArray(rules) ? rules.filter(isCelRule) : [];
}

/** A bound of an integer that we set; zod adds those of JavaScript's safe integers. */
export function ownBound(bound: number | undefined): number | undefined {
  return bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? undefined : bound;
}

function isNode(value: unknown): value is SourceNode {
  return typeof value === "object" && value !== null;
}

function isTextRuleName(value: unknown): value is TextRuleName {
  return typeof value === "string" && Object.hasOwn(textRules, value);
}

function isCelRule(value: unknown): value is CelRule {
  return isNode(value) && typeof value["rule"] === "string" && typeof value["message"] === "string";
}
