// Values from the CRD's schema alone: ones that should be accepted, ones that must not, and single changes of a document
// at a random place. Rules between fields are left to the API server to judge. Hints put meaning into fields that name
// things.

import { isRecord, type JsonRecord } from "../testbed/json.ts";
import type { CrdNode, CrdObject } from "./crd-schema.ts";
import type { Dice } from "./dice.ts";

/** By path without indexes, such as `data[].remoteRef.key`: what a field holds when it shall mean something. */
export type ValueHints = ReadonlyMap<string, { readonly values: readonly unknown[]; readonly always: boolean }>;

export interface ValueContext {
  readonly dice: Dice;
  readonly hints: ValueHints;
}

type TextSchema = Extract<CrdNode, { kind: "text" }>;

const HINTED = 0.7;
const OPTIONAL_SET = 0.4;
const AT_THE_BOUND = 0.04;

/** Within type, enum, bounds and pattern. */
export function validValue(node: CrdNode, path: string, context: ValueContext): unknown {
  const { dice, hints } = context;
  const hint = hints.get(path);
  if (hint !== undefined && (hint.always || dice.chance(HINTED))) return dice.pick(hint.values);
  switch (node.kind) {
    case "boolean":
      return dice.chance(0.5);
    case "text":
      return validText(node, dice);
    case "object":
      return validObject(node, path, context);
    case "map":
      return Object.fromEntries(
        Array.from({ length: sizeUpTo(node.maxProperties, dice) }, (_, index) => [
          dice.chance(0.8) ? `name-${index}` : `${validText(FREE_NAME, dice)}${index}`,
          validValue(node.values, `${path}{}`, context),
        ]),
      );
    case "list":
      return validList(node, path, context);
  }
}

function validObject(node: CrdObject, path: string, context: ValueContext): JsonRecord {
  const set = [...node.properties].filter(
    ([name]) => node.required.includes(name) || context.dice.chance(OPTIONAL_SET),
  );
  return Object.fromEntries(set.map(([name, child]) => [name, validValue(child, join(path, name), context)]));
}

function validList(node: Extract<CrdNode, { kind: "list" }>, path: string, context: ValueContext): readonly unknown[] {
  const length = sizeUpTo(node.maxItems, context.dice);
  const items = Array.from({ length }, () => validValue(node.items, `${path}[]`, context));
  const { mapKey } = node;
  if (mapKey === undefined) return items;
  return [...new Map(items.filter(isRecord).map((item) => [item[mapKey], item])).values()];
}

function sizeUpTo(max: number, dice: Dice): number {
  return dice.chance(AT_THE_BOUND) ? max : dice.integer(0, Math.min(3, max));
}

const PLAIN = Array.from("abcdefghijklmnopqrstuvwxyz0123456789");
const STRANGE = Array.from("aZ09-_./+=:@ ~!?#%&*|\\\"'(){}[]<>^$äß漢😀\u00a0\t\n\u007f{{");
const FREE_NAME: TextSchema = { kind: "text", oneOf: [], minLength: 1, maxLength: 60, patterns: [] };
/** Legal for most fields that have a form. */
const FORMED = ["1h", "90s", "0", "1h30m", "2", "a", "some-name", "app.v1", "example.com", "A_b-c.d"];
const TRIES = 20;

function validText(node: TextSchema, dice: Dice): string {
  if (node.oneOf.length > 0) return dice.pick(node.oneOf);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const text = dice.chance(0.3) ? dice.pick(FORMED) : randomText(node, dice);
    if (isLegal(node, text)) return text;
  }
  return dice.text(PLAIN, Math.max(1, node.minLength));
}

function randomText({ minLength, maxLength }: TextSchema, dice: Dice): string {
  const length = dice.chance(AT_THE_BOUND) ? maxLength : dice.integer(minLength, Math.min(maxLength, 20));
  return dice.text(dice.chance(0.6) ? PLAIN : STRANGE, length);
}

function isLegal({ minLength, maxLength, patterns }: TextSchema, text: string): boolean {
  const length = Array.from(text).length;
  return length >= minLength && length <= maxLength && patterns.every((pattern) => pattern.test(text));
}

