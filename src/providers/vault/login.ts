// How each auth method turns a credential of the cluster into a Vault token. One call is one login; who calls how
// often is the session's matter.

import type { CredentialReader } from "../../core/provider/credentials.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { KubernetesIdentity, ObjectKeyRef, VaultAuth } from "../../core/spec/secret-store.ts";
import { credentialText, errorOfCredential } from "./credential.ts";
import { requestPath } from "./key-path.ts";
import { errorOfLogin, unexpectedShape } from "./map-error.ts";
import type { VaultApi } from "./vault-api.ts";
import type { Exchange, VaultReply } from "./vault-reply.ts";

/** Compared by reference: each login gives a new one. */
export interface VaultToken {
  readonly value: SecretValue;
  /** Milliseconds from the answer on; 0: it does not end. */
  readonly ttlMs: number;
  readonly isRenewable: boolean;
  /** Ours to revoke: neither a token from a Secret nor a batch token, which cannot be. */
  readonly isRevocable: boolean;
}

export type Login = (signal: AbortSignal) => Promise<Result<VaultToken, ProviderError>>;

export const LOOKUP_SELF = requestPath("auth", "token", "lookup-self");

/** Vault's docs name this audience for tokens of Kubernetes (api.md: the default). */
const DEFAULT_AUDIENCE = "vault";

/** `api` is that of the namespace to log in at. */
export function createLogin(auth: VaultAuth, api: VaultApi, credentials: CredentialReader): Login {
  const sources = { api, credentials };
  switch (auth.kind) {
    case "token":
      return (signal) => adoptToken(auth.tokenSecretRef, sources, signal);
    case "kubernetes":
      return (signal) => kubernetesLogin(auth, sources, signal);
    case "appRole":
      return (signal) => appRoleLogin(auth, sources, signal);
  }
}

interface Sources {
  readonly api: VaultApi;
  readonly credentials: CredentialReader;
}

type AuthOf<Kind extends VaultAuth["kind"]> = Extract<VaultAuth, { kind: Kind }>;

async function kubernetesLogin(auth: AuthOf<"kubernetes">, sources: Sources, signal: AbortSignal): ReturnType<Login> {
  const jwt = await kubernetesToken(auth.identity, sources.credentials, signal);
  if (!jwt.ok) return jwt;
  const body = { role: auth.role, jwt: jwt.value.revealUtf8() };
  const path = requestPath("auth", auth.mountPath, "login");
  return tokenOf(await sources.api.write(path, body, { token: undefined, signal }), "Kubernetes");
}

async function appRoleLogin(auth: AuthOf<"appRole">, sources: Sources, signal: AbortSignal): ReturnType<Login> {
  const roleId = auth.roleRef === undefined ? undefined : await secretText(auth.roleRef, sources, signal);
  if (roleId?.ok === false) return roleId;
  const secretId = await secretText(auth.secretRef, sources, signal);
  if (!secretId.ok) return secretId;
  const body = { role_id: roleId?.value.revealUtf8() ?? auth.roleId ?? "", secret_id: secretId.value.revealUtf8() };
  const path = requestPath("auth", auth.path, "login");
  return tokenOf(await sources.api.write(path, body, { token: undefined, signal }), "AppRole");
}

/** A token from a Secret is looked up, which says whether it lives and for how long. */
async function adoptToken(ref: ObjectKeyRef, sources: Sources, signal: AbortSignal): ReturnType<Login> {
  const token = await secretText(ref, sources, signal);
  if (!token.ok) return token;
  const exchange = await sources.api.read(LOOKUP_SELF, { token: token.value, signal });
  if (!exchange.ok) return exchange;
  const reply = exchange.value;
  if (reply.status !== 200) return failed(errorOfLogin(reply, "token"));
  const ttlSeconds = reply.number(reply.at("data", "ttl"));
  if (ttlSeconds === undefined) return failed(unexpectedShape(reply));
  const isRenewable = reply.flag(reply.at("data", "renewable")) === true;
  return ok({ value: token.value, ttlMs: ttlSeconds * 1000, isRenewable, isRevocable: false });
}

async function kubernetesToken(
  identity: KubernetesIdentity,
  credentials: CredentialReader,
  signal: AbortSignal,
): Promise<Result<SecretValue, ProviderError>> {
  switch (identity.kind) {
    case "serviceAccount": {
      const minted = await credentials.requestToken(identity.ref, DEFAULT_AUDIENCE, signal);
      return minted.ok ? ok(minted.value.token) : failed(errorOfCredential(minted.error));
    }
    case "secret":
      return secretText(identity.ref, { credentials }, signal);
    case "operator":
      return credentialText("operator's token file", await credentials.readOperatorToken(signal));
  }
}

async function secretText(
  ref: ObjectKeyRef,
  { credentials }: Pick<Sources, "credentials">,
  signal: AbortSignal,
): Promise<Result<SecretValue, ProviderError>> {
  return credentialText(`key ${ref.key} of Secret ${ref.name}`, await credentials.readSecretKey(ref, signal));
}

function tokenOf(exchange: Exchange, method: string): Result<VaultToken, ProviderError> {
  if (!exchange.ok) return exchange;
  const reply = exchange.value;
  if (reply.status !== 200) return failed(errorOfLogin(reply, method));
  const value = reply.secretText(reply.at("auth", "client_token"));
  const lease = leaseOf(reply);
  if (value === undefined || lease === undefined) return failed(unexpectedShape(reply));
  const isRevocable = reply.text(reply.at("auth", "token_type")) !== "batch";
  reply.wipe();
  if (value.byteLength > 0) return ok({ value, ...lease, isRevocable });
  return failed(providerError("unauthenticated", `the ${method} role asks for a second factor, which no operator has`));
}

/** How long the token of a login or a renewal lives; undefined: the answer does not say. */
export function leaseOf(reply: VaultReply): Pick<VaultToken, "ttlMs" | "isRenewable"> | undefined {
  const ttlSeconds = reply.number(reply.at("auth", "lease_duration"));
  if (ttlSeconds === undefined) return undefined;
  return { ttlMs: ttlSeconds * 1000, isRenewable: reply.flag(reply.at("auth", "renewable")) === true };
}
