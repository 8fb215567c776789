// A provider whose code is still being loaded: each call waits for it. Providers are chunks of their own, and a store
// must have its session before the chunk is there.

import type { SecretProvider } from "../core/provider/port.ts";

export function deferredProvider(loading: Promise<SecretProvider>): SecretProvider {
  // Whoever calls sees the failure; without a call it is no unhandled rejection.
  loading.catch(() => undefined);
  return {
    readVersions: async (refs, signal) => (await loading).readVersions(refs, signal),
    readSecrets: async (refs, signal) => (await loading).readSecrets(refs, signal),
    find: async (query, signal) => (await loading).find(query, signal),
    validate: async (signal) => (await loading).validate(signal),
    close: async () => (await loading).close(),
  };
}
