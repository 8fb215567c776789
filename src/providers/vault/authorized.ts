// A request with the session's token. A denial by Vault is checked against another token before it counts, because a
// dead token and a denied path answer alike.

import type { Session } from "./session.ts";
import type { VaultApi } from "./vault-api.ts";
import type { Exchange } from "./vault-reply.ts";
import { isDenial } from "./map-error.ts";

export interface AuthorizedApi {
  /** A 403 in the answer means: this path is denied, though the login works. */
  read(path: string, signal: AbortSignal): Promise<Exchange>;
  list(path: string, signal: AbortSignal): Promise<Exchange>;
  /** As `read`, but a 403 may also mean a dead token: for questions whose denial says nothing. */
  probe(path: string, signal: AbortSignal): Promise<Exchange>;
}

export function createAuthorizedApi(api: VaultApi, session: Session): AuthorizedApi {
  const authorized = async (verb: "read" | "list", path: string, signal: AbortSignal): Promise<Exchange> => {
    const token = await session.token(signal);
    if (!token.ok) return token;
    const exchange = await api[verb](path, { token: token.value.value, signal });
    if (!exchange.ok || !isDenial(exchange.value)) return exchange;
    const other = await session.afterDenial(token.value, signal);
    if (!other.ok) return other;
    return other.value === token.value ? exchange : api[verb](path, { token: other.value.value, signal });
  };
  return {
    read: (path, signal) => authorized("read", path, signal),
    list: (path, signal) => authorized("list", path, signal),
    probe: async (path, signal) => {
      const token = await session.token(signal);
      return token.ok ? api.read(path, { token: token.value.value, signal }) : token;
    },
  };
}
