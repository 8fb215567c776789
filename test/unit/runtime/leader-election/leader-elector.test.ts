import { describe, expect, test } from "vitest";
import type { KubernetesClient } from "../../../../src/kubernetes/rest-client.ts";
import { createLeaderElector } from "../../../../src/runtime/leader-election/leader-elector.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { recordingLogger } from "../../../support/recording-logger.ts";
import { httpError, networkError, scriptedClient, settle } from "../../../support/scripted-client.ts";

const lease = (holder: string, resourceVersion: string, more: object = {}) => ({
  metadata: { name: "fairlead", namespace: "ops", uid: "u", resourceVersion, labels: { kept: "yes" } },
  spec: { holderIdentity: holder, leaseDurationSeconds: 15, leaseTransitions: 2, strategy: "kept", ...more },
});

function electorOf(client: KubernetesClient, clock: FakeClock) {
  const changes: boolean[] = [];
  const lost: true[] = [];
  const { log, lines } = recordingLogger();
  const elector = createLeaderElector({
    ...{ client, clock, log, random: () => 0, identity: "a", lease: { namespace: "ops", name: "fairlead" } },
    onChange: (leads) => void changes.push(leads),
    onLost: () => void lost.push(true),
  });
  let elected = false;
  const started = elector.start().then(() => (elected = true));
  return { elector, changes, lost, lines, started, isElected: () => elected };
}

async function electedElector() {
  const clock = new FakeClock();
  const scripted = scriptedClient();
  const parts = electorOf(scripted.client, clock);
  await scripted.calls[0]?.fail(httpError(404));
  await scripted.calls[1]?.answer(lease("a", "1"));
  return { clock, ...scripted, ...parts };
}

const stopSignal = (): AbortSignal => new AbortController().signal;

