// A ClusterSecretStore's `spec.conditions`: which namespaces may use it.

import { failed, ok, type Result } from "../result.ts";
import { parseAnchoredPattern } from "./name-pattern.ts";
import { type ParseContext, parseContext, readPattern } from "./parse-context.ts";
import type { SpecError } from "./records.ts";
import { ruleMessages } from "./rules.ts";
import type { clusterSecretStoreSpecSchema } from "./schemas/cluster-secret-store-spec.ts";
import type { LabelRequirement, LabelSelector, NamespaceCondition } from "./secret-store.ts";
import type { Wire } from "./wire-schema.ts";

type ConditionsWire = NonNullable<Wire<typeof clusterSecretStoreSpecSchema>["conditions"]>;
type ConditionWire = ConditionsWire[number];
type SelectorWire = NonNullable<ConditionWire["namespaceSelector"]>;
type RequirementWire = NonNullable<SelectorWire["matchExpressions"]>[number];

export function parseConditions(conditions: ConditionsWire): Result<readonly NamespaceCondition[], SpecError> {
  if (conditions.length === 0) return failed({ path: "spec", message: ruleMessages.noConditions });
  const context = parseContext();
  const parsed = conditions.map((condition, index) => parseCondition(condition, `spec.conditions[${index}]`, context));
  const [problem] = context.problems;
  return problem === undefined ? ok(parsed) : failed(problem);
}

function parseCondition(condition: ConditionWire, path: string, context: ParseContext): NamespaceCondition {
  const { namespaces, namespaceRegexes, namespaceSelector } = condition;
  if (namespaces === undefined && namespaceRegexes === undefined && namespaceSelector === undefined) {
    context.problems.push({ path, message: ruleMessages.emptyCondition });
  }
  return {
    namespaces: namespaces ?? [],
    namespaceRegexes: (namespaceRegexes ?? [])
      .map((source, at) => readPattern(parseAnchoredPattern, source, `${path}.namespaceRegexes[${at}]`, context))
      .filter((pattern) => pattern !== undefined),
    namespaceSelector: namespaceSelector && parseSelector(namespaceSelector, `${path}.namespaceSelector`, context),
  };
}

function parseSelector(selector: SelectorWire, path: string, context: ParseContext): LabelSelector {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const requirements = matchExpressions.map((requirement, index) =>
    parseRequirement(requirement, `${path}.matchExpressions[${index}]`, context),
  );
  return { matchLabels, matchExpressions: requirements };
}

function parseRequirement(requirement: RequirementWire, path: string, context: ParseContext): LabelRequirement {
  const { key, operator, values = [] } = requirement;
  const needsValues = operator === "In" || operator === "NotIn";
  if (needsValues !== values.length > 0) context.problems.push({ path, message: ruleMessages.selectorValues });
  return { key, operator, values };
}
