// The store side of the operator: sessions with their providers and credentials, and who is told when a store's health
// changes.

import type { Config } from "../config/config.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ObjectKey, ObjectName } from "../core/object-key.ts";
import type { OperatorIdentity } from "../core/provider/credentials.ts";
import type { SecretProvider } from "../core/provider/port.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { providerNames } from "../core/spec/secret-store.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Egress } from "../providers/http/egress.ts";
import { instrumentProvider } from "../providers/instrumented.ts";
import { createProvider } from "../providers/registry.ts";
import {
  clusterCredentialReader,
  type CredentialReaderDeps,
  namespacedCredentialReader,
} from "../refresh/credential-reader.ts";
import { deferredProvider } from "../refresh/deferred-provider.ts";
import {
  createStoreSessions,
  type ProviderSource,
  type StoreName,
  type StoreSessions,
  type StoreSessionsDeps,
} from "../refresh/store-sessions.ts";
import type { FollowedObject, SeenVersion } from "../runtime/object-follower.ts";

export interface StoresDeps {
  readonly config: Config;
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly egress: Egress;
  readonly readOperatorToken: () => Promise<SecretValue | undefined>;
  readonly operatorIdentity: OperatorIdentity;
  /** The operator's own ServiceAccount; undefined: not known. */
  readonly operator: ObjectName | undefined;
  /** A login of the store uses this state of the object. */
  readonly onCredentialRead: (store: StoreName, object: FollowedObject, seen: SeenVersion) => void;
  readonly onHealthChange: (store: StoreName, isReady: boolean, waiting: readonly ObjectKey[]) => void;
  readonly isNeeded: StoreSessionsDeps["isNeeded"];
}

export function createStores(deps: StoresDeps): StoreSessions {
  const { config, client, clock, random, log } = deps;
  const { readOperatorToken, operatorIdentity, operator } = deps;
  const credentialsOf = (store: StoreName): CredentialReaderDeps => ({
    ...{ client, readOperatorToken, operatorIdentity, operator },
    onRead: (object, seen) => deps.onCredentialRead(store, object, seen),
  });
  // Series of each provider are there from the start.
  for (const kind of Object.keys(providerNames)) deps.metrics.provider(kind);
  return createStoreSessions({
    clock,
    random,
    log,
    limits: { maxInFlight: config.storeMaxInFlight, requestsPerSecond: config.storeRequestsPerSecond },
    createProvider: (source) => providerOf(deps, source),
    credentialsFor: (store, tenant) =>
      store.kind === "SecretStore"
        ? namespacedCredentialReader(credentialsOf(store), store.namespace)
        : clusterCredentialReader(credentialsOf(store), tenant),
    onHealthChange: (store, session, waiting) => deps.onHealthChange(store, session.health.kind === "ready", waiting),
    isNeeded: deps.isNeeded,
  });
}

function providerOf(
  { config, clock, random, log, metrics, egress }: StoresDeps,
  source: ProviderSource,
): SecretProvider {
  const { spec, credentials, limiter } = source;
  const meters = metrics.provider(spec.provider.kind);
  const loading = createProvider(spec.provider, {
    credentials,
    clock,
    random,
    log,
    limiter,
    egress,
    trustedHosts: config.trustedHosts,
    requestTimeoutMs: config.storeRequestTimeoutMs,
    onLogin: (outcome) => meters.loggedIn(outcome),
  });
  return instrumentProvider(deferredProvider(loading), {
    clock,
    metrics: meters,
    deadlineMs: config.reconcileTimeoutMs,
  });
}
