// From zod's JSON Schema to the structural schema of a CRD (Kubernetes documentation, "Specifying a structural schema").

import { textRules } from "../../src/core/spec/rules.ts";
import { celText } from "./cel.ts";
import type { CelRule } from "./fields.ts";
import {
  celRulesOf,
  childNode,
  isIntegerOrText,
  ownBound,
  propertiesOf,
  type SourceNode,
  textRuleOf,
} from "./source.ts";

export interface StructuralSchema {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
  readonly "x-kubernetes-validations"?: readonly CelRule[];
}

/** Keywords that go over as they are. */
const KEPT = [
  "description",
  "format",
  "default",
  "enum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
] as const;

export function structural(node: SourceNode): StructuralSchema {
  const kept: object = Object.fromEntries(
    KEPT.filter((keyword) => node[keyword] !== undefined).map((keyword) => [keyword, node[keyword]]),
  );
  return { ...kept, ...typeOf(node), ...childrenOf(node), ...validationsOf(node) };
}

function typeOf(node: SourceNode): StructuralSchema {
  if (isIntegerOrText(node)) return {};
  if (node.type !== "integer") return typeof node.type === "string" ? { type: node.type } : {};
  const minimum = ownBound(node.minimum);
  const maximum = ownBound(node.maximum);
  return {
    type: "integer",
    format: "int64",
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}

function childrenOf(node: SourceNode): StructuralSchema {
  if (node.type === "array") return { items: structural(childNode(node.items)) };
  if (node.type !== "object") return {};
  if (node.additionalProperties !== undefined) {
    return { additionalProperties: structural(childNode(node.additionalProperties)) };
  }
  const properties = propertiesOf(node).map(([name, child]) => [name, structural(child)] as const);
  return {
    properties: Object.fromEntries(properties),
    ...(node.required === undefined ? {} : { required: node.required }),
  };
}

function validationsOf(node: SourceNode): StructuralSchema {
  const textRule = textRuleOf(node);
  const rules = [
    ...(textRule === undefined
      ? []
      : [{ rule: `self.matches(${celText(textRules[textRule].pattern)})`, message: textRules[textRule].message }]),
    ...celRulesOf(node),
  ];
  return rules.length === 0 ? {} : { "x-kubernetes-validations": rules };
}
