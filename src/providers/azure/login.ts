// How an identity becomes an access token for the store's vault. One call is one login; who calls how often is the
// session's matter. The requests are MSAL's, over our connection; a managed identity asks the node itself.

import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  logger,
  type TokenCredential,
} from "@azure/identity";
import type { CredentialReader } from "../../core/provider/credentials.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import type { AzureStoreSpec } from "../../core/spec/azure-store.ts";
import { recordOf } from "../../core/unknown.ts";
import type { HttpReply } from "../http/http-message.ts";
import type { AzurePlaces } from "./cloud.ts";
import type { Connection } from "./connection.ts";
import { caught, httpClientOver, singleTry, unreadableAnswer } from "./http-client.ts";
import { type Identity, operatorPod, serviceAccount, servicePrincipal } from "./identity.ts";
import { jsonOf } from "./json-body.ts";
import { errorOfLogin } from "./login-error.ts";
import { managedIdentityLogin } from "./managed-identity.ts";
import { silence } from "./silence.ts";

/** Compared by reference: each login gives a new one. */
export interface AzureToken {
  readonly value: SecretValue;
  /** Milliseconds from the answer on. */
  readonly ttlMs: number;
  /** Undefined: that of the node. */
  readonly tenantId: string | undefined;
}

export type Login = (signal: AbortSignal) => Promise<Result<AzureToken, ProviderError>>;

export interface LoginDeps {
  readonly spec: AzureStoreSpec;
  readonly places: AzurePlaces;
  readonly connection: Connection;
  /** To the node's metadata endpoint. */
  readonly platform: Connection;
  readonly platformOrigin: string;
  readonly credentials: CredentialReader;
}

silence(logger);

export function createLogin(deps: LoginDeps): Login {
  const { spec, credentials } = deps;
  const { auth } = spec;
  switch (auth.kind) {
    case "servicePrincipal":
      return async (signal) => exchange(deps, await servicePrincipal(spec, auth, credentials, signal), signal);
    case "serviceAccount":
      return async (signal) => exchange(deps, await serviceAccount(spec, auth, credentials, signal), signal);
    case "operator":
      return async (signal) => exchange(deps, await operatorPod(spec, auth, credentials, signal), signal);
    case "managedIdentity":
      return (signal) => managedIdentityLogin(deps, auth.clientId, signal);
  }
}

/** A new credential for each login: its cache would give a token again that the vault has refused. */
async function exchange(
  { places, connection }: LoginDeps,
  identity: Result<Identity, ProviderError>,
  signal: AbortSignal,
): Promise<Result<AzureToken, ProviderError>> {
  if (!identity.ok) return identity;
  const seen: Seen = { failure: undefined, expiresInSeconds: undefined };
  const judge = (reply: HttpReply): ProviderError | undefined => {
    seen.failure ??= errorOfLogin(reply);
    seen.expiresInSeconds ??= expiresIn(reply);
    return seen.failure;
  };
  const send: Connection["send"] = async (request) => {
    const reply = await connection.send(request);
    if (!reply.ok) seen.failure ??= reply.error;
    return reply;
  };
  const options = {
    authorityHost: places.authority,
    // The host was checked already: nobody else needs to vouch for it.
    disableInstanceDiscovery: true,
    httpClient: httpClientOver(send, judge, signal),
    ...singleTry,
    loggingOptions: { logger: logger.info },
  };
  const answer = await caught(async () =>
    credentialOf(identity.value, options).getToken(`${places.resource}/.default`),
  );
  // MSAL words some failures anew: what was seen on the way counts.
  if (!answer.ok) return failed(seen.failure ?? answerless(identity.value, answer.error));
  if (answer.value === null || seen.expiresInSeconds === undefined) return failed(unreadableAnswer());
  const { tenantId } = identity.value;
  return ok({ value: SecretValue.ofUtf8(answer.value.token), ttlMs: seen.expiresInSeconds * 1000, tenantId });
}

/** What passed by on the way of one login. */
interface Seen {
  failure: ProviderError | undefined;
  expiresInSeconds: number | undefined;
}

type CredentialOptions = NonNullable<ConstructorParameters<typeof ClientAssertionCredential>[3]>;

function credentialOf({ tenantId, clientId, proof }: Identity, options: CredentialOptions): TokenCredential {
  const text = proof.value.revealUtf8();
  switch (proof.kind) {
    case "secret":
      return new ClientSecretCredential(tenantId, clientId, text, options);
    case "certificate":
      return new ClientCertificateCredential(tenantId, clientId, { certificate: text }, options);
    case "assertion":
      return new ClientAssertionCredential(tenantId, clientId, () => Promise.resolve(text), options);
  }
}

/** The login ended before any request failed: what it was given cannot serve. */
function answerless({ proof }: Identity, error: ProviderError): ProviderError {
  if (proof.kind !== "certificate") return error;
  return providerError("unauthenticated", "the certificate must be one PEM of a certificate and its private key");
}

/** RFC 6749, section 5.1. */
function expiresIn({ body }: HttpReply): number | undefined {
  const seconds = Number(recordOf(jsonOf(body))["expires_in"]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}
