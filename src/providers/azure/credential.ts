// Credentials of a store as the cluster holds them: what their absence means, and the text that a login needs.

import type { CredentialError, CredentialReader } from "../../core/provider/credentials.ts";
import { type ProviderError, type ProviderErrorKind, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import type { ObjectKeyRef } from "../../core/spec/secret-store.ts";

const kindOfCredentialError = {
  missing: "unauthenticated",
  denied: "unauthenticated",
  refused: "invalidConfig",
  unavailable: "unavailable",
} as const satisfies Record<CredentialError["kind"], ProviderErrorKind>;

/** Ids of tenants and clients: GUIDs, and for tenants a domain. They become parts of URLs. */
const ID = /^[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?$/;

export function errorOfCredential(error: CredentialError): ProviderError {
  return providerError(kindOfCredentialError[error.kind], error.detail);
}

/** A secret without the line end that editors and `echo` leave behind it. */
export async function readSecret(
  credentials: CredentialReader,
  ref: ObjectKeyRef,
  signal: AbortSignal,
): Promise<Result<SecretValue, ProviderError>> {
  const read = await credentials.readSecretKey(ref, signal);
  if (!read.ok) return failed(errorOfCredential(read.error));
  const text = read.value.revealUtf8().trim();
  if (text !== "") return ok(SecretValue.ofUtf8(text));
  return failed(providerError("unauthenticated", `key ${ref.key} of Secret ${ref.name} is empty`));
}

/** An id that a Secret holds; undefined where none is named. */
export async function readId(
  credentials: CredentialReader,
  ref: ObjectKeyRef | undefined,
  signal: AbortSignal,
): Promise<Result<string | undefined, ProviderError>> {
  if (ref === undefined) return ok(undefined);
  const read = await readSecret(credentials, ref, signal);
  return read.ok ? checkedId(read.value.revealUtf8(), `key ${ref.key} of Secret ${ref.name}`) : read;
}

/** `origin`: where the id stands, for the error. */
export function checkedId(id: string, origin: string): Result<string, ProviderError> {
  return ID.test(id) ? ok(id) : failed(providerError("unauthenticated", `${origin} holds no id of Azure`));
}
