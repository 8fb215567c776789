// AWS behind the provider port: wires connection, login, session and the store's service, which is loaded when it is
// first used. Secrets Manager and Parameter Store are clients of their own.

import { clearCredentialCache } from "@smithy/signature-v4";
import type { ProviderError } from "../../core/provider/error.ts";
import type { SecretProvider } from "../../core/provider/port.ts";
import { failed, ok } from "../../core/result.ts";
import type { AwsStoreSpec } from "../../core/spec/secret-store.ts";
import { egressToPlatform } from "../http/egress.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import { createAwsApi } from "./aws-api.ts";
import { type Account, createAccount } from "./account.ts";
import { createConnection } from "./connection.ts";
import type { Login } from "./credentials.ts";
import { endpointError, stsEndpoint } from "./endpoints.ts";
import { createLogin } from "./login.ts";
import { PLATFORM_HOSTS } from "./platform-identity.ts";
import type { AwsService, ServiceDeps } from "./service.ts";
import { createAwsSession } from "./session.ts";
import { createSts } from "./sts.ts";

const services: Readonly<Record<AwsStoreSpec["service"], (deps: ServiceDeps) => Promise<AwsService>>> = {
  SecretsManager: async (deps) => (await import("./secrets-manager.ts")).createSecretsManager(deps),
  ParameterStore: async (deps) => (await import("./parameter-store.ts")).createParameterStore(deps),
};

/**
 * One logged-in identity in one region. It logs in at the first call and keeps the keys for all. Nothing leaves for AWS
 * if the specification cannot work (`invalidConfig`).
 */
export function createAwsProvider(spec: AwsStoreSpec, deps: ProviderDeps): SecretProvider {
  const { clock, credentials } = deps;
  const connection = createConnection(deps, deps.egress);
  const platform = createConnection(deps, egressToPlatform(...PLATFORM_HOSTS));
  const sts = createSts({ connection, clock, region: spec.region, endpoint: stsEndpoint(spec) });
  const login = createLogin(spec, { credentials, sts, platform, nowMs: () => clock.nowMs() });
  const session = createAwsSession({
    clock,
    login: checkedLogin(endpointError(spec, deps.egress), login, deps),
    onRenewalFailed: ({ kind, httpStatus }) => deps.log.warn("Could not renew the keys for AWS", { kind, httpStatus }),
    onRenewalThrew: (cause) => deps.log.failure("AWS session failed", cause),
  });
  const account = createAccount(session, sts, spec.region);
  const api = createAwsApi(session);
  let loading: Promise<AwsService> | undefined;
  const service = (): Promise<AwsService> =>
    (loading ??= services[spec.service]({ spec, api, connection, session, isAccountKnown: () => account.isKnown }));
  return {
    readVersions: async (refs, signal) => (await service()).readVersions(refs, signal),
    readSecrets: async (refs, signal) => (await service()).readSecrets(refs, signal),
    find: async (query, signal) => (await service()).find(query, signal),
    validate: async (signal) => healthOf(await service(), account, signal),
    close: () => {
      session.close();
      connection.destroy();
      platform.destroy();
      // The signer keeps keys, with session tokens, for the whole process; other sessions derive theirs anew.
      clearCredentialCache();
      return Promise.resolve();
    },
  };
}

function checkedLogin(fault: ProviderError | undefined, login: Login, { onLogin }: ProviderDeps): Login {
  return async (signal) => {
    const outcome = fault === undefined ? await login(signal) : failed(fault);
    onLogin?.(outcome.ok ? "ok" : outcome.error.kind);
    return outcome;
  };
}

/** A real login and a real call, and the account behind them. */
async function healthOf(
  service: AwsService,
  account: Account,
  signal: AbortSignal,
): ReturnType<SecretProvider["validate"]> {
  const answer = await service.probe(signal);
  if (!answer.ok) return answer;
  const backend = await account.ask(signal);
  if (!backend.ok) return backend;
  const { identity: backendIdentity, notes } = backend.value;
  return ok({ capabilities: "ReadOnly", backendIdentity, notes: [...notes, ...service.notes()] });
}
