// A strict JSON reader (RFC 8259) over bytes. It yields spans into the input, not values: a secret in the document
// never becomes a JavaScript string, which could not be wiped. Only member names are decoded, for look-ups.

import { isUtf8 } from "node:buffer";
import { failed, ok, type Result } from "../result.ts";
import { JsonScanner } from "./json-scanner.ts";
import { jsonStringBytes, utf8Text } from "./json-string.ts";

/** Where a node stands in the bytes that it was parsed from: from `start` up to and without `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonObject extends Span {
  readonly kind: "object";
  /** By decoded name. Of several members with one name the last holds, as in Go and in JSON.parse. */
  readonly members: ReadonlyMap<string, JsonNode>;
}

export interface JsonArray extends Span {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

/** The span of a string includes its quotes. */
export interface JsonScalar extends Span {
  readonly kind: "string" | "number" | "true" | "false" | "null";
}

export type JsonNode = JsonObject | JsonArray | JsonScalar;

/** Why bytes are not a document. It says nothing about what they hold. */
export type JsonSyntaxError = "notUtf8" | "notJson" | "tooDeep";

/** Parses a whole document. The nodes are good for as long as nobody changes the bytes. */
export function parseJsonDocument(bytes: Uint8Array): Result<JsonNode, JsonSyntaxError> {
  if (!isUtf8(bytes)) return failed("notUtf8");
  const scanner = new JsonScanner(bytes);
  const root = scanner.wholeValue();
  if (root !== undefined) return ok(root);
  return failed(scanner.isTooDeep ? "tooDeep" : "notJson");
}

/** The member `name` of an object; undefined if there is none, or if the node is no object. */
export function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.kind === "object" ? node.members.get(name) : undefined;
}

/** A copy of the node's JSON text as written: the way to cut a subtree out, or to keep a number exact. */
export function rawBytes(bytes: Uint8Array, node: JsonNode): Uint8Array {
  return new Uint8Array(bytes.subarray(node.start, node.end));
}

/** What a string node says, in UTF-8, in memory of its own. Undefined if the node is no string. */
export function stringBytes(bytes: Uint8Array, node: JsonNode | undefined): Uint8Array | undefined {
  return node?.kind === "string" ? jsonStringBytes(bytes, node) : undefined;
}

/** A string as text. Only for what is no secret, such as `created_time` of an envelope. */
export function textValue(bytes: Uint8Array, node: JsonNode | undefined): string | undefined {
  const text = stringBytes(bytes, node);
  return text && utf8Text(text);
}

/** A number, rounded to a double. Only for what is no secret, such as `version` of an envelope. */
export function numberValue(bytes: Uint8Array, node: JsonNode | undefined): number | undefined {
  return node?.kind === "number" ? Number(utf8Text(rawBytes(bytes, node))) : undefined;
}

export function booleanValue(node: JsonNode | undefined): boolean | undefined {
  return node?.kind === "true" || node?.kind === "false" ? node.kind === "true" : undefined;
}
