import { describe, expect, test } from "vitest";
import { objectKey } from "../../../../src/core/object-key.ts";
import { providerError } from "../../../../src/core/provider/error.ts";
import { type Observation, observe } from "../../../../src/reconcilers/external-secret/observe.ts";
import type { ResolvedStore, StoreDirectory } from "../../../../src/reconcilers/external-secret/store-directory.ts";
import type { Source } from "../../../../src/core/spec/external-secret.ts";
import type { SessionHealth, StoreSession } from "../../../../src/refresh/store-session.ts";
import { remoteRefId } from "../../../../src/core/provider/port.ts";
import { failed } from "../../../../src/core/result.ts";
import { dataSource, findSource } from "../../../support/builders/sync.ts";
import { FakeProvider } from "../../../support/fake-provider.ts";

const KEY = objectKey({ namespace: "team-a", name: "db" });
const READY: SessionHealth = {
  kind: "ready",
  health: { capabilities: "ReadOnly", backendIdentity: undefined, notes: [] },
};
const FAILING: SessionHealth = { kind: "failing", error: providerError("unavailable", "down") };

function session(provider: FakeProvider, afterProbe: SessionHealth): StoreSession {
  return {
    identity: "one",
    health: READY,
    provider,
    probe: (signal) => Promise.resolve(signal?.aborted === true ? READY : afterProbe),
    close: () => provider.close(),
  };
}

/** Answers by store name; each `set` of `stores` is seen at once. */
function world(afterProbe: SessionHealth = READY, signal = AbortSignal.any([])) {
  const provider = new FakeProvider();
  const awaited: string[] = [];
  /** Stores that the API server knows, whatever the cache shows. */
  const live = new Set<string>();
  const stores = new Map<string, ResolvedStore>([
    ["vault", { kind: "ready", session: session(provider, afterProbe), providerName: "Vault" }],
    ["new", { kind: "pending" }],
    [
      "down",
      {
        kind: "failing",
        error: providerError("throttled", "slow down", { retryAfterMs: 9_000 }),
        providerName: "Vault",
      },
    ],
    ["none", { kind: "unseen", what: "store", failure: { reason: "StoreNotFound", message: "no such store" } }],
    ["nowhere", { kind: "unseen", what: "namespace", failure: { reason: "StoreNotAllowed", message: "not served" } }],
  ]);
  const directory: StoreDirectory = {
    resolve: ({ name }) => stores.get(name) ?? { kind: "pending" },
    awaitReady: ({ name }) => void awaited.push(name),
    mayUse: () => true,
    isServed: () => true,
    exists: ({ name }) => Promise.resolve(live.has(name)),
  };
  const look = (...sources: readonly Source[]): Promise<Observation> =>
    observe(directory, { key: KEY, namespace: "team-a", sources }, signal);
  return { provider, awaited, stores, live, look };
}

function of(store: string, secretKey = store): Source {
  return dataSource({ store: { kind: "SecretStore", name: store }, secretKey });
}

async function read(observation: Promise<Observation>) {
  const seen = await observation;
  if (seen.kind !== "read") throw new Error("pending");
  const outcomes = seen.reads.map(({ reading }) => (reading.ok ? reading.value.kind : reading.error.reason));
  return { ...seen, outcomes };
}

describe("stores", () => {
  test("one that was not validated yet makes all wait, and nothing is read", async () => {
    const { look, provider } = world();
    expect(await look(of("vault"), of("new"))).toEqual({ kind: "pending" });
    expect(provider.reads).toBe(0);
  });

  test("one that is on its way is not missing, and nothing is read meanwhile", async () => {
    const { look, live, provider } = world();
    live.add("none");
    expect(await look(of("vault"), of("none"))).toEqual({ kind: "lagging" });
    expect(provider.reads).toBe(0);
  });

  test("one is judged only once the namespace of who asks is known", async () => {
    expect(await world().look(of("nowhere"))).toEqual({ kind: "lagging" });
  });

  test("each answers for its own sources, in the order of the spec", async () => {
    const { look, provider } = world();
    provider.put("app/db", 1, { password: "one" });
    const seen = await read(look(of("none"), of("vault"), of("down")));
    expect(seen.outcomes).toEqual(["StoreNotFound", "one", "Throttled"]);
    expect(seen.retryAfterMs).toBe(9_000);
    expect(seen.isStoreOutage).toBe(false);
  });

  test("an outage of one beside a complete reading of another is an outage", async () => {
    const { look, provider } = world();
    provider.put("app/db", 1, { password: "one" });
    expect((await read(look(of("vault"), of("down")))).isStoreOutage).toBe(true);
  });

  test.each([
    { given: "an entry is denied", kind: "accessDenied", probe: READY, then: { outage: false, awaited: [] } },
    { given: "the store is well after all", kind: "unavailable", probe: READY, then: { outage: false, awaited: [] } },
    {
      given: "the store fails as a whole",
      kind: "unavailable",
      probe: FAILING,
      then: { outage: true, awaited: ["vault"] },
    },
  ] as const)("when $given: $then", async ({ kind, probe, then }) => {
    const { look, provider, awaited } = world(probe);
    provider.kept.set("app/db", kind);
    expect((await read(look(of("vault")))).isStoreOutage).toBe(then.outage);
    expect(awaited).toEqual(then.awaited);
  });
});

