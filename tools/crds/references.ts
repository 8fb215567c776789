// References to objects of the cluster, as all providers have them. `scope` says whether one may (ClusterSecretStore)
// name a namespace.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { atomicList, type CelRule, dataKey, namespaceName, objectName, ruled, someText } from "./fields.ts";

export type StoreScope = "Namespaced" | "Cluster";

const noForeignNamespace: CelRule = { rule: "!has(self.namespace)", message: ruleMessages.foreignNamespace };

/** A reference to an object: in a SecretStore its namespace is refused with a message, not as an unknown field. */
export function reference<T extends z.ZodRawShape>(scope: StoreScope, shape: T, description: string) {
  const namespace = namespaceName(
    scope === "Cluster"
      ? "Namespace of the object; that of the ExternalSecret if left out."
      : "Not allowed: a SecretStore reads its own namespace only.",
  ).optional();
  return ruled(
    z.object({ ...shape, namespace }).describe(description),
    scope === "Cluster" ? [] : [noForeignNamespace],
  );
}

export function secretKeyRef(scope: StoreScope, description: string) {
  return reference(scope, { name: objectName("Name of the Secret."), key: dataKey("Key in the Secret.") }, description);
}

/** `audience`: what the token is for if the reference does not say. */
export function serviceAccountRef(scope: StoreScope, audience: string, description: string) {
  const audiences = atomicList(someText(256, "One audience."), 8, `Audiences of the token; ${audience} if left out.`);
  return reference(
    scope,
    { name: objectName("Name of the ServiceAccount."), audiences: audiences.optional() },
    description,
  );
}
