// What the API server checks by structure, checked here too: manifests come from `fairlead validate` as well, and from
// before a CRD upgrade. The schemas are generated from the same source as the CRDs (src/core/spec/schemas/).

import { failed, ok, type Result } from "../result.ts";
import { isRecord, listOf, recordOf } from "../unknown.ts";
import type { SpecError } from "./records.ts";
import { type TextRuleName, textRules } from "./rules.ts";

export type SchemaNode = ObjectNode | MapNode | ListNode | TextNode | IntegerNode | BooleanNode | IntegerOrTextNode;

interface ObjectNode {
  readonly kind: "object";
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, SchemaNode>>;
}
interface MapNode {
  readonly kind: "map";
  readonly maxProperties: number;
  readonly values: SchemaNode;
}
interface ListNode {
  readonly kind: "list";
  readonly minItems?: number;
  readonly maxItems: number;
  /** The property that no two items may share. */
  readonly mapKey?: string;
  readonly items: SchemaNode;
}
interface TextNode {
  readonly kind: "text";
  readonly oneOf?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly rule?: TextRuleName;
}
interface IntegerNode {
  readonly kind: "integer";
  readonly minimum?: number;
  readonly maximum?: number;
}
interface BooleanNode {
  readonly kind: "boolean";
}
interface IntegerOrTextNode {
  readonly kind: "integerOrText";
}

/** The type of the documents that a schema describes. */
export type Wire<S> = S extends { kind: keyof WireOf<S> } ? WireOf<S>[S["kind"]] : never;

interface WireOf<S> {
  object: WireObject<Field<S, "properties">, Item<Field<S, "required">>>;
  map: Readonly<Record<string, Wire<Field<S, "values">>>>;
  list: readonly Wire<Field<S, "items">>[];
  text: S extends { oneOf: readonly unknown[] } ? Item<S["oneOf"]> : string;
  integer: number;
  boolean: boolean;
  integerOrText: number | string;
}
type Field<S, K extends string> = S extends Readonly<Record<K, infer F>> ? F : never;
type Item<L> = L extends readonly (infer I)[] ? I : never;
type WireObject<P, R> = { readonly [K in keyof P as K extends R ? K : never]: Wire<P[K]> } & {
  readonly [K in keyof P as K extends R ? never : K]?: Wire<P[K]>;
};

/**
 * The document as the schema types it, nulls of absent properties removed (as the API server does), or its first
 * problem. Unknown fields are no problem here: see `unknownPaths`.
 */
export function conform<S extends SchemaNode>(schema: S, raw: unknown, path: string): Result<Wire<S>, SpecError> {
  const value = holdsNull(raw) ? withoutNulls(raw) : raw;
  const problem = firstProblem(schema, value);
  // The check is the proof of the type: this is the constructor of Wire<S>.
  return problem === undefined ? ok(value as Wire<S>) : failed(under(path, problem));
}

/** Paths of the fields that the schema does not have, for strict validation. */
export function unknownPaths(schema: SchemaNode, value: unknown, path: string): readonly string[] {
  switch (schema.kind) {
    case "object":
      return Object.entries(recordOf(value)).flatMap(([name, child]) => {
        const property = propertyOf(schema, name);
        return property === undefined ? [`${path}.${name}`] : unknownPaths(property, child, `${path}.${name}`);
      });
    case "map":
      return Object.entries(recordOf(value)).flatMap(([name, child]) =>
        unknownPaths(schema.values, child, `${path}[${name}]`),
      );
    case "list":
      return listOf(value).flatMap((item, index) => unknownPaths(schema.items, item, `${path}[${index}]`));
    case "text":
    case "integer":
    case "boolean":
    case "integerOrText":
      return [];
  }
}

/** Its path starts at `value`: only a problem is worth the making of a path. */
function firstProblem(schema: SchemaNode, value: unknown): SpecError | undefined {
  switch (schema.kind) {
    case "object":
      return objectProblem(schema, value);
    case "map":
      return mapProblem(schema, value);
    case "list":
      return listProblem(schema, value);
    case "text":
    case "integer":
    case "boolean":
    case "integerOrText": {
      const message = scalarProblem(schema, value);
      return message === undefined ? undefined : here(message);
    }
  }
}

