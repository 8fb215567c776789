// Two tenants behind one ClusterSecretStore that logs in as the ServiceAccount of each: whatever happens, and in whatever
// order, nobody gets what its own identity could not read at that moment. Providers, sessions and readers are the real ones.

import tls from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStores } from "../../../src/app/stores.ts";
import { parseConfig } from "../../../src/config/config.ts";
import { remoteRefId } from "../../../src/core/provider/port.ts";
import { ok } from "../../../src/core/result.ts";
import { parseSecretStore } from "../../../src/core/spec/parse-secret-store.ts";
import { createMetrics } from "../../../src/observability/metrics.ts";
import { type ReadyStoreRecord, storeName, type StoreSessions } from "../../../src/refresh/store-sessions.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeCluster, refused } from "../../support/fake-cluster.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import {
  KEY,
  startAwsWorld,
  startAzureWorld,
  startVaultWorld,
  type StartWorld,
  type Tenant,
  TENANTS,
  type TenantWorld,
  WORLD_CA,
} from "../../support/tenant-worlds.ts";
import { testEgress } from "../../support/test-egress.ts";

const NEVER = new AbortController().signal;
const REF = { key: KEY, version: undefined, metadataPolicy: "None" } as const;
const metrics = createMetrics("test");
const trustedBefore = tls.getCACertificates("default");

beforeAll(() => tls.setDefaultCACertificates([...trustedBefore, WORLD_CA]));
afterAll(() => tls.setDefaultCACertificates(trustedBefore));

/** Undefined: the store's controller asks, for nobody. */
type Asker = Tenant | undefined;

class TenantRig {
  readonly world: TenantWorld;
  readonly clock: FakeClock;
  readonly stores: StoreSessions;
  /** Tenants whose tokens the operator may not request. */
  readonly tokenless = new Set<Tenant>();
  /** Namespace that the store names for its ServiceAccount; undefined: that of each tenant. */
  pinned: Tenant | undefined;
  /** Reads that gave a value. */
  served = 0;
  #generation = 1;

