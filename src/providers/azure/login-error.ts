// What an answer of the login that gives no token means: a table from Entra's error numbers to our words. Its own text
// is never copied: it quotes ids, and now and then what was sent.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { listOf, recordOf } from "../../core/unknown.ts";
import type { HttpReply } from "../http/http-message.ts";
import { unreadableAnswer } from "./http-client.ts";
import { jsonOf } from "./json-body.ts";

const federation =
  "the application has no federated credential that fits: issuer, subject and audience must be those of the ServiceAccount's token";
const certificate = "the certificate is not one of the application, or does not fit its private key";

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const detailOfNumber: Readonly<Record<number, string>> = {
  7000215: "the client secret is wrong",
  7000222: "the client secret has expired",
  7000218: "the application asks for a client secret or an assertion",
  7000112: "the application is disabled",
  700016: "the tenant has no application with this client id",
  90002: "there is no such tenant",
  900023: "there is no such tenant",
  700027: certificate,
  700024: "the assertion is not valid at this time: check the operator's clock",
  70021: federation,
  700211: federation,
  700212: federation,
  700213: federation,
  500011: "the tenant does not know this cloud's Key Vault",
  53003: "conditional access forbids the login",
};

/** Undefined: the answer is a success. */
export function errorOfLogin(reply: HttpReply): ProviderError | undefined {
  const { status, retryAfterMs } = reply;
  const facts = { httpStatus: status, retryAfterMs };
  if (status === 200) return undefined;
  if (status === 429) return providerError("throttled", "the login of Azure limits requests (HTTP 429)", facts);
  if (status >= 300 && status < 400) return providerError("unavailable", "the login redirects: refused", facts);
  if (status >= 500) return providerError("unavailable", `the login of Azure fails (HTTP ${status})`, facts);
  const body = recordOf(jsonOf(reply.body));
  // RFC 6749, section 5.2: whatever refuses a login names an error.
  if (typeof body["error"] !== "string") return { ...unreadableAnswer(), ...facts };
  const detail = listOf(body["error_codes"])
    .map((number) => (typeof number === "number" ? detailOfNumber[number] : undefined))
    .find((known) => known !== undefined);
  return providerError("unauthenticated", `${detail ?? "the login of Azure refused it"} (HTTP ${status})`, facts);
}
