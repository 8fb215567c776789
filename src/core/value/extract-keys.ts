// What `dataFrom.extract` takes from a payload: every member of the JSON object in it, under its own name.

import { failed, ok, type Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import { parsePayload, type PayloadParser } from "./parse-payload.ts";
import { nodeValue, type PayloadProblem } from "./select-property.ts";

/** Names as the store has them: they may be no keys of a Secret yet. */
export function extractKeys(
  payload: SecretValue,
  parse: PayloadParser = parsePayload,
): Result<ReadonlyMap<string, SecretValue>, PayloadProblem> {
  const parsed = parse(payload);
  if (!parsed.ok) return parsed;
  const { root } = parsed.value;
  if (root.kind !== "object") return failed("notObject");
  return ok(new Map(Array.from(root.members, ([name, node]) => [name, nodeValue(parsed.value, node)])));
}
