// Kind of a store → its provider. Each provider is imported when the first store of its kind appears, so that it is
// a chunk of its own and costs nothing where it is not used. Adding a provider adds one case here.

import type { SecretProvider } from "../core/provider/port.ts";
import type { ProviderSpec } from "../core/spec/secret-store.ts";
import type { ProviderDeps } from "./provider-deps.ts";

/** Makes a provider; nothing leaves for the store before its first call. The caller closes it. */
export async function createProvider(spec: ProviderSpec, deps: ProviderDeps): Promise<SecretProvider> {
  switch (spec.kind) {
    case "aws":
      return (await import("./aws/aws-provider.ts")).createAwsProvider(spec, deps);
    case "azurekv":
      return (await import("./azure/azure-provider.ts")).createAzureProvider(spec, deps);
    case "vault":
      return (await import("./vault/vault-provider.ts")).createVaultProvider(spec, deps);
  }
}
