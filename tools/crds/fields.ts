// Building blocks of the CRD schemas: each forces a length and a description, and carries the Kubernetes extensions
// as zod metadata. Only build-time code imports zod.

import { z } from "zod";
import type { TextRuleName } from "../../src/core/spec/rules.ts";

/** A CEL rule with the message that tells the user what to do. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Metadata key of a TextRuleName; structural.ts turns it into a CEL rule, wire.ts into a check of the parser. */
export const TEXT_RULE = "x-fairlead-text-rule";

const MAX_NAME = 253;
const MAX_NAMESPACE = 63;

export function text(maxLength: number, description: string): z.ZodString {
  return z.string().max(maxLength).describe(description);
}

/** Not empty. */
export function someText(maxLength: number, description: string): z.ZodString {
  return z.string().min(1).max(maxLength).describe(description);
}

export function ruledText(maxLength: number, rule: TextRuleName, description: string): z.ZodString {
  return someText(maxLength, description).meta({ [TEXT_RULE]: rule });
}

export function objectName(description: string): z.ZodString {
  return ruledText(MAX_NAME, "objectName", description);
}

export function namespaceName(description: string): z.ZodString {
  return ruledText(MAX_NAMESPACE, "namespaceName", description);
}

export function dataKey(description: string): z.ZodString {
  return ruledText(MAX_NAME, "dataKey", description);
}

export function textMap(maxProperties: number, maxLength: number, description: string) {
  return z.record(z.string(), z.string().max(maxLength)).describe(description).meta({ maxProperties });
}

/** A list that is replaced as a whole. */
export function atomicList<T extends z.ZodType>(items: T, maxItems: number, description: string) {
  return z.array(items).max(maxItems).describe(description).meta({ "x-kubernetes-list-type": "atomic" });
}

/** A list whose items are told apart, and merged, by one property. */
export function mapList<T extends z.ZodType>(items: T, size: { key: string; maxItems: number }, description: string) {
  return z
    .array(items)
    .max(size.maxItems)
    .describe(description)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [size.key] });
}

export function ruled<T extends z.ZodType>(schema: T, rules: readonly CelRule[]): T {
  return schema.meta({ ...schema.meta(), "x-kubernetes-validations": rules });
}
