// The way to one Vault server: checks the store's configuration, reads what its TLS needs, and owns the transport.
// A changed CA or client certificate gets a new transport.

import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { HttpRequest } from "../http/http-message.ts";
import { closedConnection, createStoreConnection, storeTransport } from "../http/store-connection.ts";
import type { Transport } from "../http/transport.ts";
import type { ProviderDeps } from "../provider-deps.ts";
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

export function createConnection(spec: VaultStoreSpec, deps: ProviderDeps): Connection {
  const server = checkVaultConfig(spec, deps.egress);
  const written = createWrittenIndex();
  let open: { readonly material: TlsMaterial; readonly transport: Transport } | undefined;
  const connection = createStoreConnection(() => open?.transport, deps);
  return {
    async prepare(signal) {
      if (!server.ok) return server;
      const material = await readTlsMaterial(spec, deps.credentials, signal);
      if (!material.ok) return material;
      if (connection.isClosed) return failed(closedConnection());
      if (open !== undefined && isSameMaterial(open.material, material.value)) return ok(undefined);
      open?.transport.destroy();
      const transport = storeTransport(deps, { egress: deps.egress, ...material.value });
      open = { material: material.value, transport: written.through(transport) };
      return ok(undefined);
    },
    async send(request) {
      const reply = await connection.send(request);
      return reply.ok ? ok(new VaultReply(reply.value)) : reply;
    },
    destroy: () => connection.destroy(),
  };
}
