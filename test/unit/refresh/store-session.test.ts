import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { providerError } from "../../../src/core/provider/error.ts";
import { failed, ok } from "../../../src/core/result.ts";
import { concernsStore, createStoreSession, type SessionHealth } from "../../../src/refresh/store-session.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { recordingLogger } from "../../support/recording-logger.ts";

function session(provider = new FakeProvider()) {
  const clock = new FakeClock();
  const needs = { isNeeded: true, unneeded: 0 };
  const changes: SessionHealth["kind"][][] = [];
  const { log, lines } = recordingLogger();
  const made = createStoreSession({
    log,
    identity: "one",
    provider,
    clock,
    random: () => 0,
    revalidateMs: 300_000,
    accept: ok,
    onHealthChange: ({ health }, before) => void changes.push([before.kind, health.kind]),
    isNeeded: () => needs.isNeeded,
    onUnneeded: () => {
      needs.unneeded += 1;
    },
  });
  return { made, clock, provider, changes, needs, lines };
}

test("a failing store is asked again after 1 s, doubling to 30 s, and each outcome is told once", async () => {
  const { made, clock, provider, changes } = session();
  provider.outage = "unavailable";
  await made.probe();
  const delays: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const [next = 0] = clock.pendingMs();
    delays.push(next);
    clock.advance(next);
    await setImmediate();
  }
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  provider.outage = undefined;
  clock.advance(30_000);
  await setImmediate();
  expect(changes).toEqual([
    ["unproved", "failing"],
    ["failing", "ready"],
  ]);
  expect(clock.pendingMs()).toEqual([300_000]);
});

test("a provider that throws counts as failing, and is asked again", async () => {
  const provider = new FakeProvider();
  provider.validate = () => Promise.reject(new Error("canary-value"));
  const { made, clock, lines } = session(provider);
  const health = await made.probe();
  expect(lines).toMatchObject([{ level: "failure", message: "Check of a store threw" }]);
  expect(health).toMatchObject({ kind: "failing", error: { kind: "unavailable" } });
  expect(JSON.stringify(health)).not.toContain("canary-value");
  expect(clock.pendingMs()).toEqual([1_000]);
});

test("a closed session sets no more timers", async () => {
  const { made, clock, provider } = session();
  const probing = made.probe();
  await made.close();
  await probing;
  expect(clock.pendingMs()).toEqual([]);
  expect(provider.closed).toBe(1);
});

test("a session that nobody needs rests and says so once, until it is asked", async () => {
  const { made, clock, needs } = session();
  await made.probe();
  needs.isNeeded = false;
  clock.advance(600_000);
  expect(needs.unneeded).toBe(1);
  expect(clock.pendingMs()).toEqual([]);
  await made.probe();
  expect(clock.pendingMs()).toEqual([300_000]);
});

test("probes under way are joined, and a further one comes after them", async () => {
  const { made, provider } = session();
  let asked = 0;
  const { validate } = provider;
  provider.validate = (signal) => {
    asked += 1;
    return validate(signal);
  };
  await Promise.all([made.probe(), made.probe()]);
  expect(asked).toBe(1);
  await made.probe();
  expect(asked).toBe(2);
});

test("a probe that is not answered is given up after 25 s", async () => {
  const provider = new FakeProvider();
  provider.validate = (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  const { made, clock, lines } = session(provider);
  const probing = made.probe();
  clock.advance(25_000);
  expect(await probing).toMatchObject({ kind: "failing", error: { kind: "unavailable" } });
  expect(lines).toEqual([]);
});

test("who asked may stop waiting: the probe goes on, and its outcome is told", async () => {
  const provider = new FakeProvider();
  const gate = Promise.withResolvers<undefined>();
  const { validate } = provider;
  provider.validate = (signal) => gate.promise.then(() => validate(signal));
  const { made, changes } = session(provider);
  const asker = new AbortController();
  const asked = made.probe(asker.signal);
  asker.abort();
  expect((await asked).kind).toBe("unproved");
  expect((await made.probe(AbortSignal.abort())).kind).toBe("unproved");
  gate.resolve(undefined);
  expect((await made.probe()).kind).toBe("ready");
  expect(changes).toEqual([["unproved", "ready"]]);
});

test("a provider that cannot be closed does not keep its session open", async () => {
  const provider = new FakeProvider();
  provider.close = () => Promise.reject(new Error("canary-value"));
  const { made, lines } = session(provider);
  await made.close();
  expect(lines).toMatchObject([{ level: "failure" }]);
});

test("a store that asks for patience gets it", async () => {
  const provider = new FakeProvider();
  const throttled = providerError("throttled", "slow down", { retryAfterMs: 90_000 });
  provider.validate = () => Promise.resolve(failed(throttled));
  const { made, clock } = session(provider);
  await made.probe();
  expect(clock.pendingMs()).toEqual([90_000]);
});

test.each([
  { kind: "unauthenticated", then: true },
  { kind: "throttled", then: true },
  { kind: "unavailable", then: true },
  { kind: "mountChanged", then: true },
  { kind: "accessDenied", then: false },
  { kind: "notFound", then: false },
] as const)("a failure of kind $kind may concern the store as a whole: $then", ({ kind, then }) => {
  expect(concernsStore(providerError(kind, ""))).toBe(then);
});
