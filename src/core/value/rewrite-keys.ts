// `rewrite`: names of a store as keys of a Secret, by the user's own rules.

import type { RewriteRule } from "../spec/external-secret.ts";

/** No rule is applied to more: each of a few rules may double the text, and no key of a Secret is as long. */
const MAX_REWRITTEN_LENGTH = 4096;

/** Applies the rules in order, each to what the one before it made. */
export function rewriteKey(name: string, rules: readonly RewriteRule[]): string {
  return rules.reduce(
    (key, { pattern, target }) => (key.length > MAX_REWRITTEN_LENGTH ? key : pattern.replaceAll(key, target)),
    name,
  );
}
