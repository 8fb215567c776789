// The way to one Vault server: checks the store's configuration, reads the CA that it names, and owns the transport.
// Every request passes the store's limiter here, once. A changed CA gets a new transport.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import { checkVaultConfig, invalid, pemFault } from "./check-config.ts";
import { abortedRequest, createTransport, type HttpRequest, type Transport } from "./transport.ts";
import { type Exchange, VaultReply } from "./vault-reply.ts";

export interface Connection {
  /** Checks the configuration and reads the CA anew. To be called before the first request and before each login. */
  prepare(signal: AbortSignal): Promise<Result<void, ProviderError>>;
  send(request: HttpRequest): Promise<Exchange>;
  /** Ends all sockets; what is under way fails, and later requests too. */
  destroy(): void;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

export function createConnection(spec: VaultStoreSpec, deps: ProviderDeps): Connection {
  const server = checkVaultConfig(spec, deps.allowInsecureHttp);
  let open: { readonly ca: string | undefined; readonly transport: Transport } | undefined;
  let hasEnded = false;
  const isClosed = (): boolean => hasEnded;

  const prepare: Connection["prepare"] = async (signal) => {
    if (!server.ok) return server;
    const ca = await readCa(spec, deps, signal);
    if (!ca.ok) return ca;
    if (isClosed()) return failed(closedConnection());
    if (open !== undefined && open.ca === ca.value) return ok(undefined);
    open?.transport.destroy();
    open = { ca: ca.value, transport: transportTo(server.value, ca.value, deps) };
    return ok(undefined);
  };

  const transmit = async (request: HttpRequest): Promise<Exchange> => {
    if (open === undefined || isClosed()) return failed(closedConnection());
    const startedMs = deps.clock.monotonicMs();
    const reply = await open.transport.send(request);
    const durationMs = deps.clock.monotonicMs() - startedMs;
    deps.onRequest?.({ method: request.method, httpStatus: reply.ok ? reply.value.status : undefined, durationMs });
    if (reply.ok) return ok(new VaultReply(reply.value));
    return failed(isClosed() ? closedConnection() : reply.error);
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

function transportTo(server: URL, ca: string | undefined, deps: ProviderDeps): Transport {
  const requestTimeoutMs = deps.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  return createTransport({ isTls: server.protocol === "https:", ca, clock: deps.clock, requestTimeoutMs });
}

async function readCa(
  spec: VaultStoreSpec,
  deps: ProviderDeps,
  signal: AbortSignal,
): Promise<Result<string | undefined, ProviderError>> {
  if (spec.caBundlePem !== undefined || spec.caProvider === undefined) return ok(spec.caBundlePem);
  const { kind, ref } = spec.caProvider;
  const { credentials } = deps;
  const read = await (kind === "Secret"
    ? credentials.readSecretKey(ref, signal)
    : credentials.readConfigMapKey(ref, signal));
  if (!read.ok) {
    const { kind: failure, detail } = read.error;
    return failure === "unavailable"
      ? failed(providerError("unavailable", detail))
      : invalid("caProvider", `fails: ${detail}`);
  }
  const pem = read.value.revealUtf8();
  const fault = pemFault(pem);
  return fault === undefined ? ok(pem) : invalid("caProvider", `names a value that ${fault}`);
}