test("a check of the store does not outlive who asked for it", async () => {
  const { look, provider, awaited } = world(FAILING, AbortSignal.abort());
  provider.kept.set("app/db", "unavailable");
  expect((await read(look(of("vault")))).isStoreOutage).toBe(false);
  expect(awaited).toEqual([]);
});

describe("reads", () => {
  test("one remote secret of several sources is read once", async () => {
    const { look, provider } = world();
    provider.put("app/db", 1, { password: "one" });
    const asked: number[] = [];
    const readSecrets = provider.readSecrets.bind(provider);
    provider.readSecrets = (refs) => (asked.push(refs.length), readSecrets(refs));
    expect((await read(look(of("vault", "a"), of("vault", "b")))).outcomes).toEqual(["one", "one"]);
    expect(asked).toEqual([1]);
  });

  test.each([
    { error: providerError("notFound", "no secret"), isAbsent: true },
    { error: { ...providerError("notFound", "no secret"), isUnproved: true }, isAbsent: false },
    { error: { ...providerError("deleted", "deleted"), isUnproved: true }, isAbsent: false },
    { error: providerError("accessDenied", "denied"), isAbsent: false },
  ] as const)(
    "$error.kind, unproved $error.isUnproved: absent for a policy is $isAbsent",
    async ({ error, isAbsent }) => {
      const { look, provider } = world();
      provider.readSecrets = (refs) => Promise.resolve(new Map(refs.map((ref) => [remoteRefId(ref), failed(error)])));
      expect((await read(look(of("vault")))).reads).toMatchObject([{ reading: { ok: false, error: { isAbsent } } }]);
    },
  );

  test("a provider that leaves a reference unanswered is a surprise", async () => {
    const { look, provider } = world();
    provider.readSecrets = () => Promise.resolve(new Map());
    await expect(look(of("vault"))).rejects.toThrow("unanswered");
  });
});

describe("a find", () => {
  test("holds what it lists, without what went between list and read", async () => {
    const { look, provider } = world();
    provider.put("k-1", 1, { v: "1" });
    provider.kept.set("k-2", "deleted");
    provider.put("other", 1, { v: "2" });
    const [found] = (await read(look(findSource()))).reads;
    const secrets = found?.reading.ok && found.reading.value.kind === "many" ? found.reading.value.secrets : new Map();
    expect([...secrets.keys()]).toEqual(["k-1"]);
  });

  test("reads nothing when it lists nothing", async () => {
    const { look, provider } = world();
    expect((await read(look(findSource()))).outcomes).toEqual(["many"]);
    expect(provider.reads).toBe(0);
  });

  test.each([
    { given: "one of its secrets is denied", kept: "accessDenied", outage: undefined, then: "AccessDenied" },
    { given: "the list fails", kept: undefined, outage: "unavailable", then: "ProviderUnavailable" },
  ] as const)("fails as a whole when $given", async ({ kept, outage, then }) => {
    const { look, provider } = world();
    provider.put("k-1", 1, { v: "1" });
    if (kept !== undefined) provider.kept.set("k-2", kept);
    provider.outage = outage;
    expect((await read(look(findSource()))).outcomes).toEqual([then]);
  });
});

describe("a reading is current", () => {
  test.each([
    { while: "nothing changes", now: undefined, then: true },
    {
      while: "the store has another session",
      now: { kind: "ready", session: session(new FakeProvider(), READY), providerName: "Vault" },
      then: false,
    },
    { while: "the store is not validated anew", now: { kind: "pending" }, then: false },
    {
      while: "the store may not be used any more",
      now: { kind: "refused", failure: { reason: "StoreNotAllowed", message: "" } },
      then: false,
    },
  ] as const)("or not while $while: $then", async ({ now, then }) => {
    const { look, provider, stores } = world();
    provider.put("app/db", 1, { password: "one" });
    const seen = await read(look(of("vault"), of("none")));
    if (now !== undefined) stores.set("vault", now);
    expect(seen.isCurrent()).toBe(then);
  });
});
