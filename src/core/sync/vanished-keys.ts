// A `find` mirrors its store, so a key may go with its remote secret. One incomplete look must not take it: until the
// absence is confirmed, the key keeps the value that the Secret holds.

import type { SecretValue } from "../secret-value.ts";
import type { Source } from "../spec/external-secret.ts";
import { sourceText } from "./entries.ts";
import type { LiveSecret } from "./live-secret.ts";

export interface VanishedKeysInput {
  readonly sources: readonly Source[];
  readonly rendering: ReadonlyMap<string, SecretValue>;
  readonly live: LiveSecret;
  /** Keys of the live Secret that are ours. */
  readonly ownKeys: Iterable<string>;
  /** Which source filled which key at our last rendering; empty after a restart. */
  readonly provenance: ReadonlyMap<string, string>;
}

/** Keys that a `find` may have lost: not rendered now, and not explained by an edit of the spec or a newer document. */
export function vanishedKeys(input: VanishedKeysInput): ReadonlyMap<string, SecretValue> {
  const finds = new Set(input.sources.filter((source) => source.kind === "find").map(sourceText));
  const vanished = new Map<string, SecretValue>();
  if (finds.size === 0) return vanished;
  for (const key of input.ownKeys) {
    const value = input.live.data.get(key);
    const origin = input.provenance.get(key);
    const mayBeFinds = origin === undefined || finds.has(origin);
    if (value !== undefined && mayBeFinds && !input.rendering.has(key)) vanished.set(key, value);
  }
  return vanished;
}
