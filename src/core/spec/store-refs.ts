// The distinct stores that a spec reads from.

import type { ExternalSecretSpec, StoreRef } from "./external-secret.ts";

export function storeRefs(spec: ExternalSecretSpec): readonly StoreRef[] {
  return [...new Map(spec.sources.map(({ store }) => [`${store.kind}/${store.name}`, store])).values()];
}
