// The way of one store to its vault and its login: requests leave for a host that the store's cloud has, or not at all.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, type Result } from "../../core/result.ts";
import { type Egress, egressToPlatform } from "../http/egress.ts";
import type { HttpReply, HttpRequest } from "../http/http-message.ts";
import { createStoreConnection, storeTransport } from "../http/store-connection.ts";
import type { ProviderDeps } from "../provider-deps.ts";

export type Exchange = Result<HttpReply, ProviderError>;

export interface Connection {
  send(request: HttpRequest): Promise<Exchange>;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

/** `origins`: the only ones that requests may go to. */
export function createConnection(origins: readonly string[], deps: ProviderDeps): Connection {
  return connectionBy(deps.egress, origins, deps);
}

/** To a service of the machine that the operator runs on: by plain HTTP, and by no proxy. */
export function createPlatformConnection(origin: string, deps: ProviderDeps): Connection {
  return connectionBy(egressToPlatform(new URL(origin).hostname), [origin], deps);
}

function connectionBy(egress: Egress, origins: readonly string[], deps: ProviderDeps): Connection {
  const transport = storeTransport(deps, { egress, ca: undefined, clientCertificate: undefined });
  const connection = createStoreConnection(() => transport, deps);
  const isOfStore = ({ url }: HttpRequest): boolean => origins.includes(URL.parse(url)?.origin ?? "");
  return {
    send: async (request) => (isOfStore(request) ? connection.send(request) : failed(foreignHost())),
    destroy: () => connection.destroy(),
  };
}

/** A page of a list, or the metadata of a login, led elsewhere. */
function foreignHost(): ProviderError {
  return providerError("unavailable", "an answer leads to a host that is not of the store's cloud: not followed");
}
