import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { ok } from "../../../src/core/result.ts";
import { createStoreSession, type SessionHealth } from "../../../src/refresh/store-session.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeProvider } from "../../support/fake-provider.ts";

function session(provider = new FakeProvider()) {
  const clock = new FakeClock();
  const changes: SessionHealth["kind"][][] = [];
  const made = createStoreSession({
    identity: "one",
    provider,
    clock,
    random: () => 0,
    revalidateMs: 300_000,
    accept: ok,
    onHealthChange: ({ health }, before) => void changes.push([before.kind, health.kind]),
    isNeeded: () => true,
    onUnneeded: () => undefined,
  });
  return { made, clock, provider, changes };
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
  const { made, clock } = session(provider);
  const health = await made.probe();
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
