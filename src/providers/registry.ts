// Kind of a store → its provider. Each provider is imported when the first store of its kind appears, so that it is
// a chunk of its own and costs nothing where it is not used. Adding a provider adds one case here.

import type { SecretProvider } from "../core/provider/port.ts";
import type { ProviderSpec } from "../core/spec/secret-store.ts";
import type { ProviderDeps } from "./provider-deps.ts";

type ProviderKind = ProviderSpec["kind"];
type ProviderFactory<Kind extends ProviderKind> = (
  spec: Extract<ProviderSpec, { kind: Kind }>,
  deps: ProviderDeps,
) => SecretProvider;

const factories: { readonly [Kind in ProviderKind]: () => Promise<ProviderFactory<Kind>> } = {
  vault: async () => (await import("./vault/vault-provider.ts")).createVaultProvider,
};

/** Makes a provider; nothing leaves for the store before its first call. The caller closes it. */
export async function createProvider(spec: ProviderSpec, deps: ProviderDeps): Promise<SecretProvider> {
  const factory = await factories[spec.kind]();
  return factory(spec, deps);
}
