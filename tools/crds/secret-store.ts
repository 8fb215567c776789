// Schemas of the specs of SecretStore and ClusterSecretStore. They differ in two things: only a ClusterSecretStore
// names namespaces (in references, and in its conditions), and only it may use the operator's own identity.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { awsProvider } from "./aws.ts";
import { azureProvider } from "./azure.ts";
import { exactlyOne } from "./cel.ts";
import { ruled, someText } from "./fields.ts";
import { intervalRule } from "./interval-rule.ts";
import { namespaceConditions } from "./namespace-conditions.ts";
import type { StoreScope } from "./references.ts";
import { vaultProvider } from "./vault.ts";

const MAX_INTERVAL_SECONDS = 8_760 * 3_600;

const limits = z
  .object({
    requestsPerSecond: z.int().min(1).max(10_000).describe("Requests to the store in any second.").optional(),
    maxInFlight: z.int().min(1).max(1_000).describe("Requests to the store at the same time.").optional(),
  })
  .describe("Budget of requests to the store.");

const refreshInterval = ruled(
  z
    .union([z.int(), z.string()])
    .describe("How often the store is validated: seconds, or a duration such as 5m. 5m if left out or 0.")
    .meta({ "x-kubernetes-int-or-string": true }),
  [
    {
      rule: `type(self) == int ? self >= 0 && self <= ${MAX_INTERVAL_SECONDS} : ${intervalRule("self")}`,
      message: ruleMessages.storeInterval,
    },
  ],
);

function shared(scope: StoreScope) {
  return {
    controller: someText(253, "Class of the controller that serves this store; others leave it alone.").optional(),
    refreshInterval: refreshInterval.optional(),
    limits: limits.optional(),
    provider: z
      .object({
        vault: vaultProvider(scope).optional(),
        aws: awsProvider(scope).optional(),
        azurekv: azureProvider(scope).optional(),
      })
      .describe("Exactly one provider.")
      .optional(),
  };
}

const oneProvider = {
  rule: `has(self.provider) && ${exactlyOne(["provider.vault", "provider.aws", "provider.azurekv"])}`,
  message: ruleMessages.oneProvider,
};

export const secretStoreSpec = ruled(z.object(shared("Namespaced")).describe("One provider, and how to log in."), [
  oneProvider,
]);

export const clusterSecretStoreSpec = ruled(
  z
    .object({ ...shared("Cluster"), conditions: namespaceConditions.optional() })
    .describe("One provider, how to log in, and which namespaces may use it."),
  [oneProvider, { rule: "has(self.conditions) && size(self.conditions) > 0", message: ruleMessages.noConditions }],
);
