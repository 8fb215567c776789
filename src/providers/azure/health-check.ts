// What proves that a store works: a login, and an answer of the vault to its token. That the login may not list secrets
// is an answer too: it may still read them.

import type { ProviderError } from "../../core/provider/error.ts";
import type { StoreHealth } from "../../core/provider/port.ts";
import { ok, type Result } from "../../core/result.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { VaultApi } from "./vault-api.ts";

const LIST_DENIED = "the login may not list secrets: find does not work, and versions are checked by reading values";

export async function checkHealth(
  api: VaultApi,
  reader: ObjectReader,
  signal: AbortSignal,
): Promise<Result<StoreHealth, ProviderError>> {
  const answer = await api.probe(signal);
  const isDenied = !answer.ok && answer.error.kind === "accessDenied";
  if (!answer.ok && !isDenied) return answer;
  const notes = isDenied || reader.readsValuesForVersions ? [LIST_DENIED] : [];
  const { expiredCount } = reader;
  if (expiredCount > 0) notes.push(`${expiredCount} of the objects read are past their expiry, and served: renew them`);
  // A vault that was made anew under the name of another cannot be told from it.
  return ok({ capabilities: "ReadOnly", backendIdentity: undefined, notes });
}
