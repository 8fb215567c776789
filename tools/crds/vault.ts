// Schema of spec.provider.vault.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { dataKey, objectName, ruled, ruledText, someText } from "./fields.ts";
import { reference, type StoreScope } from "./references.ts";
import { clientCertificate, vaultAuth } from "./vault-auth.ts";

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
      tls: clientCertificate(scope).optional(),
      auth: vaultAuth(scope),
    })
    .describe("HashiCorp Vault, KV engine.");
}
