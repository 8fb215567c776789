// The informer against a real kube-apiserver: what KEP-3157 promises holds there, and so does what we know of a watch
// that is opened ahead of the server. Row 16 of the faults.

import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { parseMeta } from "../../src/core/spec/parse-meta.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { Proxy } from "../../src/kubernetes/proxy.ts";
import { resources } from "../../src/kubernetes/resource-path.ts";
import { createKubernetesClient, type KubernetesClient } from "../../src/kubernetes/rest-client.ts";
import { createInformer, type InformerOptions } from "../../src/runtime/informer.ts";
import type { StoredObject } from "../../src/runtime/object-store.ts";
import { systemClock as clock, systemRandom as random } from "../../src/runtime/system-clock.ts";
import { startConnectProxy } from "../support/connect-proxy.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { valueAt } from "../testbed/json.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";

const rig = rigForSuite();
const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

async function newNamespace(): Promise<string> {
  const name = `informer-${randomUUID()}`;
  await ok(rig.api.post("/api/v1/namespaces", { metadata: { name } }));
  return name;
}

async function createConfigMap(namespace: string, name: string): Promise<void> {
  await ok(rig.api.post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name }, data: { key: "text" } }));
}

function clientOfRig(proxy?: Proxy): KubernetesClient {
  const { server, caPem, admin } = rig.handle.kubernetes;
  const keyPem = SecretValue.ofUtf8(admin.privateKeyPem);
  const credentials = { caPem, clientCertificate: { certPem: admin.certificatePem, keyPem }, bearerToken: undefined };
  const connection = {
    serverUrl: server,
    tlsServerName: undefined,
    proxy,
    namespace: undefined,
    inCluster: false,
    loadCredentials: () => Promise.resolve(credentials),
  };
  const client = createKubernetesClient({ connection, clock, userAgent: "fairlead/test" });
  ends.push(() => client.close());
  return client;
}

function startInformer(overrides: Partial<InformerOptions<StoredObject>> & { readonly namespace: string }) {
  const { log, lines } = recordingLogger();
  const counts: string[] = [];
  const bodies: unknown[] = [];
  const informer = createInformer<StoredObject>({
    type: resources.configMaps,
    client: clientOfRig(),
    clock,
    random,
    log,
    parse(raw) {
      bodies.push(raw);
      const meta = parseMeta(raw);
      return meta.ok ? { meta: meta.value } : undefined;
    },
    onCount: (what) => counts.push(what),
    ...overrides,
  });
  ends.unshift(() => informer.stop());
  informer.start();
  const names = (): string[] => informer.store.list().map(({ meta }) => meta.name);
  const untilHeld = (name: string): Promise<true> =>
    waitUntil(`${name} is in the cache`, () => Promise.resolve(names().includes(name) || undefined), {
      timeoutMs: 20_000,
    });
  return { informer, lines, counts, bodies, names, untilHeld };
}

test.each([
  { metadataOnly: false, data: { key: "text" } },
  { metadataOnly: true, data: undefined },
])(
  "streams its list and goes on with the same stream, metadata only: $metadataOnly",
  async ({ metadataOnly, data }) => {
    const namespace = await newNamespace();
    for (const name of ["a", "b"]) await createConfigMap(namespace, name);
    const from = await rig.audit.kubernetes.mark();
    const { informer, counts, bodies, names, untilHeld } = startInformer({ namespace, metadataOnly });
    await informer.synced;
    expect(names()).toEqual(expect.arrayContaining(["a", "b"]));
    await createConfigMap(namespace, "c");
    await untilHeld("c");
    expect(counts).toEqual(["list", "stream"]);
    expect(bodies.map((raw) => valueAt(raw, "data"))).toContainEqual(data);
    const requests = { namespace, resource: "configmaps", verb: ["list", "watch"] };
    const seen = await rig.audit.kubernetes.since(from);
    const mine = seen.filter((entry) => entry.namespace === namespace && requests.verb.includes(entry.verb));
    expect(mine.map((entry) => entry.verb)).toEqual(["watch"]);
  },
);

test("an informer that is ahead of the server finds out when it resumes, and lists anew", async () => {
  const namespace = await newNamespace();
  await createConfigMap(namespace, "a");
  const { client, cut } = aheadOfServer(clientOfRig());
  const { informer, counts, untilHeld } = startInformer({ namespace, client });
  await informer.synced;
  cut();
  await createConfigMap(namespace, "b");
  await untilHeld("b");
  expect(counts).toContain("serverWentBack");
});

test("streams its list through a proxy", async () => {
  const namespace = await newNamespace();
  await createConfigMap(namespace, "a");
  const proxy = await startConnectProxy({ login: "me:word" });
  const { informer, untilHeld } = startInformer({ namespace, client: clientOfRig(proxy.proxy("me:word")) });
  await informer.synced;
  await createConfigMap(namespace, "b");
  await untilHeld("b");
  expect(proxy.asked).toEqual([new URL(rig.handle.kubernetes.server).host]);
});

/** Tells the informer versions that the server will not reach for long, as before the restore of a backup. */
function aheadOfServer(client: KubernetesClient): { client: KubernetesClient; cut: () => void } {
  const first = new AbortController();
  let streams = 0;
  const watch: KubernetesClient["watch"] = (call, handlers, signal) => {
    streams += 1;
    if (streams > 1) return client.watch(call, handlers, signal);
    const line = (text: string): void =>
      handlers.line(text.replace(/"resourceVersion":"(\d+)"/, '"resourceVersion":"9$1"'));
    return client.watch(call, { ...handlers, line }, AbortSignal.any([signal, first.signal]));
  };
  return { client: { ...client, watch }, cut: () => first.abort() };
}
