import { describe, expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import { parseSecretStore } from "../../../../src/core/spec/parse-secret-store.ts";
import type { SecretStoreRecord } from "../../../../src/core/spec/records.ts";
import { failed } from "../../../../src/core/result.ts";
import { errorFromStatus } from "../../../../src/kubernetes/api-error.ts";
import { noStatusFacts } from "../../../../src/kubernetes/status-body.ts";
import { recordOf } from "../../../../src/core/unknown.ts";
import { createSecretStoreReconciler, isStoreNews } from "../../../../src/reconcilers/secret-store/reconcile.ts";
import { storeRecord } from "../../../support/builders/sync.ts";
import { FakeCluster, refused } from "../../../support/fake-cluster.ts";
import type { FakeProvider } from "../../../support/fake-provider.ts";
import { recordingLogger } from "../../../support/recording-logger.ts";
import { storeRig } from "../../../support/store-rig.ts";

type Kind = SecretStoreRecord["kind"];
const PATHS = {
  SecretStore: "/apis/fairlead.dev/v1/namespaces/team-a/secretstores/vault",
  ClusterSecretStore: "/apis/fairlead.dev/v1/clustersecretstores/vault",
} as const;
/** Not in the API server's words. */
const proxied404 = failed(errorFromStatus(404, noStatusFacts, { write: true }));
const AWAIT = { kind: "awaitChange" };
/** Microtasks within which a fake provider's first answer is known. */
const PROBE_TURNS = 20;

interface Given {
  readonly kind?: Kind;
  readonly prepare?: (provider: FakeProvider) => void;
  /** Of the object in the cluster; the builder's, unless given. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

function world({ kind = "SecretStore", prepare, spec }: Given = {}) {
  const cluster = new FakeCluster();
  const rig = storeRig({}, prepare);
  const events: string[] = [];
  const watches: string[] = [];
  const told: string[] = [];
  const { log, lines } = recordingLogger();
  const namespace = kind === "SecretStore" ? "team-a" : "";
  const raw = (): unknown => cluster.get(PATHS[kind]);
  const parsed = (): SecretStoreRecord | undefined => {
    const record = raw() === undefined ? undefined : parseSecretStore(raw(), kind);
    return record?.ok === true ? record.value : undefined;
  };
  const state = { cached: parsed, isServed: true };
  const reconcile = createSecretStoreReconciler({
    kind,
    record: () => state.cached(),
    isServed: () => state.isServed,
    sessions: rig.sessions,
    // Keeping what is kept already changes nothing.
    credentialWatches: {
      keep: () => {
        if (watches.at(-1) !== "keep") watches.push("keep");
      },
      noteRead: () => undefined,
      release: () => watches.push("release"),
    },
    client: cluster,
    events: { record: (_, { reason }) => void events.push(reason), stop: () => Promise.resolve() },
    clock: rig.clock,
    log,
    onWrote: (key, resource, version) => void told.push(`${key} ${resource} ${version}`),
  });
  const auth = { tokenSecretRef: { name: "token", key: "token" } };
  const metadata = kind === "SecretStore" ? { namespace } : {};
  const conditions = kind === "SecretStore" ? {} : { conditions: [{ namespaces: ["team-a"] }] };
  const provider = { vault: { server: "https://vault.test", path: "kv", auth } };
  cluster.apply(PATHS[kind], { metadata, spec: spec ?? { provider, ...conditions } });
  const visit = () => reconcile(objectKey({ namespace, name: "vault" }), AbortSignal.any([]));
  /** A visit, and, as the queue would, another one where the store's first outcome comes meanwhile. */
  const run = async () => {
    const before = rig.told.length;
    const result = await visit();
    for (let turn = 0; turn < PROBE_TURNS && rig.told.length === before; turn += 1) await Promise.resolve();
    return rig.told.length === before ? result : visit();
  };
  const ready = (): string => {
    const status = recordOf(recordOf(raw())["status"]);
    const [first] = Array.isArray(status["conditions"]) ? status["conditions"].map(recordOf) : [];
    return first === undefined
      ? "none"
      : `${String(first["status"])} ${String(first["reason"])}: ${String(first["message"])}`;
  };
  return { ...rig, cluster, events, watches, writes: told, lines, state, run, ready, record: parsed };
}

describe("the outcome of a store", () => {
  test("that is well is told once, and costs no write while it stays", async () => {
    const { run, ready, events, cluster, watches } = world();
    expect(await run()).toEqual(AWAIT);
    expect(await run()).toEqual(AWAIT);
    expect(ready()).toBe("True Valid: login and access were checked");
    expect(events).toEqual(["Valid"]);
    expect(cluster.writes).toEqual(["PATCH vault/status"]);
    expect(watches).toEqual(["keep"]);
  });

  test("is told to whom waits for the cache to show it", async () => {
    const { run, writes, record } = world();
    await run();
    expect(writes).toEqual([`team-a/vault secretstores ${record()?.meta.resourceVersion ?? ""}`]);
  });

  test("that fails says why", async () => {
    const { run, ready, events } = world({
      prepare: (provider) => {
        provider.outage = "unauthenticated";
      },
    });
    await run();
    expect(ready()).toBe("False Unauthenticated: the fake says unauthenticated");
    expect(events).toEqual(["Unauthenticated"]);
  });

  test("whose spec does not parse says where, without a session", async () => {
    const { run, ready, providers, watches } = world({ spec: { provider: {} } });
    await run();
    expect(ready()).toMatch(/^False InvalidProviderConfig: spec: name exactly one provider/);
    expect(providers).toEqual([]);
    expect(watches).toEqual(["release"]);
  });

  test("of a cluster store with credentials of its tenants is told without a login", async () => {
    const { run, ready, providers } = world({ kind: "ClusterSecretStore" });
    await run();
    expect(ready()).toBe("True Valid: credentials checked per namespace");
    expect(providers).toEqual([]);
  });

  test("that goes there and back before the cache shows it ends where it is", async () => {
    const { run, ready, sessions, providers, state, record, events } = world();
    await run();
    const stale = record();
    state.cached = () => stale;
    const session = sessions.acquire(storeOf(stale), undefined);
    for (const outage of ["unavailable", undefined] as const) {
      for (const provider of providers) provider.outage = outage;
      await session.probe();
      await run();
    }
    expect(ready()).toBe("True Valid: login and access were checked");
    expect(events).toEqual(["Valid", "Unreachable", "Valid"]);
  });
});

describe("a status that cannot be written", () => {
  test.each([
    { given: "the store went", answer: refused(404), then: "awaitChange" },
    { given: "a conflict", answer: refused(409, "Conflict"), then: "retry" },
    { given: "a missing role", answer: refused(403), then: "retry" },
    { given: "a proxy that answers 404", answer: proxied404, then: "retry" },
    { given: "a refusal for good", answer: refused(422), then: "awaitChange" },
    { given: "a server error", answer: refused(500), then: "retry" },
  ])("because of $given: $then, and no Event", async ({ answer, then }) => {
    const { run, cluster, events, ready } = world();
    cluster.intercept = () => answer;
    expect((await run()).kind).toBe(then);
    expect(events).toEqual([]);
    cluster.intercept = () => undefined;
    await run();
    expect(ready()).toMatch(/^True Valid/);
    expect(events).toEqual(["Valid"]);
  });
});

describe("a store that is not ours to serve", () => {
  test.each([
    { given: "gone", leave: ({ state }: ReturnType<typeof world>) => void (state.cached = () => undefined) },
    { given: "of another class", leave: ({ state }: ReturnType<typeof world>) => void (state.isServed = false) },
    {
      given: "being deleted",
      leave: ({ state, record }: ReturnType<typeof world>) => {
        const current = storeOf(record());
        const meta = { ...current.meta, deletionTimestamp: "2026-01-01T00:00:00Z" };
        state.cached = () => ({ ...current, meta });
      },
    },
  ])("because it is $given loses its session and its watches, and no status is written", async ({ leave }) => {
    const rig = world();
    await rig.run();
    leave(rig);
    rig.cluster.writes.length = 0;
    expect(await rig.run()).toEqual(AWAIT);
    expect(rig.providers.map(({ closed }) => closed)).toEqual([1]);
    expect(rig.watches).toEqual(["keep", "release"]);
    expect(rig.cluster.writes).toEqual([]);
  });
});

function storeOf(record: SecretStoreRecord | undefined) {
  if (record?.spec.ok !== true) throw new Error("no usable store");
  return { ...record, spec: record.spec };
}

describe("isStoreNews", () => {
  const store = storeRecord();
  test.each([
    { given: "it appears", before: undefined, after: store, then: true },
    { given: "it goes", before: store, after: undefined, then: true },
    {
      given: "only its status changed",
      before: store,
      after: storeRecord("SecretStore", { metadata: { resourceVersion: "11" } }),
      then: false,
    },
    {
      given: "its spec changed",
      before: store,
      after: storeRecord("SecretStore", { metadata: { generation: 2 } }),
      then: true,
    },
    {
      given: "it is another one",
      before: store,
      after: storeRecord("SecretStore", { metadata: { uid: "new" } }),
      then: true,
    },
    {
      given: "it is being deleted",
      before: store,
      after: storeRecord("SecretStore", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
      then: true,
    },
    {
      given: "a force-sync is asked for",
      before: store,
      after: storeRecord("SecretStore", { metadata: { annotations: { "force-sync": "1" } } }),
      then: true,
    },
  ])("when $given: $then", ({ before, after, then }) => {
    expect(isStoreNews(before, after)).toBe(then);
  });
});
