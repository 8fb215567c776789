// The way to one Vault server: checks the store's configuration, reads what its TLS needs, and owns the transport.
// Every request passes the store's limiter here, once. A changed CA or client certificate gets a new transport.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import type { HttpRequest } from "../http/http-message.ts";
import { abortedRequest, createTransport, type Transport } from "../http/transport.ts";
import { checkVaultConfig } from "./check-config.ts";
import { isSameMaterial, readTlsMaterial, type TlsMaterial } from "./tls-material.ts";
import { type Exchange, VaultReply } from "./vault-reply.ts";
import { createWrittenIndex } from "./written-index.ts";

export interface Connection {
  /** Checks the configuration and reads CA and client certificate anew. To be called before the first request and before each login. */
  prepare(signal: AbortSignal): Promise<Result<void, ProviderError>>;
  send(request: HttpRequest): Promise<Exchange>;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

export function createConnection(spec: VaultStoreSpec, deps: ProviderDeps): Connection {
  const server = checkVaultConfig(spec, deps.egress);
  let open: { readonly material: TlsMaterial; readonly transport: Transport } | undefined;
  const written = createWrittenIndex();
  let hasEnded = false;
  const isClosed = (): boolean => hasEnded;

  const prepare: Connection["prepare"] = async (signal) => {
    if (!server.ok) return server;
    const material = await readTlsMaterial(spec, deps.credentials, signal);
    if (!material.ok) return material;
    if (isClosed()) return failed(closedConnection());
    if (open !== undefined && isSameMaterial(open.material, material.value)) return ok(undefined);
    open?.transport.destroy();
    open = { material: material.value, transport: transportWith(material.value, deps) };
    return ok(undefined);
  };

  const transmit = async (request: HttpRequest): Promise<Exchange> => {
    if (open === undefined || isClosed()) return failed(closedConnection());
    const reply = await timedSend(open.transport, written.after(request), deps);
    if (!reply.ok) return failed(isClosed() ? closedConnection() : reply.error);
    written.note(request, reply.value);
    return ok(new VaultReply(reply.value));
  };

  return {
    prepare,
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
      open?.transport.destroy();
    },
  };
}

export function closedConnection(): ProviderError {
  return providerError("unavailable", "the session is closed");
}

async function timedSend(
  transport: Transport,
  request: HttpRequest,
  deps: ProviderDeps,
): ReturnType<Transport["send"]> {
  const startedMs = deps.clock.monotonicMs();
  const reply = await transport.send(request);
  const durationMs = deps.clock.monotonicMs() - startedMs;
  deps.onRequest?.({ method: request.method, httpStatus: reply.ok ? reply.value.status : undefined, durationMs });
  return reply;
}

function transportWith(material: TlsMaterial, deps: ProviderDeps): Transport {
  const { clock, egress, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = deps;
  return createTransport({ clock, egress, requestTimeoutMs, ...material });
}
