// The managed identity of the node that the operator runs on, from the metadata endpoint of the machine. Asked by hand:
// the SDK would choose its endpoint by the environment.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import { recordOf, textOf } from "../../core/unknown.ts";
import type { HttpReply } from "../http/http-message.ts";
import { errorOfCredential } from "./credential.ts";
import { unreadableAnswer } from "./http-client.ts";
import { jsonOf } from "./json-body.ts";
import type { AzureToken, LoginDeps } from "./login.ts";

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
export const PLATFORM_ORIGIN = "http://169.254.169.254";
const API_VERSION = "2018-02-01";

/** `clientId`: which identity, where the node has several. */
export async function managedIdentityLogin(
  { credentials, places, platform, platformOrigin }: LoginDeps,
  clientId: string | undefined,
  signal: AbortSignal,
): Promise<Result<AzureToken, ProviderError>> {
  // The endpoint gives a token to whoever asks from this node: that it is the operator's to use is decided here.
  const own = credentials.operatorIdentity();
  if (!own.ok) return failed(errorOfCredential(own.error));
  const url = new URL("/metadata/identity/oauth2/token", platformOrigin);
  url.searchParams.set("api-version", API_VERSION);
  url.searchParams.set("resource", places.resource);
  if (clientId !== undefined) url.searchParams.set("client_id", clientId);
  const request = { method: "GET", url: url.href, headers: { Metadata: "true" }, body: undefined, signal };
  const reply = await platform.send(request);
  if (!reply.ok) return failed({ ...reply.error, detail: `the node gives no managed identity: ${reply.error.detail}` });
  return tokenOf(reply.value);
}

function tokenOf(reply: HttpReply): Result<AzureToken, ProviderError> {
  const { status, retryAfterMs } = reply;
  const facts = { httpStatus: status, retryAfterMs };
  if (status === 429) return failed(providerError("throttled", "the node's identity endpoint limits requests", facts));
  if (status === 400 || status === 403 || status === 404) {
    const detail = "the node has no such managed identity: assign one, or name the right one by identityId";
    return failed(providerError("unauthenticated", detail, facts));
  }
  if (status !== 200) return failed(providerError("unavailable", "the node's identity endpoint fails", facts));
  const body = recordOf(jsonOf(reply.body));
  const token = textOf(body["access_token"]);
  const seconds = Number(body["expires_in"]);
  reply.body.fill(0);
  if (token === undefined || !(seconds > 0)) return failed(unreadableAnswer());
  return ok({ value: SecretValue.ofUtf8(token), ttlMs: seconds * 1000, tenantId: undefined });
}
