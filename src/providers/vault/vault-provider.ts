// Vault behind the provider port: wires connection, session, reader and finder of one store identity.

import type { SecretProvider } from "../../core/provider/port.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import { answerEach } from "../answer-each.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import { createAuthorizedApi } from "./authorized.ts";
import { createConnection } from "./connection.ts";
import { createHealthCheck } from "./health-check.ts";
import { findKeys } from "./key-finder.ts";
import { createKv1Reader } from "./kv1-reader.ts";
import { Kv2Reader } from "./kv2-reader.ts";
import { createLogin } from "./login.ts";
import { createMounts } from "./mounts.ts";
import { VaultSession } from "./session.ts";
import { createVaultApi } from "./vault-api.ts";

/**
 * One logged-in identity at one server. It logs in at the first call, keeps one token for all, and revokes it at `close`.
 * Nothing leaves for the server if the specification cannot work (`invalidConfig`).
 */
export function createVaultProvider(spec: VaultStoreSpec, deps: ProviderDeps): SecretProvider {
  const { clock, random, log } = deps;
  const connection = createConnection(spec, deps);
  const authApi = createVaultApi(spec.server, spec.authNamespace ?? spec.namespace, connection);
  const login = createLogin(spec.auth, authApi, deps);
  const session = new VaultSession({
    login: async (signal) => {
      const prepared = await connection.prepare(signal);
      if (!prepared.ok) return prepared;
      const outcome = await login(signal);
      deps.onLogin?.(outcome.ok ? "ok" : outcome.error.kind);
      return outcome;
    },
    ...{ api: authApi, clock, random, log },
  });
  const api = createAuthorizedApi(createVaultApi(spec.server, spec.namespace, connection), session);
  const mounts = createMounts(spec, api);
  const kv = { spec, api, mounts, clock };
  const kv2 = new Kv2Reader(kv);
  const reader = spec.version === "v2" ? kv2 : createKv1Reader(kv);
  const readsValuesForVersions = (): boolean => kv2.readsValuesForVersions;
  return {
    readVersions: (refs, signal) => answerEach(refs, (ref) => reader.readVersion(ref, signal)),
    readSecrets: (refs, signal) => answerEach(refs, (ref) => reader.readSecret(ref, signal)),
    find: (query, signal) => findKeys(kv, query, signal),
    validate: createHealthCheck({ connection, session, authApi, mounts, mount: spec.path, readsValuesForVersions }),
    close: async () => {
      await session.close();
      connection.destroy();
    },
  };
}
