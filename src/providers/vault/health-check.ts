// What proves that a store works: a login, a look at the own token, and a look at the mount.

import type { ProviderError } from "../../core/provider/error.ts";
import type { StoreHealth } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { Connection } from "./connection.ts";
import { LOOKUP_SELF, type VaultToken } from "./login.ts";
import { errorOfReply, isDenial } from "./map-error.ts";
import type { Mounts } from "./mounts.ts";
import type { Session } from "./session.ts";
import type { VaultApi } from "./vault-api.ts";
import type { Exchange } from "./vault-reply.ts";

export interface HealthDeps {
  readonly connection: Connection;
  readonly session: Session;
  /** Of the namespace that the tokens belong to. */
  readonly authApi: VaultApi;
  readonly mounts: Mounts;
  /** The store's own mount; undefined if keys name theirs. */
  readonly mount: string | undefined;
  readonly readsValuesForVersions: () => boolean;
}

export type HealthCheck = (signal: AbortSignal) => Promise<Result<StoreHealth, ProviderError>>;

const METADATA_DENIED = "some keys deny metadata/: their versions are checked by reading values";

export function createHealthCheck(deps: HealthDeps): HealthCheck {
  const checkToken = createTokenCheck(deps);
  return async (signal) => {
    const prepared = await deps.connection.prepare(signal);
    if (!prepared.ok) return prepared;
    const token = await checkToken(signal);
    if (!token.ok) return token;
    const identity = deps.mount === undefined ? ok(undefined) : await deps.mounts.check(deps.mount, signal);
    if (!identity.ok) return identity;
    const notes = deps.readsValuesForVersions() ? [METADATA_DENIED] : [];
    if (deps.mount !== undefined && identity.value === undefined) {
      notes.push(`mount ${deps.mount} was not checked: it does not exist, or no policy of this identity names it`);
    }
    return ok({ capabilities: "ReadOnly", backendIdentity: identity.value, notes });
  };
}

/** A token whose look at itself is denied is replaced once; if the new one is denied as well, the policy forbids it. */
function createTokenCheck(deps: HealthDeps): (signal: AbortSignal) => Promise<Result<void, ProviderError>> {
  const { session, authApi } = deps;
  let isForbidden = false;
  const lookUp = (token: VaultToken, signal: AbortSignal): Promise<Exchange> =>
    authApi.read(LOOKUP_SELF, { token: token.value, signal });
  return async (signal) => {
    const token = await session.token(signal);
    if (!token.ok) return token;
    const first = await lookUp(token.value, signal);
    if (isForbidden || !first.ok || !isDenial(first.value)) return outcomeOf(first, isForbidden);
    const other = await session.replace(token.value, signal);
    if (!other.ok) return other;
    const second = await lookUp(other.value, signal);
    isForbidden = second.ok && isDenial(second.value);
    return outcomeOf(second, isForbidden);
  };
}

function outcomeOf(exchange: Exchange, isForbidden: boolean): Result<void, ProviderError> {
  if (!exchange.ok) return exchange;
  const { status } = exchange.value;
  return status === 200 || (isForbidden && isDenial(exchange.value))
    ? ok(undefined)
    : failed(errorOfReply(exchange.value));
}
