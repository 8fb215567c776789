import { describe, expect, test } from "vitest";
import type { Cache } from "../../../src/app/caches.ts";
import { createProbes } from "../../../src/app/probes.ts";
import { createApiContact } from "../../../src/observability/api-contact.ts";
import { createMetrics } from "../../../src/observability/metrics.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { recordingLogger } from "../../support/recording-logger.ts";

function probesOf() {
  const clock = new FakeClock();
  const contact = createApiContact(clock);
  const metrics = createMetrics("1");
  const informer = (): { -readonly [K in keyof Cache["informer"]]: Cache["informer"][K] } => ({
    hasSynced: false,
    synced: Promise.resolve(),
    lastActivityMs: undefined,
    lastRefusalMs: undefined,
    start: () => undefined,
    stop: () => undefined,
  });
  const watches = { secrets: informer(), namespaces: informer() };
  const world = { heapShare: 0.5, stuck: undefined as string | undefined, shed: [] as boolean[] };
  const probes = createProbes({
    ...{ clock, contact, metrics, log: recordingLogger().log },
    caches: Object.entries(watches).map(([resource, own]) => ({ resource, informer: own })),
    controllers: { stuckReason: () => world.stuck, shedLoad: (isShedding) => world.shed.push(isShedding) },
    readHeap: () => ({ usedBytes: world.heapShare * 1000, limitBytes: 1000 }),
  });
  /** Each watch is heard of every 5 s meanwhile. */
  const alive = (durationMs: number, heard = Object.values(watches)): void => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 5_000) {
      clock.advance(5_000);
      for (const own of heard) own.lastActivityMs = clock.monotonicMs();
    }
  };
  return { probes, health: probes.health, clock, contact, metrics, watches, world, alive };
}

describe("readiness", () => {
  test("begins when all first lists are complete", () => {
    const { health, watches } = probesOf();
    watches.secrets.hasSynced = true;
    expect(health.readiness()).toEqual({
      ok: false,
      text: "[-]caches failed: the first lists are not complete\n[+]API server ok\n",
    });
    watches.namespaces.hasSynced = true;
    expect(health.readiness().ok).toBe(true);
  });

  test("ends when the API server has been away for two minutes, and begins again when it is back", () => {
    const { health, clock, contact, watches, alive } = probesOf();
    for (const own of Object.values(watches)) own.hasSynced = true;
    alive(10_000);
    clock.advance(120_000);
    expect(health.readiness().ok).toBe(true);
    clock.advance(1);
    expect(health.readiness().text).toContain("[-]API server failed: ");
    contact.answered("503");
    expect(health.readiness().ok).toBe(false);
    contact.answered("200");
    expect(health.readiness().ok).toBe(true);
  });
});

describe("liveness", () => {
  test("holds while the API server is away, for however long", async () => {
    const { probes, health, clock, alive } = probesOf();
    await probes.component.start(new AbortController().signal);
    alive(10_000);
    clock.advance(3_600_000);
    expect(health.liveness()).toEqual({ ok: true, text: "[+]event loop ok\n[+]reconciles ok\n[+]watches ok\n" });
  });

  test("ends when one watch has been silent for ten minutes while another one lives", async () => {
    const { probes, health, watches, alive } = probesOf();
    await probes.component.start(new AbortController().signal);
    alive(10_000);
    alive(650_000, [watches.namespaces]);
    expect(health.liveness().ok).toBe(true);
    alive(30_000, [watches.namespaces]);
    expect(health.liveness().text).toContain("[-]watches failed: the watch of secrets is silent\n");
  });

  test("ends when a controller has been stuck for a minute", async () => {
    const { probes, health, clock, world } = probesOf();
    await probes.component.start(new AbortController().signal);
    world.stuck = "externalsecret: keys wait and no worker takes them";
    clock.advance(60_000);
    expect(health.liveness().text).toContain(`[-]reconciles failed: ${world.stuck}\n`);
  });

  test("survives a sleep of an hour, and judges anew", async () => {
    const { probes, health, clock, contact, watches, alive } = probesOf();
    await probes.component.start(new AbortController().signal);
    alive(10_000);
    clock.sleep(3_600_000);
    contact.answered("200");
    expect(health.liveness().ok).toBe(true);
    alive(30_000, [watches.namespaces]);
    expect(health.liveness().ok).toBe(true);
    alive(60_000);
    expect(health.liveness().ok).toBe(true);
  });
});

test("load is shed while the heap is near its limit, and the metric says so", async () => {
  const { probes, clock, metrics, world } = probesOf();
  await probes.component.start(new AbortController().signal);
  world.heapShare = 0.9;
  clock.advance(6_000);
  expect([world.shed, await metrics.scrape()]).toEqual([
    [true],
    expect.stringContaining("\nfairlead_heap_shedding 1\n"),
  ]);
  world.heapShare = 0.5;
  clock.advance(30_000);
  expect(world.shed).toEqual([true, false]);
  await probes.component.stop(new AbortController().signal);
  expect(clock.pendingMs()).toEqual([]);
});
