// Azure Key Vault behind the provider port: wires connection, session, reader and finder of one store identity.

import type { ProviderError } from "../../core/provider/error.ts";
import type { SecretProvider } from "../../core/provider/port.ts";
import { failed, type Result } from "../../core/result.ts";
import type { AzureStoreSpec } from "../../core/spec/azure-store.ts";
import { answerEach } from "../answer-each.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import { authorizedSend } from "./authorized.ts";
import { type AzurePlaces, resolvePlaces } from "./cloud.ts";
import { createConnection, createPlatformConnection } from "./connection.ts";
import { checkHealth } from "./health-check.ts";
import { createLogin } from "./login.ts";
import { PLATFORM_ORIGIN } from "./managed-identity.ts";
import { ObjectReader } from "./object-reader.ts";
import { findSecrets } from "./secret-finder.ts";
import { AzureSession } from "./session.ts";
import { createVaultApi } from "./vault-api.ts";

/**
 * One logged-in identity at one vault. It logs in at the first call and keeps one token for all. Nothing leaves if the
 * specification cannot work (`invalidConfig`). `platformOrigin`: where the node gives tokens of its managed identities.
 */
export function createAzureProvider(
  spec: AzureStoreSpec,
  deps: ProviderDeps,
  platformOrigin = PLATFORM_ORIGIN,
): SecretProvider {
  const places = resolvePlaces(spec, deps.trustedHosts ?? []);
  return places.ok ? connected({ spec, deps, places: places.value, platformOrigin }) : unusable(places.error);
}

interface Parts {
  readonly spec: AzureStoreSpec;
  readonly deps: ProviderDeps;
  readonly places: AzurePlaces;
  readonly platformOrigin: string;
}

function connected({ spec, deps, places, platformOrigin }: Parts): SecretProvider {
  const { clock, log, credentials } = deps;
  const connection = createConnection([places.vault, places.authority], deps);
  const platform = createPlatformConnection(platformOrigin, deps);
  const login = createLogin({ spec, places, connection, platform, platformOrigin, credentials });
  const session = new AzureSession({
    login: async (signal) => {
      const outcome = await login(signal);
      deps.onLogin?.(outcome.ok ? "ok" : outcome.error.kind);
      return outcome;
    },
    ...{ clock, log },
  });
  const api = createVaultApi(places.vault, authorizedSend({ connection, session, places }));
  const reader = new ObjectReader(api, clock);
  return {
    readVersions: (refs, signal) => answerEach(refs, (ref) => reader.readVersion(ref, signal)),
    readSecrets: (refs, signal) => answerEach(refs, (ref) => reader.readSecret(ref, signal)),
    find: (query, signal) => findSecrets({ api, clock }, query, signal),
    validate: (signal) => checkHealth(api, reader, signal),
    close: async () => {
      await session.close();
      connection.destroy();
      platform.destroy();
    },
  };
}

/** A store that can never work says so to everyone. */
function unusable(error: ProviderError): SecretProvider {
  const refuse = (): Promise<Result<never, ProviderError>> => Promise.resolve(failed(error));
  return {
    readVersions: (refs) => answerEach(refs, refuse),
    readSecrets: (refs) => answerEach(refs, refuse),
    find: refuse,
    validate: refuse,
    close: () => Promise.resolve(),
  };
}
