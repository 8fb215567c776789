// Credentials of a store as the cluster holds them: what their absence means, and the text that a login needs.

import type { CredentialError } from "../../core/provider/credentials.ts";
import { type ProviderError, type ProviderErrorKind, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";

const kindOfCredentialError = {
  missing: "unauthenticated",
  denied: "unauthenticated",
  refused: "invalidConfig",
  unavailable: "unavailable",
} as const satisfies Record<CredentialError["kind"], ProviderErrorKind>;

/** What tokens, role and secret ids are made of; anything else could not be sent in a header. */
const CREDENTIAL_TEXT = /^[\x21-\x7e]+$/;

export function errorOfCredential(error: CredentialError): ProviderError {
  return providerError(kindOfCredentialError[error.kind], error.detail);
}

/** A credential without the line end that editors and `echo` leave behind it. `name` is for the error, such as "token". */
export function credentialText(
  name: string,
  read: Result<SecretValue, CredentialError>,
): Result<SecretValue, ProviderError> {
  if (!read.ok) return failed(errorOfCredential(read.error));
  const text = read.value.revealUtf8().trim();
  if (CREDENTIAL_TEXT.test(text)) return ok(SecretValue.ofUtf8(text));
  return failed(providerError("unauthenticated", `the ${name} is empty or holds characters that none has`));
}

/** A password, whatever its characters: without one line end behind it. */
export function passwordText(
  name: string,
  read: Result<SecretValue, CredentialError>,
): Result<SecretValue, ProviderError> {
  if (!read.ok) return failed(errorOfCredential(read.error));
  const text = read.value.revealUtf8().replace(/\r?\n$/, "");
  return text === "" ? failed(providerError("unauthenticated", `the ${name} is empty`)) : ok(SecretValue.ofUtf8(text));
}