  constructor(world: TenantWorld, clock: FakeClock) {
    this.world = world;
    this.clock = clock;
    this.stores = createStores({
      config: testConfig(),
      ...{ client: this.#cluster(), clock, random: () => 0.5, log: recordingLogger().log, metrics },
      egress: testEgress({ allowInsecureHttp: true }),
      readOperatorToken: () => Promise.resolve(undefined),
      operatorIdentity: { variable: () => undefined, readFile: () => Promise.resolve(undefined) },
      operator: undefined,
      onCredentialRead: () => undefined,
      onHealthChange: () => undefined,
      isNeeded: () => true,
    });
  }

  get record(): ReadyStoreRecord {
    const ref = { name: "app", ...(this.pinned === undefined ? {} : { namespace: this.pinned }) };
    const metadata = { name: "store", uid: "uid-1", resourceVersion: "1", generation: this.#generation };
    const spec = { provider: this.world.provider(ref), conditions: [{ namespaces: [...TENANTS] }] };
    const record = parseSecretStore({ metadata, spec }, "ClusterSecretStore");
    if (!record.ok || !record.value.spec.ok) throw new Error("not a store");
    return { ...record.value, spec: record.value.spec };
  }

  edit(pinned: Tenant | undefined): void {
    this.pinned = pinned;
    this.#generation += 1;
  }

  /** All at once. */
  async read(...askers: readonly Asker[]): Promise<void> {
    await Promise.all(askers.flatMap((asker) => [this.#readValue(asker), this.#readVersion(asker)]));
  }

  async #readValue(asker: Asker): Promise<void> {
    const { provider } = this.stores.acquire(this.record, asker);
    const answer = (await provider.readSecrets([REF], NEVER)).get(remoteRefId(REF));
    if (answer?.ok !== true) return;
    this.served += 1;
    const owner = this.#identityOf(asker);
    expect(answer.value.payload.revealUtf8()).toBe(this.world.valueOf(owner));
  }

  async #readVersion(asker: Asker): Promise<void> {
    const { provider } = this.stores.acquire(this.record, asker);
    const answer = (await provider.readVersions([REF], NEVER)).get(remoteRefId(REF));
    if (answer?.ok === true) this.#identityOf(asker);
  }

  /** Who answers are read as; nobody, or one that may not read, must not have got one. */
  #identityOf(asker: Asker): Tenant {
    const owner = this.pinned ?? asker;
    expect(owner).toBeDefined();
    if (owner === undefined) throw new Error("an answer for nobody");
    expect([...this.world.allowed]).toContain(owner);
    return owner;
  }

  #cluster(): FakeCluster {
    const cluster = new FakeCluster();
    for (const tenant of TENANTS) {
      const metadata = { annotations: this.world.annotations(tenant) };
      cluster.apply(`/api/v1/namespaces/${tenant}/serviceaccounts/app`, { metadata });
    }
    cluster.intercept = ({ path }) => {
      const namespace = /namespaces\/([^/]+)\/serviceaccounts\/app\/token$/.exec(path)?.[1];
      const tenant = TENANTS.find((known) => known === namespace);
      if (tenant === undefined) return undefined;
      const expirationTimestamp = new Date(this.clock.nowMs() + 600_000).toISOString();
      return this.tokenless.has(tenant)
        ? refused(403)
        : ok({ status: { token: this.world.token(tenant), expirationTimestamp } });
    };
    return cluster;
  }
}

function testConfig() {
  const flags = ["--trusted-hosts=localhost", "--kubeconfig=none", "--store-requests-per-second=10000"];
  const config = parseConfig(flags, {});
  if (!config.ok) throw new Error(config.error.join());
  return config.value;
}

interface Action {
  readonly name: string;
  readonly act: (rig: TenantRig) => unknown;
}

const say = (name: string, act: Action["act"]): Action => ({ name, act });
const toggle = (set: Set<Tenant>, tenant: Tenant): unknown => set.delete(tenant) || set.add(tenant);
const tenant = fc.constantFrom(...TENANTS);
const askers = fc.array(fc.constantFrom<Asker>(...TENANTS, ...TENANTS, undefined), { minLength: 1, maxLength: 4 });

const action = fc.oneof(
  { weight: 8, arbitrary: askers.map((of) => say(`read ${of.join()}`, (rig) => rig.read(...of))) },
  {
    weight: 2,
    arbitrary: tenant.map((of) => say(`probe ${of}`, ({ stores, record }) => stores.acquire(record, of).probe())),
  },
  { weight: 3, arbitrary: fc.nat(700_000).map((ms) => say(`wait ${ms} ms`, ({ clock }) => clock.advance(ms))) },
  { weight: 3, arbitrary: tenant.map((of) => say(`permit ${of}`, ({ world }) => toggle(world.allowed, of))) },
  { weight: 1, arbitrary: tenant.map((of) => say(`login ${of}`, ({ world }) => toggle(world.refused, of))) },
  { weight: 1, arbitrary: tenant.map((of) => say(`token ${of}`, ({ tokenless }) => toggle(tokenless, of))) },
  { weight: 2, arbitrary: fc.constant(say("rotate", ({ world }) => world.rotate())) },
  { weight: 1, arbitrary: fc.constant(say("end tokens", ({ world }) => world.endTokens())) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(undefined, 429, 500)
      .map((status) => say(`outage ${status ?? "ends"}`, ({ world }) => void (world.outage = status))),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Asker>(...TENANTS, undefined)
      .map((of) => say(`edit ${of ?? ""}`, (rig) => rig.edit(of))),
  },
  {
    weight: 1,
    arbitrary: fc.constant(say("renew", ({ stores, record }) => void stores.renew(storeName(record)))),
  },
  { weight: 1, arbitrary: fc.constant(say("remove", ({ stores, record }) => stores.remove(storeName(record)))) },
);

/** Each tenant is served its own at the end, so that a run in which nobody got anything proves nothing by it. */
async function recovers(rig: TenantRig): Promise<void> {
  const { world, stores } = rig;
  world.outage = undefined;
  for (const each of TENANTS) world.allowed.add(each);
  for (const each of TENANTS) world.refused.delete(each);
  rig.tokenless.clear();
  rig.edit(undefined);
  stores.renew(storeName(rig.record));
  const before = rig.served;
  await rig.read(...TENANTS);
  expect(rig.served - before).toBe(TENANTS.length);
}

async function survives(start: StartWorld, actions: readonly Action[]): Promise<void> {
  const clock = new FakeClock();
  const world = await start(clock);
  const rig = new TenantRig(world, clock);
  try {
    for (const { act } of actions) await act(rig);
    await recovers(rig);
  } finally {
    await rig.stores.closeAll();
    await world.close();
  }
}

describe("no tenant gets what its own identity could not read", () => {
  test.each([
    { of: "Vault by Kubernetes", start: () => startVaultWorld("kubernetes"), runs: 12 },
    { of: "Vault by JWT", start: () => startVaultWorld("jwt"), runs: 6 },
    { of: "AWS by ServiceAccount", start: startAwsWorld, runs: 12 },
    { of: "Azure by WorkloadIdentity", start: startAzureWorld, runs: 8 },
  ])(
    "at $of, whatever happens and in whatever order",
    async ({ start, runs }) => {
      const schedule = fc.array(action, { minLength: 5, maxLength: 30, size: "max" });
      await fc.assert(
        fc.asyncProperty(schedule, (actions) => survives(start, actions)),
        { numRuns: runs },
      );
    },
    120_000,
  );
});
