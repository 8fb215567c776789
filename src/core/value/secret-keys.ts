// From the names that a store has to the keys of the Secret. Two names that become one key, and keys that no Secret can
// have (an empty one too), are failures: External Secrets Operator drops a value silently there.

import { failed, ok, type Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import { textRules } from "../spec/rules.ts";

export type KeyFailure =
  /** `key`: legal, the first of them in order. */
  | { readonly kind: "collision"; readonly key: string }
  /** `example`: the first of them in order. It may hold anything. */
  | { readonly kind: "illegal"; readonly count: number; readonly example: string };

/** Gives each value the key that `rename` makes of its name. */
export function secretKeys(
  values: ReadonlyMap<string, SecretValue>,
  rename: (name: string) => string,
): Result<ReadonlyMap<string, SecretValue>, KeyFailure> {
  const renamed = Array.from(values, ([name, value]) => [rename(name), value] as const);
  const keys = renamed.map(([key]) => key).sort();
  const illegal = keys.filter((key) => !isSecretKey(key));
  const [example] = illegal;
  if (example !== undefined) return failed({ kind: "illegal", count: illegal.length, example });
  const collision = keys.find((key, index) => key === keys[index + 1]);
  if (collision !== undefined) return failed({ kind: "collision", key: collision });
  return ok(new Map(renamed));
}

/** Longest key of a Secret (apimachinery, DNS1123SubdomainMaxLength in IsConfigMapKey). */
const MAX_KEY_LENGTH = 253;
const LEGAL_KEY = new RegExp(textRules.secretKey.pattern);

function isSecretKey(key: string): boolean {
  return key.length <= MAX_KEY_LENGTH && LEGAL_KEY.test(key);
}
