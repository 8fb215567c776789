// The smallest write that makes one status into another: a JSON merge patch of whole top-level fields (RFC 7396).

import { isDeepStrictEqual } from "node:util";

/** Body for PATCH `/status`: changed fields, null for those that went; undefined: nothing to write. Key order is ignored. */
export function statusPatch<S extends object>(
  previous: NoInfer<S> | undefined,
  next: S,
): Record<string, unknown> | undefined {
  const before = new Map<string, unknown>(Object.entries(previous ?? {}));
  const after = new Map<string, unknown>(Object.entries(next));
  const changed = [...after].filter(([name, value]) => !isDeepStrictEqual(value, before.get(name)));
  const removed = [...before.keys()].filter((name) => !after.has(name)).map((name) => [name, null] as const);
  const fields = [...changed, ...removed];
  return fields.length === 0 ? undefined : { status: Object.fromEntries(fields) };
}
