// Whether a namespace may use a ClusterSecretStore.

import type { LabelRequirement, LabelSelector, NamespaceCondition } from "./secret-store.ts";

export interface NamespaceFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** True if any field of any condition matches; no condition allows nothing. */
export function namespaceAllowed(conditions: readonly NamespaceCondition[], namespace: NamespaceFacts): boolean {
  return conditions.some(
    ({ namespaces, namespaceRegexes, namespaceSelector }) =>
      namespaces.includes(namespace.name) ||
      namespaceRegexes.some((pattern) => pattern.test(namespace.name)) ||
      (namespaceSelector !== undefined && selects(namespaceSelector, namespace.labels)),
  );
}

function selects(selector: LabelSelector, labels: NamespaceFacts["labels"]): boolean {
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    selector.matchExpressions.every((requirement) => holds(requirement, labelOf(labels, requirement.key)))
  );
}

/** As in Kubernetes: NotIn also holds for an absent label. */
function holds(requirement: LabelRequirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case "In":
      return value !== undefined && requirement.values.includes(value);
    case "NotIn":
      return value === undefined || !requirement.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

function labelOf(labels: NamespaceFacts["labels"], key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
