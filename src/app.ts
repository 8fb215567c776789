// The composition root of the operator: builds each object once, and owns the order of start and stop. No decision is
// taken here.

import { getHeapStatistics } from "node:v8";
import { allCaches, cachesComponent, createCaches } from "./app/caches.ts";
import { createControllers } from "./app/controllers.ts";
import { openEgress } from "./app/egress.ts";
import { createElection, type Election, LEASE_NAME } from "./app/election.ts";
import { operatorIdentityOf, readToken } from "./app/operator-identity.ts";
import { createProbes, type Probes } from "./app/probes.ts";
import { createStores } from "./app/stores.ts";
import type { ClusterSource, Config } from "./config/config.ts";
import type { ProcessIo } from "./config/process-io.ts";
import { version } from "./config/version.ts";
import type { Logger } from "./core/logger.ts";
import type { ObjectName } from "./core/object-key.ts";
import type { OperatorIdentity } from "./core/provider/credentials.ts";
import { failed, ok, type Result } from "./core/result.ts";
import { createEventRecorder } from "./kubernetes/event-recorder.ts";
import { type Environment, loadConnection } from "./kubernetes/load-connection.ts";
import { fenceWrites } from "./kubernetes/fenced-client.ts";
import { proxyVariables } from "./kubernetes/proxy-environment.ts";
import { createKubernetesClient, type KubernetesClient } from "./kubernetes/rest-client.ts";
import { type ApiContact, createApiContact } from "./observability/api-contact.ts";
import { type HttpServer, startHttpServer } from "./observability/http-server.ts";
import { createJsonLogger } from "./observability/json-logger.ts";
import { createMetrics, type Metrics } from "./observability/metrics.ts";
import type { Egress } from "./providers/http/egress.ts";
import type { HeapUse } from "./runtime/heap-guard.ts";
import { heapRestComponent } from "./runtime/heap-rest.ts";
import { type Component, createManager } from "./runtime/manager.ts";
import { createObjectWatches } from "./runtime/object-watches.ts";
import { createReconcileScopes, type ReconcileFacts, type ReconcileScopes } from "./runtime/reconcile-scope.ts";
import { createBusyMeter, systemClock as clock, systemRandom as random } from "./runtime/system-clock.ts";

const EXIT_OK = 0;
const EXIT_FAILED = 1;

