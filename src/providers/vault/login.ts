// How credentials of the cluster become a Vault token. One call is one login; who calls how often is the session's
// matter.

import type { CredentialReader } from "../../core/provider/credentials.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { ObjectKeyRef, VaultAuth } from "../../core/spec/secret-store.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import { requestPath } from "./key-path.ts";
import { loginCall, secretText } from "./login-call.ts";
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

/** `api` is that of the namespace to log in at. */
export function createLogin(auth: VaultAuth, api: VaultApi, deps: ProviderDeps): Login {
  const { credentials } = deps;
  if (auth.kind === "token") return (signal) => adoptToken(auth.tokenSecretRef, { api, credentials }, signal);
  return async (signal) => {
    const call = await loginCall(auth, deps, signal);
    if (!call.ok) return call;
    const { name, path, body } = call.value;
    return tokenOf(await api.write(path, body, { token: undefined, signal }), name);
  };
}

interface Sources {
  readonly api: VaultApi;
  readonly credentials: CredentialReader;
}

/** A token from a Secret is looked up, which says whether it lives and for how long. */
async function adoptToken(ref: ObjectKeyRef, sources: Sources, signal: AbortSignal): ReturnType<Login> {
  const token = await secretText(ref, sources.credentials, signal);
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
