// `find`: a complete list of the secrets that match by name, by tags, or by both. A list that is cut short by anything is
// an error. Disabled secrets, and those that are not valid yet, are not among them: nobody can read them.

import type { SecretProperties } from "@azure/keyvault-secrets";
import type { Clock } from "../../core/clock.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { FindQuery } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { caught, unreadableAnswer } from "./http-client.ts";
import { isObjectName } from "./object-ref.ts";
import type { VaultApi } from "./vault-api.ts";

/** Secrets in one list. More would not fit into a Secret by far. */
const MAX_LISTED = 10_000;

export async function findSecrets(
  { api, clock }: { readonly api: VaultApi; readonly clock: Clock },
  query: FindQuery,
  signal: AbortSignal,
): Promise<Result<readonly string[], ProviderError>> {
  if (query.path !== undefined) {
    return failed(providerError("invalidReference", "Azure Key Vault has no folders: find without path"));
  }
  const listed = await caught(() => listAll(api, signal));
  if (!listed.ok) return listed;
  if (listed.value === undefined) {
    return failed(providerError("malformedPayload", `the vault lists more than ${MAX_LISTED} secrets`));
  }
  if (!listed.value.every(({ name }) => isObjectName(name))) return failed(unreadableAnswer());
  const matching = listed.value.filter((secret) => isReadable(secret, clock.nowMs()) && matches(secret, query));
  return ok(matching.map(({ name }) => name).sort());
}

/** Undefined: too many. */
async function listAll(api: VaultApi, signal: AbortSignal): Promise<readonly SecretProperties[] | undefined> {
  const secrets: SecretProperties[] = [];
  let pages = 0;
  for await (const page of api.listSecrets(signal)) {
    secrets.push(...page);
    pages += 1;
    // Pages may be empty, and lead on for ever.
    if (secrets.length > MAX_LISTED || pages > MAX_LISTED) return undefined;
  }
  return secrets;
}

function isReadable({ enabled, notBefore }: SecretProperties, nowMs: number): boolean {
  return enabled !== false && (notBefore === undefined || notBefore.getTime() <= nowMs);
}

function matches({ name, tags = {} }: SecretProperties, query: FindQuery): boolean {
  const hasTags = Object.entries(query.tags).every(([tag, value]) => tags[tag] === value);
  return hasTags && (query.name?.test(name) ?? true);
}
