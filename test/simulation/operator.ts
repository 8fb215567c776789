// One operator as app.ts puts it together, on a virtual clock, network and store: caches, then the Lease, then workers.
// Left out are ClusterSecretStores and what they need, the controllers of the stores (nothing here reads a store's
// status), Events, probes and metrics.

import { type Caches, createCaches } from "../../src/app/caches.ts";
import { controllerOf, createKeyedWork, type KeyedWork } from "../../src/app/controller-parts.ts";
import { createElection, type Election } from "../../src/app/election.ts";
import { createExternalSecretParts } from "../../src/app/external-secrets.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import type { Random } from "../../src/core/clock.ts";
import type { Logger } from "../../src/core/logger.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import type { SecretStoreSpec } from "../../src/core/spec/secret-store.ts";
import type { EventRecorder } from "../../src/kubernetes/event-recorder.ts";
import { fenceWrites } from "../../src/kubernetes/fenced-client.ts";
import type { KubernetesClient } from "../../src/kubernetes/rest-client.ts";
import type { Triggers } from "../../src/reconcilers/external-secret/triggers.ts";
import { isStoreNews } from "../../src/reconcilers/secret-store/reconcile.ts";
import { createStoreSessions, storeName } from "../../src/refresh/store-sessions.ts";
import { createManager, type Manager } from "../../src/runtime/manager.ts";
import { createObjectWatches } from "../../src/runtime/object-watches.ts";
import { createReconcileScopes } from "../../src/runtime/reconcile-scope.ts";
import type { WorkQueue } from "../../src/runtime/work-queue.ts";
import { createWriteGate } from "../../src/runtime/write-gate.ts";
import type { Sabotage } from "./sabotage.ts";
import { silentMetrics } from "./silence.ts";
import type { VirtualProcess } from "./virtual-process.ts";

export interface OperatorParts {
  readonly process: VirtualProcess;
  readonly random: Random;
  readonly log: Logger;
  readonly createClient: () => KubernetesClient;
  readonly createProvider: (spec: SecretStoreSpec) => SecretProvider;
  readonly identity: string;
  /** False: it runs alone, and needs no Lease. */
  readonly elects: boolean;
  readonly sabotage: Sabotage;
}

export interface Operator {
  readonly caches: Caches;
  readonly leads: () => boolean;
  /** Resolves when another replica leads: the process must end. */
  readonly lost: Promise<void>;
  start(): void;
  /** As SIGTERM does; resolves when the process may exit. */
  stop(): Promise<void>;
}

export const LEASE_NAMESPACE = "fairlead-system";

const config = configOrThrow();
const noEvents: EventRecorder = { record: () => undefined, stop: () => Promise.resolve() };

