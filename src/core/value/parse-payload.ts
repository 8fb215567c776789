// A payload as a JSON document. The sources of one sync often read the same payload: they share one parser, which
// looks at each payload once, so that 256 properties of a large document cost one pass and not 256.

import { ok, type Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import { parseJsonDocument, type JsonNode, type JsonSyntaxError } from "./json-document.ts";

export interface JsonPayload {
  readonly bytes: Uint8Array;
  /** Spans of `bytes`. */
  readonly root: JsonNode;
}

export type PayloadParser = (payload: SecretValue) => Result<JsonPayload, JsonSyntaxError>;

export function parsePayload(payload: SecretValue): Result<JsonPayload, JsonSyntaxError> {
  const bytes = payload.revealBytes();
  const root = parseJsonDocument(bytes);
  return root.ok ? ok({ bytes, root: root.value }) : root;
}

/** Remembers what it parsed as long as the payload lives. For one sync: a document's nodes are larger than its text. */
export function createPayloadParser(): PayloadParser {
  const parsed = new WeakMap<SecretValue, Result<JsonPayload, JsonSyntaxError>>();
  return (payload) => {
    const known = parsed.get(payload) ?? parsePayload(payload);
    parsed.set(payload, known);
    return known;
  };
}
