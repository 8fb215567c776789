// The names of a Secret's keys as status keeps them: enough to see after a restart that a key came or went.

import { createHash } from "node:crypto";

export interface KeyNames {
  readonly total: number;
  /** SHA-256, hexadecimal, of the sorted names joined by newlines. */
  readonly digest: string;
}

export function keyNames(names: readonly string[]): KeyNames {
  return { total: names.length, digest: createHash("sha256").update(names.toSorted().join("\n")).digest("hex") };
}
