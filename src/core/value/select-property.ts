// What one `data` entry takes from a remote secret: the whole of it, or one property of the JSON in it.

import type { RemoteSecret } from "../provider/port.ts";
import { failed, ok, type Result } from "../result.ts";
import { SecretValue } from "../secret-value.ts";
import { canonicalJson } from "./canonical-json.ts";
import { rawBytes, type JsonNode, type JsonSyntaxError } from "./json-document.ts";
import { jsonStringBytes } from "./json-string.ts";
import { matchPath } from "./json-path.ts";
import { parsePayload, type JsonPayload, type PayloadParser } from "./parse-payload.ts";

/** Why a payload cannot serve. `notObject`: it is JSON, but has no members. */
export type PayloadProblem = JsonSyntaxError | "notObject";

export type PropertyFailure =
  /** `existing`: names of top-level properties that may be shown, sorted, at most 10. */
  | { readonly kind: "notFound"; readonly existing: readonly string[] }
  | { readonly kind: "unsupportedPath" }
  | { readonly kind: "malformed"; readonly problem: PayloadProblem };

/**
 * Without a property: a document as its canonical JSON, a blob as it is stored. With one, by `matchPath`: a string
 * as its UTF-8, numbers as written, null as an empty value, objects and arrays as canonical JSON.
 */
export function selectProperty(
  secret: RemoteSecret,
  property: string | undefined,
  parse: PayloadParser = parsePayload,
): Result<SecretValue, PropertyFailure> {
  if (property === undefined && secret.form === "blob") return ok(secret.payload);
  const payload = parse(secret.payload);
  if (!payload.ok) return failed({ kind: "malformed", problem: payload.error });
  return property === undefined
    ? ok(nodeValue(payload.value, payload.value.root))
    : propertyOf(payload.value, property);
}

function propertyOf(payload: JsonPayload, property: string): Result<SecretValue, PropertyFailure> {
  const { root } = payload;
  if (root.kind !== "object" && root.kind !== "array") return failed({ kind: "malformed", problem: "notObject" });
  const match = matchPath(root, property);
  switch (match.kind) {
    case "found":
      return ok(nodeValue(payload, match.node));
    case "unsupported":
      return failed({ kind: "unsupportedPath" });
    case "missing":
      return failed({ kind: "notFound", existing: showableNames(root) });
  }
}

/** What a node of the payload becomes as a value of a Secret. */
export function nodeValue({ bytes }: JsonPayload, node: JsonNode): SecretValue {
  switch (node.kind) {
    case "string":
      return SecretValue.ofBytes(jsonStringBytes(bytes, node));
    case "null":
      return SecretValue.ofBytes(new Uint8Array());
    case "object":
    case "array":
      return SecretValue.ofBytes(canonicalJson(bytes, node));
    case "number":
    case "true":
    case "false":
      return SecretValue.ofBytes(rawBytes(bytes, node));
  }
}

const MAX_SHOWN_NAMES = 10;
/** Nothing longer or stranger than this is shown: a name like that may itself be a secret. */
const SHOWABLE_NAME = /^[A-Za-z0-9._-]{1,40}$/;

function showableNames(root: JsonNode): readonly string[] {
  if (root.kind !== "object") return [];
  return [...root.members.keys()]
    .filter((name) => SHOWABLE_NAME.test(name))
    .sort()
    .slice(0, MAX_SHOWN_NAMES);
}
