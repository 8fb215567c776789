// Several sources fill one Secret: of two that render the same key, the later one wins, as in `dataFrom` and `data`.

import type { SecretValue } from "../secret-value.ts";

/** `rendered` in the order of the spec's sources. */
export function mergeRendered(rendered: readonly ReadonlyMap<string, SecretValue>[]): ReadonlyMap<string, SecretValue> {
  return new Map(rendered.flatMap((values) => [...values]));
}
