// A request to the vault with the session's token. A refusal by the vault is answered once: by a look at what it asks
// for, and one new login; then it counts.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed } from "../../core/result.ts";
import type { HttpReply, HttpRequest } from "../http/http-message.ts";
import type { AzurePlaces } from "./cloud.ts";
import type { Connection, Exchange } from "./connection.ts";
import type { AzureToken } from "./login.ts";
import type { Send } from "./http-client.ts";
import type { AzureSession } from "./session.ts";

export interface AuthorizedDeps {
  readonly connection: Connection;
  readonly session: AzureSession;
  readonly places: AzurePlaces;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Tokens leave for the vault's own origin only: also the pages of a list are asked there, or not at all. */
export function authorizedSend({ connection, session, places }: AuthorizedDeps): Send {
  const withToken = (request: HttpRequest, token: AzureToken): Promise<Exchange> =>
    connection.send({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${token.value.revealUtf8()}` },
    });
  return async (request) => {
    if (URL.parse(request.url)?.origin !== places.vault) return failed(foreignPage());
    const token = await session.token(request.signal);
    if (!token.ok) return token;
    const first = await withToken(request, token.value);
    if (!first.ok || first.value.status !== 401) return first;
    session.discard(token.value);
    const mismatch = challengeFault(first.value, places, token.value.tenantId);
    if (mismatch !== undefined) return failed(mismatch);
    const other = await session.token(request.signal);
    if (!other.ok) return other;
    const second = await withToken(request, other.value);
    if (second.ok && second.value.status === 401) session.discard(other.value);
    return second;
  };
}

/**
 * Why the vault can never take this store's tokens; undefined: a new one may do.
 * https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
 */
function challengeFault(
  { headers }: HttpReply,
  places: AzurePlaces,
  tenantId: string | undefined,
): ProviderError | undefined {
  const challenge = headers["www-authenticate"] ?? "";
  const resource = parameter(challenge, "resource");
  if (resource !== undefined && resource.replace(/\/$/, "") !== places.resource) {
    return refused("the vault asks for tokens of another service than the Key Vault of this cloud");
  }
  const vaultTenant = URL.parse(parameter(challenge, "authorization") ?? "")?.pathname.split("/")[1];
  if (vaultTenant === undefined || tenantId === undefined || !isOther(vaultTenant, tenantId)) return undefined;
  return refused(`the vault belongs to tenant ${vaultTenant.toLowerCase()}, the login is of another one`);
}

/** A tenant may also be named by a domain, which says nothing here. */
function isOther(vaultTenant: string, tenantId: string): boolean {
  return GUID.test(vaultTenant) && GUID.test(tenantId) && vaultTenant.toLowerCase() !== tenantId.toLowerCase();
}

function parameter(challenge: string, name: "authorization" | "resource"): string | undefined {
  return new RegExp(`[\\s,]${name}="([^"]*)"`).exec(challenge)?.[1];
}

function refused(detail: string): ProviderError {
  return providerError("unauthenticated", detail, { httpStatus: 401 });
}

function foreignPage(): ProviderError {
  return providerError("unavailable", "an answer of the vault leads to another host: not followed");
}
