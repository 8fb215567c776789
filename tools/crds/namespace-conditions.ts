// Schema of a ClusterSecretStore's spec.conditions: which namespaces may use the store.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { atomicList, namespaceName, ruled, someText, text, textMap } from "./fields.ts";

const requirement = ruled(
  z
    .object({
      key: someText(317, "Name of the label."),
      operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("How the label is compared."),
      values: atomicList(text(63, "One value."), 64, "Values for In and NotIn.").optional(),
    })
    .describe("One requirement."),
  [
    {
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message: ruleMessages.selectorValues,
    },
  ],
);

const namespaceSelector = z
  .object({
    matchLabels: textMap(64, 63, "Labels that a namespace must carry.").optional(),
    matchExpressions: atomicList(requirement, 32, "Requirements on labels, all of which must hold.").optional(),
  })
  .describe("Namespaces by label; {} selects all.")
  .meta({ "x-kubernetes-map-type": "atomic" });

const condition = ruled(
  z
    .object({
      namespaces: atomicList(namespaceName("Name of a namespace."), 256, "Namespaces by name.").optional(),
      namespaceRegexes: atomicList(
        someText(256, "An RE2 pattern that matches the whole name."),
        32,
        "Namespaces by pattern.",
      ).optional(),
      namespaceSelector: namespaceSelector.optional(),
    })
    .describe("Matches a namespace if any of its fields does."),
  [
    {
      rule: "has(self.namespaces) || has(self.namespaceRegexes) || has(self.namespaceSelector)",
      message: ruleMessages.emptyCondition,
    },
  ],
);

export const namespaceConditions = atomicList(
  condition,
  32,
  "Namespaces that may use the store: any condition that matches allows it.",
);
