// Schema of spec.provider.vault. `scope` says whether references may (ClusterSecretStore) name a namespace.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { exactlyOne } from "./cel.ts";
import { atomicList, type CelRule, dataKey, namespaceName, objectName, ruled, ruledText, someText } from "./fields.ts";

export type StoreScope = "Namespaced" | "Cluster";

const noForeignNamespace: CelRule = { rule: "!has(self.namespace)", message: ruleMessages.foreignNamespace };

/** A reference to an object: in a SecretStore its namespace is refused with a message, not as an unknown field. */
function reference<T extends z.ZodRawShape>(scope: StoreScope, shape: T, description: string) {
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

function secretKeyRef(scope: StoreScope, description: string) {
  return reference(scope, { name: objectName("Name of the Secret."), key: dataKey("Key in the Secret.") }, description);
}

function appRole(scope: StoreScope) {
  return ruled(
    z
      .object({
        path: ruledText(256, "vaultPath", "Mount of the auth method; approle if left out.").optional(),
        roleId: someText(256, "The role id.").optional(),
        roleRef: secretKeyRef(scope, "Where the role id is kept.").optional(),
        secretRef: secretKeyRef(scope, "Where the secret id is kept."),
      })
      .describe("Logs in by AppRole."),
    [{ rule: exactlyOne(["roleId", "roleRef"]), message: ruleMessages.oneRoleId }],
  );
}

function kubernetes(scope: StoreScope) {
  const serviceAccountRef = reference(
    scope,
    {
      name: objectName("Name of the ServiceAccount."),
      audiences: atomicList(someText(256, "One audience."), 8, "Audiences of the token; vault if left out.").optional(),
    },
    "The ServiceAccount whose token logs in; minted by TokenRequest.",
  );
  const secretRef = reference(
    scope,
    { name: objectName("Name of the Secret."), key: dataKey("Key in the Secret; token if left out.").optional() },
    "Where a ServiceAccount token is kept.",
  );
  return ruled(
    z
      .object({
        mountPath: ruledText(256, "vaultPath", "Mount of the auth method; kubernetes if left out.").optional(),
        role: someText(256, "Name of the role in Vault."),
        serviceAccountRef: serviceAccountRef.optional(),
        secretRef: secretRef.optional(),
      })
      .describe(
        scope === "Cluster"
          ? "Logs in by a Kubernetes token; the operator's own if neither serviceAccountRef nor secretRef is set."
          : "Logs in by a Kubernetes token.",
      ),
    [
      { rule: "!has(self.serviceAccountRef) || !has(self.secretRef)", message: ruleMessages.oneIdentity },
      ...(scope === "Cluster"
        ? []
        : [{ rule: "has(self.serviceAccountRef) || has(self.secretRef)", message: ruleMessages.ownIdentity }]),
    ],
  );
}

function caProvider(scope: StoreScope) {
  const provider = reference(
    scope,
    {
      type: z.enum(["Secret", "ConfigMap"]).describe("Kind of the object."),
      name: objectName("Name of the object."),
      key: dataKey("Key in the object."),
    },
    "Where the CA certificates (PEM) of the server are kept.",
  );
  return scope === "Cluster"
    ? ruled(provider, [{ rule: "has(self.namespace)", message: ruleMessages.caNamespace }])
    : provider;
}

export function vaultProvider(scope: StoreScope) {
  const auth = z
    .object({
      namespace: ruledText(256, "vaultPath", "Vault namespace to log in at; that of the store if left out.").optional(),
      tokenSecretRef: secretKeyRef(scope, "Where a Vault token is kept.").optional(),
      appRole: appRole(scope).optional(),
      kubernetes: kubernetes(scope).optional(),
    })
    .describe("How to log in.");
  return z
    .object({
      server: ruledText(512, "serverUrl", "Address of the server, such as https://vault.example.com:8200."),
      path: ruledText(
        256,
        "vaultPath",
        "Mount of the KV engine; the first segment of each key if left out.",
      ).optional(),
      version: z.enum(["v1", "v2"]).describe("Version of the KV engine; v2 if left out.").optional(),
      namespace: ruledText(256, "vaultPath", "Vault namespace.").optional(),
      caBundle: someText(262_144, "CA certificates of the server: base64 of PEM.").meta({ format: "byte" }).optional(),
      caProvider: caProvider(scope).optional(),
      auth: ruled(auth, [
        { rule: exactlyOne(["tokenSecretRef", "appRole", "kubernetes"]), message: ruleMessages.oneAuth },
      ]),
    })
    .describe("HashiCorp Vault, KV engine.");
}
