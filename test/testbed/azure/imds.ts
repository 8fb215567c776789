// The metadata endpoint of an Azure machine, as far as it gives tokens of managed identities:
// https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#get-a-token-using-http

import type { Application, Entra } from "./entra.ts";
import { claimsOf } from "./entra.ts";
import { type Answer, type Call, type StandInServer, startServer } from "./tls-server.ts";

export interface ImdsOptions {
  readonly entra: Entra;
  /** Identities of the machine, by client id. */
  readonly identities: readonly Application[];
  readonly resources: readonly string[];
}

export interface Imds {
  readonly server: StandInServer;
  readonly url: string;
  close(): Promise<void>;
}

const API_VERSION = "2018-02-01";
const TOKEN_SECONDS = 86_399;

export async function startImds(options: ImdsOptions): Promise<Imds> {
  const server = await startServer({ tls: undefined, host: "127.0.0.1", answer: (call) => token(options, call) });
  return { server, url: server.origin, close: () => server.close() };
}

function token({ entra, identities, resources }: ImdsOptions, { method, url, headers }: Call): Answer {
  if (method !== "GET" || url.pathname !== "/metadata/identity/oauth2/token") return { status: 404 };
  // Without it a request could be one that a web server was tricked into.
  if (headers["metadata"] !== "true") return failure("invalid_request", "Required metadata header not specified");
  if (headers["x-forwarded-for"] !== undefined) return failure("invalid_request", "vendor-text-canary");
  if (url.searchParams.get("api-version") !== API_VERSION) return failure("invalid_request", "vendor-text-canary");
  const resource = resources.find((known) => known === url.searchParams.get("resource"));
  if (resource === undefined) return failure("invalid_resource", "vendor-text-canary");
  const clientId = url.searchParams.get("client_id");
  const candidates = clientId === null ? identities : identities.filter((identity) => identity.clientId === clientId);
  const [identity, another] = candidates;
  // Several identities, and none named: the caller must say which one.
  if (identity === undefined || another !== undefined) return failure("invalid_request", "Identity not found");
  const now = Math.floor(Date.now() / 1000);
  const body = {
    access_token: entra.mint(claimsOf(identity, resource)),
    client_id: identity.clientId,
    expires_in: String(TOKEN_SECONDS),
    expires_on: String(now + TOKEN_SECONDS),
    resource,
    token_type: "Bearer",
  };
  return { status: 200, body };
}

function failure(error: string, description: string): Answer {
  return { status: 400, body: { error, error_description: description } };
}