describe("a leader elector", () => {
  test("makes the Lease, leads, opens the fence, and ends its watch", async () => {
    const clock = new FakeClock();
    const { client, calls, streams } = scriptedClient();
    const { elector, changes, isElected } = electorOf(client, clock);
    expect(calls[0]?.call).toMatchObject({
      method: "GET",
      path: "/apis/coordination.k8s.io/v1/namespaces/ops/leases/fairlead",
    });
    expect(streams[0]?.call.query).toMatchObject({ fieldSelector: "metadata.name=fairlead" });
    await calls[0]?.fail(httpError(404));
    expect(calls[1]?.call).toMatchObject({
      method: "POST",
      path: "/apis/coordination.k8s.io/v1/namespaces/ops/leases",
      body: {
        metadata: { namespace: "ops", name: "fairlead" },
        spec: {
          holderIdentity: "a",
          leaseDurationSeconds: 15,
          acquireTime: "2026-01-01T00:00:00.000000Z",
          renewTime: "2026-01-01T00:00:00.000000Z",
          leaseTransitions: 0,
        },
      },
    });
    expect([isElected(), elector.fence.isOpen()]).toEqual([false, false]);
    await calls[1]?.answer(lease("a", "1"));
    expect([isElected(), elector.fence.isOpen()]).toEqual([true, true]);
    expect(changes).toEqual([true]);
    expect(streams[0]?.signal.aborted).toBe(true);
  });

  test("takes a released Lease as soon as the watch shows it, and keeps what others wrote into it", async () => {
    const clock = new FakeClock();
    const { client, calls, streams } = scriptedClient();
    electorOf(client, clock);
    await calls[0]?.answer(lease("b", "7"));
    streams[0]?.event("MODIFIED", lease("", "8"));
    expect(calls[1]?.call).toMatchObject({
      method: "PUT",
      body: {
        metadata: { resourceVersion: "8", labels: { kept: "yes" } },
        spec: { holderIdentity: "a", leaseTransitions: 3, strategy: "kept" },
      },
    });
  });

  test("takes a Lease that is not renewed after its duration, not before", async () => {
    const clock = new FakeClock();
    const { client, calls } = scriptedClient();
    electorOf(client, clock);
    await calls[0]?.answer(lease("b", "7"));
    clock.advance(14_999);
    expect(calls).toHaveLength(1);
    clock.advance(1);
    expect(calls[1]?.call).toMatchObject({ method: "PUT", body: { spec: { holderIdentity: "a" } } });
  });

  test("opens its watch again when that ends", async () => {
    const clock = new FakeClock();
    const { client, calls, streams } = scriptedClient();
    electorOf(client, clock);
    await calls[0]?.answer(lease("b", "7"));
    await streams[0]?.end(networkError);
    clock.advance(4_000);
    await settle();
    expect(streams).toHaveLength(2);
  });

  test("closes the fence 10 s after the last renewal was sent, and opens it when it is renewed", async () => {
    const { clock, calls, elector, changes } = await electedElector();
    clock.advance(2_000);
    await calls[2]?.fail(networkError);
    const inFlight = elector.fence.signal;
    clock.advance(8_000);
    expect([elector.fence.isOpen(), inFlight.aborted]).toEqual([false, true]);
    expect(changes).toEqual([true, false]);
    await calls.at(-1)?.answer(lease("a", "2"));
    expect(elector.fence.isOpen()).toBe(true);
    expect(changes).toEqual([true, false, true]);
  });

  test("tells when another replica leads, and does nothing more", async () => {
    const { clock, calls, elector, lost } = await electedElector();
    clock.advance(2_000);
    await calls[2]?.fail(httpError(409));
    await calls[3]?.answer(lease("b", "9"));
    expect([lost, elector.fence.isOpen()]).toEqual([[true], false]);
    clock.advance(60_000);
    expect(calls).toHaveLength(4);
  });

  test("releases the Lease on stop, after a renewal in flight has ended", async () => {
    const { clock, calls, elector } = await electedElector();
    clock.advance(2_000);
    const stopped = elector.stop(stopSignal());
    expect(calls).toHaveLength(3);
    await calls[2]?.answer(lease("a", "2"));
    expect(elector.fence.isOpen()).toBe(false);
    expect(calls[3]?.call).toMatchObject({
      method: "PUT",
      body: { metadata: { resourceVersion: "2" }, spec: { holderIdentity: "", leaseDurationSeconds: 1 } },
    });
    await calls[3]?.answer(lease("", "3"));
    await stopped;
    clock.advance(60_000);
    expect(calls).toHaveLength(4);
  });

  test.each([
    { when: "a write is in flight", end: undefined, afterMs: 0, calls: 2 },
    { when: "a write was given up just now", end: "unknown" as const, afterMs: 1_000, calls: 2 },
    { when: "all writes were answered", end: "known" as const, afterMs: 1_000, calls: 3 },
  ])("leaves the Lease to run out where a write may still be carried out: $when", async ({ end, afterMs, calls }) => {
    const parts = await electedElector();
    const ended = parts.elector.fence.began();
    if (end !== undefined) ended(end);
    parts.clock.advance(afterMs);
    const stopped = parts.elector.stop(stopSignal());
    await settle();
    expect([parts.calls.length, parts.elector.fence.isOpen()]).toEqual([calls, false]);
    await parts.calls[2]?.answer(lease("", "3"));
    await stopped;
  });

  test("does not wait longer for a renewal than it is given", async () => {
    const { clock, calls, elector } = await electedElector();
    clock.advance(2_000);
    const giveUp = new AbortController();
    const stopped = elector.stop(giveUp.signal);
    giveUp.abort();
    await settle();
    expect(calls).toHaveLength(4);
    await calls[3]?.fail(networkError);
    await stopped;
  });

  test("a standby that stops leaves the Lease alone", async () => {
    const { client, calls, streams } = scriptedClient();
    const { elector, isElected } = electorOf(client, new FakeClock());
    await calls[0]?.answer(lease("b", "7"));
    await elector.stop(stopSignal());
    expect([calls.length, isElected(), streams[0]?.signal.aborted]).toEqual([1, false, true]);
  });

  test("says why it cannot renew, in words of ours", async () => {
    const { clock, calls, lines } = await electedElector();
    clock.advance(2_000);
    await calls[2]?.fail(httpError(403));
    expect(lines.at(-1)).toMatchObject({ message: "Could not write the lease", fields: { cause: "HTTP 403" } });
  });
});
