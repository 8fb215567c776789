// The way of one store to its vault and its login: every request passes the store's limiter here, once, and leaves for
// a host that the store's cloud has, or not at all.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { type Egress, egressToPlatform } from "../http/egress.ts";
import type { HttpReply, HttpRequest } from "../http/http-message.ts";
import { abortedRequest, createTransport, type Transport } from "../http/transport.ts";
import type { ProviderDeps } from "../provider-deps.ts";

export type Exchange = Result<HttpReply, ProviderError>;

export interface Connection {
  send(request: HttpRequest): Promise<Exchange>;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

/** `origins`: the only ones that requests may go to. */
export function createConnection(origins: readonly string[], deps: ProviderDeps): Connection {
  return connectionBy(deps.egress, origins, deps);
}

/** To a service of the machine that the operator runs on: by plain HTTP, and by no proxy. */
export function createPlatformConnection(origin: string, deps: ProviderDeps): Connection {
  return connectionBy(egressToPlatform(new URL(origin).hostname), [origin], deps);
}

function connectionBy(egress: Egress, origins: readonly string[], deps: ProviderDeps): Connection {
  const { clock, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = deps;
  const transport = createTransport({ clock, egress, requestTimeoutMs, ca: undefined, clientCertificate: undefined });
  let isClosed = false;
  const transmit = async (request: HttpRequest): Promise<Exchange> => {
    if (isClosed) return failed(closedConnection());
    const reply = await counted(transport, request, deps);
    return reply.ok ? ok(reply.value) : failed(isEnded() ? closedConnection() : reply.error);
  };
  const isEnded = (): boolean => isClosed;
  return {
    send: async (request) => {
      if (!origins.includes(URL.parse(request.url)?.origin ?? "")) return failed(foreignHost());
      try {
        return await deps.limiter(() => transmit(request), request.signal);
      } catch (cause) {
        if (request.signal.aborted) return failed(abortedRequest());
        throw cause;
      }
    },
    destroy: () => {
      isClosed = true;
      transport.destroy();
    },
  };
}

async function counted(transport: Transport, request: HttpRequest, deps: ProviderDeps): Promise<Exchange> {
  const startedMs = deps.clock.monotonicMs();
  const reply = await transport.send(request);
  const durationMs = deps.clock.monotonicMs() - startedMs;
  deps.onRequest?.({ method: request.method, httpStatus: reply.ok ? reply.value.status : undefined, durationMs });
  return reply;
}

export function closedConnection(): ProviderError {
  return providerError("unavailable", "the session is closed");
}

/** A page of a list, or the metadata of a login, led elsewhere. */
function foreignHost(): ProviderError {
  return providerError("unavailable", "an answer leads to a host that is not of the store's cloud: not followed");
}