/** Runs until `io.signal` fires and everything is stopped. Returns the exit code; the reason of a failure is logged. */
export async function runOperator(config: Config, io: ProcessIo): Promise<number> {
  const scopes = createReconcileScopes();
  const context = (): ReconcileFacts | undefined => scopes.current()?.facts;
  io.answerRejections((error) => scopes.current()?.rejected(error) ?? false);
  const log = createJsonLogger({ write: io.out, level: config.logLevel, nowMs: clock.nowMs, context });
  const prepared = await prepare(config, io, log);
  if (!prepared.ok) {
    log.error("Could not prepare to run", { detail: prepared.error });
    return EXIT_FAILED;
  }
  const { server, client, election } = prepared.value;
  const manager = createManager({ components: assemble(prepared.value, scopes), clock, log });
  try {
    await manager.start(io.signal);
    log.info("Operator started", { version, server });
    return await Promise.race([fired(io.signal).then(() => EXIT_OK), election.lost.then(() => EXIT_FAILED)]);
  } catch (error) {
    if (io.signal.aborted) return EXIT_OK;
    log.failure("Operator could not start", error);
    return EXIT_FAILED;
  } finally {
    await manager.stop();
    client.close();
    log.info("Operator stopped");
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** URL of the API server. */
  readonly server: string;
  readonly contact: ApiContact;
  /** Writes only while we lead. */
  readonly client: KubernetesClient;
  /** The way out to the stores. */
  readonly egress: Egress;
  readonly operatorIdentity: OperatorIdentity;
  readonly election: Election;
  /** Name of this replica, for Events. */
  readonly instance: string;
  /** Our own ServiceAccount; undefined: not known, as outside a cluster. */
  readonly operator: ObjectName | undefined;
}

/** Fails with a sentence about what is missing. */
async function prepare(config: Config, io: ProcessIo, log: Logger): Promise<Result<Parts, string>> {
  const connection = await loadConnection({ ...proxyVariables(io.env), ...environmentOf(config.cluster) });
  if (!connection.ok) return failed(connection.error.message);
  const egress = await openEgress(config, io.env);
  if (!egress.ok) return egress;
  const { serverUrl: server, namespace } = connection.value;
  const metrics = createMetrics(version);
  const contact = createApiContact(clock);
  const count = metrics.apiRequests(new URL(server).host);
  const onRequest = (method: string, code: string, durationMs: number): void => {
    contact.answered(code);
    count(method, code, durationMs);
  };
  const leader = metrics.leader(LEASE_NAME);
  const createClient = (): KubernetesClient =>
    createKubernetesClient({ connection: connection.value, clock, userAgent: `fairlead/${version}`, onRequest });
  const election = createElection({
    settings: config.leaderElection,
    podNamespace: namespace,
    createClient,
    ...{ clock, random, log },
    onChange: (leads) => leader.set(leads),
  });
  if (election === undefined) return failed("the lease needs a namespace: give --leader-election-namespace");
  const client = fenceWrites(createClient(), election.fence);
  const instance = io.env["POD_NAME"] ?? "fairlead";
  const operator = ownAccount(io.env);
  const operatorIdentity = operatorIdentityOf(io.env);
  const shared = { config, log, metrics, server, contact, client, egress: egress.value, election };
  return ok({ ...shared, instance, operator, operatorIdentity });
}

/** In order of start: what comes later needs what stands before it. */
function assemble(parts: Parts, scopes: ReconcileScopes): readonly Component[] {
  const { config, log, metrics, client, egress } = parts;
  const events = createEventRecorder({ client, clock, instance: parts.instance, onLost: () => metrics.eventDropped() });
  const watches = createObjectWatches({ client, clock, random });
  const onProgress = (resource: string, version: string): void => controllers.seen(resource, version);
  const caches = createCaches({ client, clock, random, log, metrics, onProgress });
  const stores = createStores({
    ...{ config, client, clock, random, log, metrics, egress },
    readOperatorToken: () => readToken(config.operatorTokenFile),
    onHealthChange: (store, isReady, waiting) => controllers.storeHealthChanged(store, isReady, waiting),
    isNeeded: (store, tenant) => controllers.isStoreNeeded(store, tenant),
    operator: parts.operator,
    operatorIdentity: parts.operatorIdentity,
    onCredentialRead: (store, object, seen) => controllers.credentialRead(store, object, seen),
  });
  const controllers = createControllers({ ...parts, clock, random, scopes, events, watches, caches, stores });
  const informers = allCaches(caches);
  const probes = createProbes({ ...parts, clock, caches: informers, controllers, readHeap });
  metrics.observeExternalSecrets(() => controllers.observedExternalSecrets());
  metrics.observeStores(() => controllers.observedStores());
  return [
    httpComponent({ config, log, health: probes.health, metrics }),
    probes.component,
    ...heapRest(),
    { name: "stores", start: () => Promise.resolve(), stop: () => stores.closeAll() },
    { name: "object watches", start: () => Promise.resolve(), stop: () => settled(() => watches.stop()) },
    cachesComponent(informers),
    // From here on only the leader starts; before it releases the lease, its workers and Events have ended.
    parts.election.component,
    { name: "events", start: () => Promise.resolve(), stop: (signal) => events.stop(signal) },
    {
      name: "controllers",
      start: () => settled(() => controllers.start()),
      stop: (signal) => controllers.stop(signal),
    },
  ];
}

interface HttpParts extends Pick<Parts, "config" | "log" | "metrics"> {
  readonly health: Probes["health"];
}

function httpComponent({ config, log, health, metrics }: HttpParts): Component {
  let server: HttpServer | undefined;
  return {
    name: "HTTP",
    async start() {
      const started = await startHttpServer({ ...config.httpAddress, health, metrics, log });
      if (!started.ok) {
        log.error("Could not serve probes and metrics", { detail: started.error });
        throw new Error("no HTTP server");
      }
      server = started.value;
    },
    stop: async () => server?.stop(),
  };
}

function readHeap(): HeapUse {
  const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
  return { usedBytes, limitBytes };
}

/** None where Node runs without --expose-gc. */
function heapRest(): readonly Component[] {
  const collectGarbage = typeof gc === "function" ? gc : undefined;
  if (collectGarbage === undefined) return [];
  // Of the kinds of collection only this one gives memory back: v8/src/extensions/gc-extension.cc.
  const collect = (): void => {
    collectGarbage({ type: "major", execution: "sync", flavor: "last-resort" });
  };
  const readHeldBytes = (): number => getHeapStatistics().total_heap_size;
  return [heapRestComponent({ clock, readBusyShare: createBusyMeter(), readHeldBytes, collect })];
}

/** As the Deployment tells it: a kubeconfig says nothing of ServiceAccounts. */
function ownAccount({ POD_NAMESPACE: namespace, POD_SERVICE_ACCOUNT: name }: ProcessIo["env"]): ObjectName | undefined {
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function environmentOf(cluster: ClusterSource): Environment {
  return cluster.kind === "kubeconfig"
    ? { KUBECONFIG: cluster.path }
    : { KUBERNETES_SERVICE_HOST: cluster.host, KUBERNETES_SERVICE_PORT: cluster.port };
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function settled(act: () => void): Promise<void> {
  act();
  return Promise.resolve();
}