export function createOperator(parts: OperatorParts): Operator {
  const { sabotage } = parts;
  const { clock } = parts.process;
  let leads = false;
  const election = createElectionPart(parts, (now) => {
    leads = now;
  });
  const raw = parts.createClient();
  const fenced = (sabotage.fence ?? fenceWrites)(sabotage.client?.(raw) ?? raw, election.fence);
  const shared = { clock, random: parts.random, log: parts.log, metrics: silentMetrics, client: fenced };
  const scopes = createReconcileScopes();
  const work = keyedWork(createKeyedWork({ ...shared, config, scopes }, "externalsecret"), parts);
  const caches = createCaches({ ...shared, onProgress: (resource, version) => work.gate.seen(resource, version) });
  const watches = createObjectWatches(shared);
  const stores = createStoreSessions({
    ...shared,
    limits: { maxInFlight: config.storeMaxInFlight, requestsPerSecond: config.storeRequestsPerSecond },
    createProvider: ({ spec }) => parts.createProvider(spec),
    credentialsFor: () => ({
      readSecretKey: unasked,
      readConfigMapKey: unasked,
      requestToken: unasked,
      readAnnotations: unasked,
      readOperatorToken: unasked,
      operatorIdentity: unasked,
    }),
    onHealthChange: (store, session, waiting) =>
      session.health.kind === "ready" ? triggers.storeReady(store, waiting) : triggers.storeJudged(waiting),
    isNeeded: () => true,
  });
  const { triggers, reconcile } = createExternalSecretParts({
    ...{ ...shared, config, scopes, events: noEvents, watches, stores },
    ...{ ...work, caches },
    isServed: () => true,
    limitOutage: (task) => task(),
  });
  const controller = controllerOf({ ...shared, config, scopes }, work, { workers: config.workers, reconcile });
  listen(caches, triggers);
  const informers = [caches.externalSecrets, caches.secretStores, caches.targets];
  const manager = createManager({
    ...shared,
    components: [
      { name: "stores", start: () => settled(), stop: () => stores.closeAll() },
      { name: "object watches", start: () => settled(), stop: () => settled(() => watches.stop()) },
      {
        name: "caches",
        async start() {
          for (const informer of informers) informer.start();
          await Promise.all(informers.map((informer) => informer.synced));
        },
        stop: () => settled(() => informers.forEach((informer) => informer.stop())),
      },
      election.component,
      {
        name: "controllers",
        start: () => settled(() => controller.start()),
        stop: (signal) => controller.stop(signal),
      },
    ],
  });
  return { caches, leads: () => leads, lost: election.lost, ...lifeOf(manager, parts.log) };
}

/** A queue that is broken on purpose is so for all that add to it. */
function keyedWork(whole: KeyedWork, { process, sabotage }: OperatorParts): KeyedWork {
  if (sabotage.queue === undefined) return whole;
  const queue: WorkQueue = sabotage.queue(whole.queue);
  const gate = createWriteGate({ clock: process.clock, onOpen: (key) => queue.add(key, "change") });
  return { ...whole, queue, gate };
}

function lifeOf(manager: Manager, log: Logger): Pick<Operator, "start" | "stop"> {
  let isStopping = false;
  return {
    start() {
      const failed = (error: unknown): void =>
        isStopping ? undefined : log.failure("Operator could not start", error);
      void manager.start(new AbortController().signal).catch(failed);
    },
    stop() {
      isStopping = true;
      return manager.stop();
    },
  };
}

function createElectionPart(parts: OperatorParts, onChange: (leads: boolean) => void): Election {
  const { process, sabotage, identity, elects } = parts;
  const election = createElection({
    settings: elects ? { kind: "on", identity, namespace: LEASE_NAMESPACE } : { kind: "off" },
    podNamespace: LEASE_NAMESPACE,
    createClient: () => {
      const client = parts.createClient();
      return sabotage.electionClient?.(client) ?? client;
    },
    clock: sabotage.electionClock?.(process.clock) ?? process.clock,
    random: parts.random,
    log: parts.log,
    onChange,
  });
  if (election === undefined) throw new Error("no namespace for the lease");
  return election;
}

function listen(caches: Caches, triggers: Triggers): void {
  caches.externalSecrets.onChange((previous, current) => triggers.externalSecretChanged(previous, current));
  caches.targets.onChange((previous, current) => triggers.targetChanged(previous, current));
  caches.secretStores.onChange((previous, current) => {
    const record = current ?? previous;
    if (record !== undefined && isStoreNews(previous, current)) triggers.storeChanged(storeName(record));
  });
}

function configOrThrow(): Config {
  const cluster = { KUBERNETES_SERVICE_HOST: "apiserver", KUBERNETES_SERVICE_PORT: "443", POD_NAME: "fairlead-0" };
  const parsed = parseConfig(["--leader-elect=true"], cluster);
  if (!parsed.ok) throw new Error(parsed.error.join("; "));
  return parsed.value;
}

function unasked(): never {
  throw new Error("the virtual store needs no credentials");
}

function settled(act: () => void = () => undefined): Promise<void> {
  act();
  return Promise.resolve();
}
