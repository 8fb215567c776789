// The committed CRD as the generators see it: types, bounds, enums, and the patterns that its CEL rules hold. What users
// apply is judged by this file's content, so the fuzzing starts from it and not from the sources it was made of.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { isRecord, type JsonRecord, listAt, valueAt } from "../testbed/json.ts";

export type CrdNode =
  | { readonly kind: "object"; readonly required: readonly string[]; readonly properties: ReadonlyMap<string, CrdNode> }
  | { readonly kind: "map"; readonly maxProperties: number; readonly values: CrdNode }
  | { readonly kind: "list"; readonly maxItems: number; readonly mapKey: string | undefined; readonly items: CrdNode }
  | {
      readonly kind: "text";
      readonly oneOf: readonly string[];
      readonly minLength: number;
      readonly maxLength: number;
      /** Of the CEL rules: the text must match all of them. */
      readonly patterns: readonly RegExp[];
    }
  | { readonly kind: "boolean" };

export type CrdObject = Extract<CrdNode, { kind: "object" }>;

const CRD_FILE = join(import.meta.dirname, "../../crds/fairlead.dev_externalsecrets.yaml");

/** The schema of `spec`. */
export function readSpecSchema(file = CRD_FILE): CrdObject {
  const document: unknown = parse(readFileSync(file, "utf8"));
  const root = valueAt(document, "spec", "versions", 0, "schema", "openAPIV3Schema");
  const spec = parseNode(valueAt(root, "properties", "spec"), "spec");
  if (spec.kind !== "object") throw new Error("the CRD has no object at spec");
  return spec;
}

function parseNode(raw: unknown, path: string): CrdNode {
  if (!isRecord(raw)) throw new Error(`the CRD has no schema at ${path}`);
  switch (raw["type"]) {
    case "object":
      return isRecord(raw["additionalProperties"]) ? mapNode(raw, path) : objectNode(raw, path);
    case "array":
      return {
        kind: "list",
        maxItems: bound(raw, "maxItems", path),
        mapKey: textsAt(raw, "x-kubernetes-list-map-keys")[0],
        items: parseNode(raw["items"], `${path}[]`),
      };
    case "string":
      return textNode(raw, path);
    case "boolean":
      return { kind: "boolean" };
    default:
      throw new Error(`the generators do not know the type of ${path}`);
  }
}

function objectNode(raw: JsonRecord, path: string): CrdNode {
  const properties = isRecord(raw["properties"]) ? raw["properties"] : {};
  return {
    kind: "object",
    required: textsAt(raw, "required"),
    properties: new Map(Object.entries(properties).map(([name, node]) => [name, parseNode(node, `${path}.${name}`)])),
  };
}

function mapNode(raw: JsonRecord, path: string): CrdNode {
  return {
    kind: "map",
    maxProperties: bound(raw, "maxProperties", path),
    values: parseNode(raw["additionalProperties"], `${path}{}`),
  };
}

function textNode(raw: JsonRecord, path: string): CrdNode {
  const oneOf = textsAt(raw, "enum");
  const minLength = raw["minLength"];
  return {
    kind: "text",
    oneOf,
    minLength: typeof minLength === "number" ? minLength : 0,
    maxLength: oneOf.length > 0 ? Infinity : bound(raw, "maxLength", path),
    patterns: listAt(raw, "x-kubernetes-validations").flatMap((rule) => patternsIn(valueAt(rule, "rule"))),
  };
}

/** Patterns of rules that are one match and nothing else; a rule with more is for the API server to judge. */
function patternsIn(rule: unknown): readonly RegExp[] {
  const [, literal] = /^self\.matches\('((?:[^'\\]|\\.)*)'\)$/.exec(String(rule)) ?? [];
  return literal === undefined ? [] : [new RegExp(literal.replaceAll(/\\(.)/g, "$1"), "u")];
}

/** Every list, map and text of our CRDs is bounded (design: api.md, schema rules). */
function bound(raw: JsonRecord, name: string, path: string): number {
  const found = raw[name];
  if (typeof found !== "number") throw new Error(`the CRD has no ${name} at ${path}`);
  return found;
}

function textsAt(raw: JsonRecord, name: string): readonly string[] {
  return listAt(raw, name).filter((item) => typeof item === "string");
}
