// The way to AWS: what could not be reached is named, because AWS has a host for each service and region, and which one
// did not answer tells a wrong region from an outage.

import type { ProviderError } from "../../core/provider/error.ts";
import { failed, type Result } from "../../core/result.ts";
import type { Egress } from "../http/egress.ts";
import type { HttpReply, HttpRequest } from "../http/http-message.ts";
import { createStoreConnection, storeTransport } from "../http/store-connection.ts";
import type { ProviderDeps } from "../provider-deps.ts";

export interface AwsConnection {
  send(request: HttpRequest): Promise<Result<HttpReply, ProviderError>>;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

export function createConnection(deps: ProviderDeps, egress: Egress): AwsConnection {
  const transport = storeTransport(deps, { egress, ca: undefined, clientCertificate: undefined });
  const connection = createStoreConnection(() => transport, deps);
  return {
    async send(request) {
      const reply = await connection.send(request);
      if (reply.ok || request.signal.aborted || connection.isClosed) return reply;
      return failed(withHost(reply.error, request.url));
    },
    destroy: () => connection.destroy(),
  };
}

function withHost(error: ProviderError, url: string): ProviderError {
  const host = URL.parse(url)?.host;
  return host === undefined ? error : { ...error, detail: `${error.detail} (${host})` };
}
