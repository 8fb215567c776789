// JSON merge patch (RFC 7386), which leaves what it does not name as it is, and whole where nothing differs.

import { isRecord, recordOf } from "../../../src/core/unknown.ts";
import type { Json } from "./revision.ts";

export function mergePatch(target: Json, patch: Json): Json {
  const merged: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, name);
    else merged[name] = isRecord(value) ? mergePatch(recordOf(merged[name]), value) : value;
  }
  return merged;
}

/** String members only: what the API server accepts for labels, annotations and data. */
export function textMap(raw: unknown): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(recordOf(raw))) if (typeof value === "string") texts[name] = value;
  return texts;
}
