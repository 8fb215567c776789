// The way to AWS: every request of the provider and of its logins passes the store's limiter here, once, and is timed.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, type Result } from "../../core/result.ts";
import type { Egress } from "../http/egress.ts";
import type { HttpReply, HttpRequest } from "../http/http-message.ts";
import { abortedRequest, createTransport } from "../http/transport.ts";
import type { ProviderDeps } from "../provider-deps.ts";

export interface AwsConnection {
  send(request: HttpRequest): Promise<Result<HttpReply, ProviderError>>;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

export function createConnection(deps: ProviderDeps, egress: Egress): AwsConnection {
  const { clock, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = deps;
  const transport = createTransport({ clock, egress, requestTimeoutMs, ca: undefined, clientCertificate: undefined });
  let hasEnded = false;
  const isClosed = (): boolean => hasEnded;

  const transmit: AwsConnection["send"] = async (request) => {
    if (isClosed()) return failed(closedConnection());
    const startedMs = clock.monotonicMs();
    const reply = await transport.send(request);
    const durationMs = clock.monotonicMs() - startedMs;
    deps.onRequest?.({ method: request.method, httpStatus: reply.ok ? reply.value.status : undefined, durationMs });
    if (reply.ok || request.signal.aborted) return reply;
    return failed(isClosed() ? closedConnection() : withHost(reply.error, request.url));
  };

  return {
    send: async (request) => {
      try {
        return await deps.limiter(() => transmit(request), request.signal);
      } catch (cause) {
        if (request.signal.aborted) return failed(abortedRequest());
        throw cause;
      }
    },
    destroy: () => {
      hasEnded = true;
      transport.destroy();
    },
  };
}

export function closedConnection(): ProviderError {
  return providerError("unavailable", "the session is closed");
}

/** AWS has a host for each service and region: which one did not answer tells a wrong region from an outage. */
function withHost(error: ProviderError, url: string): ProviderError {
  const host = URL.parse(url)?.host;
  return host === undefined ? error : { ...error, detail: `${error.detail} (${host})` };
}
