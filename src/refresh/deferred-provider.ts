// A provider whose code is still being loaded: each call waits for it. Providers are chunks of their own, and a store
// must have its session before the chunk is there.

import type { SecretProvider } from "../core/provider/port.ts";
import { failed, ok } from "../core/result.ts";

/** Each call rejects if the code cannot be loaded. Without a call that is no unhandled rejection. */
export function deferredProvider(loading: Promise<SecretProvider>): SecretProvider {
  const outcome = loading.then(ok, (cause: unknown) => failed(cause));
  const loaded = async (): Promise<SecretProvider> => {
    const provider = await outcome;
    if (provider.ok) return provider.value;
    throw new Error("the code of the provider could not be loaded", { cause: provider.error });
  };
  return {
    readVersions: async (refs, signal) => (await loaded()).readVersions(refs, signal),
    readSecrets: async (refs, signal) => (await loaded()).readSecrets(refs, signal),
    find: async (query, signal) => (await loaded()).find(query, signal),
    validate: async (signal) => (await loaded()).validate(signal),
    close: async () => (await loaded()).close(),
  };
}