/** Against the schema: another type, out of its bounds, or not of its form. */
export function brokenValue(node: CrdNode, path: string, context: ValueContext): unknown {
  const { dice } = context;
  const wrongType = dice.pick(wrongTypes[node.kind]);
  switch (node.kind) {
    case "boolean":
      return wrongType;
    case "text":
      return dice.pick<unknown>([wrongType, ...illegalTexts(node)]);
    case "object":
      return dice.pick<unknown>([wrongType, ...brokenObjects(node, validObject(node, path, context))]);
    case "map":
      return dice.pick<unknown>([wrongType, { name: dice.pick([1, true, {}, []]) }, tooMany(node, path, context)]);
    case "list":
      return dice.pick<unknown>([wrongType, ["no item"], tooLong(node, path, context), ...duplicates(node)]);
  }
}

const wrongTypes: Readonly<Record<CrdNode["kind"], readonly unknown[]>> = {
  boolean: ["true", 1, {}, []],
  text: [1, 0, true, {}, [], ["a"]],
  object: ["text", 1, false, []],
  map: ["text", 1, []],
  list: ["text", 1, {}],
};

function illegalTexts(node: TextSchema): readonly string[] {
  const { maxLength, oneOf } = node;
  const candidates = ["", " ", ".", "..", "...x", "-a", "a-", "A b", "a/b", "ä", "a\n", "\u0000", "owner", "1d", "-1h"];
  const tooLongTexts = Number.isFinite(maxLength) ? ["x".repeat(maxLength + 1), "ä".repeat(maxLength + 1)] : [];
  return [...candidates, ...tooLongTexts].filter((text) =>
    oneOf.length > 0 ? !oneOf.includes(text) : !isLegal(node, text),
  );
}

function brokenObjects(node: CrdObject, valid: JsonRecord): readonly JsonRecord[] {
  const without = node.required.map((name) =>
    Object.fromEntries(Object.entries(valid).filter(([other]) => other !== name)),
  );
  return [{ ...valid, bogus: "x" }, ...without];
}

function tooMany(node: Extract<CrdNode, { kind: "map" }>, path: string, context: ValueContext): JsonRecord {
  const names = Array.from({ length: node.maxProperties + 1 }, (_, index) => `name-${index}`);
  return Object.fromEntries(names.map((name) => [name, validValue(node.values, `${path}{}`, context)]));
}

function tooLong(
  { items, maxItems, mapKey }: Extract<CrdNode, { kind: "list" }>,
  path: string,
  context: ValueContext,
): readonly unknown[] {
  return Array.from({ length: maxItems + 1 }, (_, index) => {
    const item = validValue(items, `${path}[]`, context);
    return mapKey !== undefined && isRecord(item) ? { ...item, [mapKey]: `key-${index}` } : item;
  });
}

function duplicates({ mapKey }: Extract<CrdNode, { kind: "list" }>): readonly unknown[] {
  if (mapKey === undefined) return [];
  const item = { [mapKey]: "same", remoteRef: { key: "a" } };
  return [[item, item]];
}

/** What stands at the changed place. */
type Replace = (node: CrdNode, path: string) => unknown;

/** `value` with one random place below it changed. Paths are as in ValueHints; the top is the empty path. */
export function changedSomewhere(
  node: CrdNode,
  value: unknown,
  { path, replace, dice }: { readonly path: string; readonly replace: Replace; readonly dice: Dice },
): unknown {
  const below = { path, replace, dice };
  if (node.kind === "object" && isRecord(value)) return changedObject(node, value, below);
  if (node.kind === "list" && Array.isArray(value) && value.length > 0 && dice.chance(0.85)) {
    const items: readonly unknown[] = value;
    const at = dice.integer(0, items.length - 1);
    if (dice.chance(0.1)) return items.filter((_, index) => index !== at);
    if (dice.chance(0.2)) return [...items, replace(node.items, `${path}[]`)];
    return items.map((item, index) =>
      index === at ? changedSomewhere(node.items, item, { ...below, path: `${path}[]` }) : item,
    );
  }
  return replace(node, path);
}

function changedObject(
  node: CrdObject,
  value: JsonRecord,
  { path, replace, dice }: { readonly path: string; readonly replace: Replace; readonly dice: Dice },
): JsonRecord {
  const present = [...node.properties].filter(([name]) => Object.hasOwn(value, name));
  const [name, child] = dice.pick(present.length > 0 && dice.chance(0.6) ? present : [...node.properties]);
  const at = join(path, name);
  if (!Object.hasOwn(value, name)) return { ...value, [name]: replace(child, at) };
  if (dice.chance(0.1)) return Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
  return { ...value, [name]: changedSomewhere(child, value[name], { path: at, replace, dice }) };
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