function here(message: string): SpecError {
  return { path: "", message };
}

function under(step: string, { path, message }: SpecError): SpecError {
  return { path: step + path, message };
}

function propertyOf(schema: ObjectNode, name: string): SchemaNode | undefined {
  return Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

function objectProblem(schema: ObjectNode, value: unknown): SpecError | undefined {
  if (!isRecord(value)) return here("must be an object");
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return under(`.${missing}`, here("is required"));
  for (const name of Object.keys(value)) {
    const property = propertyOf(schema, name);
    const problem = property === undefined ? undefined : firstProblem(property, value[name]);
    if (problem !== undefined) return under(`.${name}`, problem);
  }
  return undefined;
}

function mapProblem(schema: MapNode, value: unknown): SpecError | undefined {
  if (!isRecord(value)) return here("must be a map");
  const names = Object.keys(value);
  if (names.length > schema.maxProperties) return here(`must have at most ${schema.maxProperties} entries`);
  for (const name of names) {
    const problem = firstProblem(schema.values, value[name]);
    if (problem !== undefined) return under(`[${name}]`, problem);
  }
  return undefined;
}

function listProblem(schema: ListNode, value: unknown): SpecError | undefined {
  if (!Array.isArray(value)) return here("must be a list");
  if (value.length > schema.maxItems) return here(`must have at most ${schema.maxItems} items`);
  if (value.length < (schema.minItems ?? 0)) return here(`must have at least ${schema.minItems ?? 0} items`);
  for (const [index, item] of value.entries()) {
    const problem = firstProblem(schema.items, item);
    if (problem !== undefined) return under(`[${index}]`, problem);
  }
  return schema.mapKey === undefined ? undefined : duplicateProblem(schema.mapKey, value);
}

function duplicateProblem(key: string, value: readonly unknown[]): SpecError | undefined {
  const seen = new Set<unknown>();
  for (const [index, item] of value.entries()) {
    const id = isRecord(item) ? item[key] : undefined;
    if (seen.has(id)) return under(`[${index}]`, here(`duplicate ${key}: give each entry its own`));
    seen.add(id);
  }
  return undefined;
}

type ScalarNode = TextNode | IntegerNode | BooleanNode | IntegerOrTextNode;

function scalarProblem(schema: ScalarNode, value: unknown): string | undefined {
  switch (schema.kind) {
    case "text":
      return typeof value === "string" ? textProblem(schema, value) : "must be a string";
    case "integer":
      return isInteger(value) ? rangeProblem(schema, value) : "must be a whole number";
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "integerOrText":
      return typeof value === "string" || isInteger(value) ? undefined : "must be a whole number or a string";
  }
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function textProblem(schema: TextNode, value: string): string | undefined {
  if (schema.oneOf !== undefined && !schema.oneOf.includes(value)) return `must be one of ${schema.oneOf.join(", ")}`;
  const { minLength = 0, maxLength = Infinity } = schema;
  if (value.length < minLength) return "must not be empty";
  if (isLonger(value, maxLength)) return `must have at most ${maxLength} characters`;
  return schema.rule === undefined ? undefined : ruleProblem(schema.rule, value);
}

/** Counted in code points, as the API server does. */
export function isLonger(value: string, maxLength: number): boolean {
  return value.length > maxLength && Array.from(value).length > maxLength;
}

const compiledRules = new Map(Object.entries(textRules).map(([name, { pattern }]) => [name, new RegExp(pattern)]));

function ruleProblem(name: TextRuleName, value: string): string | undefined {
  return compiledRules.get(name)?.test(value) === true ? undefined : textRules[name].message;
}

function rangeProblem(schema: IntegerNode, value: number): string | undefined {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  return value >= minimum && value <= maximum ? undefined : `must be between ${minimum} and ${maximum}`;
}

function holdsNull(value: unknown): boolean {
  return typeof value === "object" && (value === null || Object.values(value).some(holdsNull));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return listOf(value).map(withoutNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null)
      .map(([name, child]) => [name, withoutNulls(child)]),
  );
}
