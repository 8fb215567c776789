// Keys of ExternalSecrets as names of Azure's objects: `secret/NAME`, `key/NAME`, `cert/NAME`, and NAME for a secret.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { RemoteRef } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";

/** As they stand in the vault's URLs. */
export type Collection = "secrets" | "keys" | "certificates";

export interface ObjectRef {
  readonly collection: Collection;
  readonly name: string;
  /** Undefined: the current one. */
  readonly version: string | undefined;
}

const collections: ReadonlyMap<string, Collection> = new Map([
  ["secret", "secrets"],
  ["key", "keys"],
  ["cert", "certificates"],
]);

/** https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates : names, and versions. */
const NAME = /^[0-9A-Za-z-]{1,127}$/;
const VERSION = /^[0-9A-Fa-f]{32}$/;

export function resolveObject({ key, version }: RemoteRef): Result<ObjectRef, ProviderError> {
  const [prefix = "", ...rest] = key.split("/");
  const collection = rest.length === 0 ? "secrets" : collections.get(prefix);
  const name = rest.length === 0 ? prefix : rest.join("/");
  if (collection === undefined) return invalid("a key begins with secret/, key/ or cert/, or is the name of a secret");
  if (!isObjectName(name)) return invalid("a name in Azure Key Vault has 1 to 127 letters, digits and '-'");
  if (version !== undefined && !VERSION.test(version)) {
    return invalid("a version in Azure Key Vault has 32 hexadecimal digits");
  }
  return ok({ collection, name, version });
}

export function isObjectName(name: string): boolean {
  return NAME.test(name);
}

function invalid(detail: string): Result<never, ProviderError> {
  return failed(providerError("invalidReference", detail));
}
