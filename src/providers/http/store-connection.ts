// The way of one store to its servers: every request of the provider and of its logins passes the store's limiter here,
// once, and is timed and counted. Once it is closed, whatever is asked or under way fails as closed.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, type Result } from "../../core/result.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import type { HttpReply, HttpRequest } from "./http-message.ts";
import { abortedRequest, createTransport, type Transport, type TransportOptions } from "./transport.ts";

export interface StoreConnection {
  send(request: HttpRequest): Promise<Result<HttpReply, ProviderError>>;
  readonly isClosed: boolean;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

/** With the operator's clock and deadline. */
export function storeTransport(
  { clock, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS }: ProviderDeps,
  options: Omit<TransportOptions, "clock" | "requestTimeoutMs">,
): Transport {
  return createTransport({ clock, requestTimeoutMs, ...options });
}

/** `transport` is asked for each request when its turn comes; undefined: there is none, as if the connection were closed. */
export function createStoreConnection(transport: () => Transport | undefined, deps: ProviderDeps): StoreConnection {
  let isClosed = false;
  const transmit: StoreConnection["send"] = async (request) => {
    const open = isClosed ? undefined : transport();
    if (open === undefined) return failed(closedConnection());
    const startedMs = deps.clock.monotonicMs();
    const reply = await open.send(request);
    const durationMs = deps.clock.monotonicMs() - startedMs;
    deps.onRequest?.({ method: request.method, httpStatus: reply.ok ? reply.value.status : undefined, durationMs });
    return reply.ok || !connection.isClosed ? reply : failed(closedConnection());
  };
  const connection: StoreConnection = {
    async send(request) {
      try {
        return await deps.limiter(() => transmit(request), request.signal);
      } catch (cause) {
        if (request.signal.aborted) return failed(abortedRequest());
        throw cause;
      }
    },
    get isClosed() {
      return isClosed;
    },
    destroy() {
      isClosed = true;
      transport()?.destroy();
    },
  };
  return connection;
}

export function closedConnection(): ProviderError {
  return providerError("unavailable", "the session is closed");
}
