// What an answer of Key Vault that is no success means: a table from status and error code to a kind. The vault's own
// text is dropped: it quotes who asked.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import type { HttpReply } from "../http/http-message.ts";
import { unreadableAnswer } from "./http-client.ts";
import { jsonOf } from "./json-body.ts";

/** https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
const ABSENT: ReadonlySet<string | undefined> = new Set(["SecretNotFound", "KeyNotFound", "CertificateNotFound"]);
/** Inner codes of 403 for what is there and may be read, but not in this state. */
const UNUSABLE = /(?:Disabled|NotYetValid|Expired)$/;
/** Inner codes of 403 that speak of the way to the vault, not of who asks. */
const network: ReadonlySet<string | undefined> = new Set(["ForbiddenByFirewall", "ForbiddenByConnection"]);

/** Undefined: the answer is a success. */
export function errorOfReply(reply: HttpReply): ProviderError | undefined {
  const { status, retryAfterMs } = reply;
  if (status === 200) return undefined;
  const facts = { httpStatus: status, retryAfterMs };
  if (status === 429) return providerError("throttled", "Azure Key Vault limits requests (HTTP 429)", facts);
  if (status >= 500) return providerError("unavailable", `Azure Key Vault fails (HTTP ${status})`, facts);
  if (status < 400)
    return providerError("unavailable", `the answer is no success (HTTP ${status}): not followed`, facts);
  const error = recordOf(recordOf(jsonOf(reply.body))["error"]);
  // A proxy in between has no error codes.
  return textOf(error["code"]) === undefined ? { ...unreadableAnswer(), ...facts } : refusal(error, facts);
}

function refusal(error: Readonly<Record<string, unknown>>, facts: Facts): ProviderError {
  const status = facts.httpStatus;
  if (status === 401) return providerError("unauthenticated", "the vault refuses the login's token (HTTP 401)", facts);
  if (status === 403) return denial(innerCode(error), facts);
  if (status === 404 && ABSENT.has(textOf(error["code"]))) {
    return providerError("notFound", "the vault has no such object", facts);
  }
  return providerError("unavailable", `the answer of Azure Key Vault was not expected (HTTP ${status})`, facts);
}

type Facts = NonNullable<Parameters<typeof providerError>[2]>;

function denial(inner: string | undefined, facts: Facts): ProviderError {
  if (inner !== undefined && UNUSABLE.test(inner)) return unusableNow("the object is disabled or not valid now", facts);
  if (network.has(inner)) {
    return providerError(
      "unavailable",
      "the vault's firewall does not let the operator's network in (HTTP 403)",
      facts,
    );
  }
  return providerError("accessDenied", "the vault's roles or access policies do not allow it (HTTP 403)", facts);
}

/** Disabled, or outside the time for which it is valid. */
export function unusableNow(detail: string, facts?: Facts): ProviderError {
  return providerError("disabled", detail, facts);
}

/** Spelled `innererror` by the service, `innerError` here and there. */
function innerCode(error: Readonly<Record<string, unknown>>): string | undefined {
  return textOf(recordOf(error["innererror"] ?? error["innerError"])["code"]);
}
