import { expect, test } from "vitest";
import { namespaceAllowed } from "../../../../src/core/spec/namespace-allowed.ts";
import { parseSecretStore } from "../../../../src/core/spec/parse-secret-store.ts";
import type { NamespaceCondition } from "../../../../src/core/spec/secret-store.ts";
import { clusterSecretStore } from "../../../support/spec-vector.ts";

function conditions(...items: readonly object[]): readonly NamespaceCondition[] {
  const record = parseSecretStore(clusterSecretStore({}, { conditions: items }), "ClusterSecretStore");
  if (!record.ok || !record.value.spec.ok) throw new Error("the conditions do not parse");
  return record.value.spec.value.conditions;
}

const expression = (operator: string, ...values: readonly string[]) => ({
  namespaceSelector: { matchExpressions: [{ key: "team", operator, ...(values.length > 0 && { values }) }] },
});
const nonprod = { name: "nonprod", labels: { team: "a", "kubernetes.io/metadata.name": "nonprod" } };
const bare = { name: "bare", labels: {} };

test.each([
  { given: "its name", items: [{ namespaces: ["x", "nonprod"] }], namespace: nonprod, allowed: true },
  { given: "another name", items: [{ namespaces: ["nonprod2"] }], namespace: nonprod, allowed: false },
  { given: "a pattern of its name", items: [{ namespaceRegexes: ["non.*"] }], namespace: nonprod, allowed: true },
  {
    given: "a pattern of a part of its name",
    items: [{ namespaceRegexes: ["prod"] }],
    namespace: nonprod,
    allowed: false,
  },
  { given: "the empty selector", items: [{ namespaceSelector: {} }], namespace: bare, allowed: true },
  {
    given: "its label",
    items: [{ namespaceSelector: { matchLabels: { team: "a" } } }],
    namespace: nonprod,
    allowed: true,
  },
  {
    given: "another label",
    items: [{ namespaceSelector: { matchLabels: { team: "b" } } }],
    namespace: nonprod,
    allowed: false,
  },
  {
    given: "one of two labels",
    items: [{ namespaceSelector: { matchLabels: { team: "a", x: "y" } } }],
    namespace: nonprod,
    allowed: false,
  },
  {
    given: "a label named as a method",
    items: [{ namespaceSelector: { matchExpressions: [{ key: "toString", operator: "Exists" }] } }],
    namespace: bare,
    allowed: false,
  },
  { given: "In with its value", items: [expression("In", "a", "b")], namespace: nonprod, allowed: true },
  { given: "In without the label", items: [expression("In", "a")], namespace: bare, allowed: false },
  { given: "NotIn with its value", items: [expression("NotIn", "a")], namespace: nonprod, allowed: false },
  { given: "NotIn without the label", items: [expression("NotIn", "a")], namespace: bare, allowed: true },
  { given: "Exists with the label", items: [expression("Exists")], namespace: nonprod, allowed: true },
  { given: "DoesNotExist with the label", items: [expression("DoesNotExist")], namespace: nonprod, allowed: false },
  {
    given: "a name or a label",
    items: [{ namespaces: ["x"], namespaceSelector: { matchLabels: { team: "a" } } }],
    namespace: nonprod,
    allowed: true,
  },
  {
    given: "a second condition",
    items: [{ namespaces: ["x"] }, { namespaces: ["nonprod"] }],
    namespace: nonprod,
    allowed: true,
  },
])("given $given, a namespace is allowed: $allowed", ({ items, namespace, allowed }) => {
  expect(namespaceAllowed(conditions(...items), namespace)).toBe(allowed);
});

test("no condition allows nothing", () => {
  expect(namespaceAllowed([], nonprod)).toBe(false);
});
