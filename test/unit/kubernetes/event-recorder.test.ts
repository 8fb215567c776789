import { describe, expect, test } from "vitest";
import { createEventRecorder, type InvolvedObject, type ObjectEvent } from "../../../src/kubernetes/event-recorder.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { httpError, networkError, scriptedClient, settle } from "../../support/scripted-client.ts";

const DB: InvolvedObject = {
  apiVersion: "fairlead.dev/v1",
  kind: "ExternalSecret",
  namespace: "team-a",
  name: "db",
  uid: "u1",
};
const SYNCED: ObjectEvent = { type: "Normal", reason: "SecretSynced", message: "3 keys" };

function recorder() {
  const { client, calls } = scriptedClient();
  const lost: string[] = [];
  const clock = new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  const events = createEventRecorder({ client, clock, instance: "pod-1", onLost: (why) => lost.push(why) });
  return { events, calls, lost, clock };
}

describe("createEventRecorder", () => {
  test("writes one core/v1 Event about the object", () => {
    const { events, calls } = recorder();
    events.record({ ...DB, resourceVersion: "7" }, SYNCED);
    expect(calls.map(({ call }) => call)).toEqual([
      {
        method: "POST",
        path: "/api/v1/namespaces/team-a/events",
        deadlineMs: 10_000,
        body: {
          apiVersion: "v1",
          kind: "Event",
          metadata: { namespace: "team-a", name: expect.stringMatching(/^db\.[0-9a-f]{16}$/) as unknown },
          involvedObject: { ...DB, resourceVersion: "7" },
          type: "Normal",
          reason: "SecretSynced",
          message: "3 keys",
          source: { component: "fairlead" },
          firstTimestamp: "2026-01-02T03:04:05Z",
          lastTimestamp: "2026-01-02T03:04:05Z",
          count: 1,
          reportingComponent: "fairlead",
          reportingInstance: "pod-1",
        },
      },
    ]);
  });

  test("puts Events of cluster-scoped objects into the namespace default", () => {
    const { events, calls } = recorder();
    events.record({ ...DB, kind: "ClusterSecretStore", namespace: "" }, SYNCED);
    expect(calls[0]?.call).toMatchObject({
      path: "/api/v1/namespaces/default/events",
      body: {
        metadata: { namespace: "default" },
        involvedObject: expect.not.objectContaining({ namespace: "" }) as unknown,
      },
    });
  });

  test("names the same Event at the same time the same, and any other differently", () => {
    const { events, calls, clock } = recorder();
    const long = { ...DB, name: "n".repeat(253) };
    events.record(long, SYNCED);
    events.record(long, SYNCED);
    events.record(long, { ...SYNCED, message: "4 keys" });
    clock.advance(1);
    events.record(long, SYNCED);
    const names = calls.map(({ call }) => /"name":"([^"]*)"/.exec(JSON.stringify(call.body))?.[1]);
    expect(names[0]).toHaveLength(253);
    expect([names[1] === names[0], new Set(names).size]).toEqual([true, 3]);
  });

  test.each([
    { given: "plain", message: "x".repeat(2_000), bytes: 1_024 },
    { given: "two-byte characters off the boundary", message: `x${"ä".repeat(2_000)}`, bytes: 1_023 },
  ])("cuts a long message of $given at 1024 bytes, never within a character", ({ message, bytes }) => {
    const { events, calls } = recorder();
    events.record(DB, { ...SYNCED, message });
    const sent = /"message":"([^"]*)"/.exec(JSON.stringify(calls[0]?.call.body))?.[1] ?? "";
    expect([Buffer.byteLength(sent), message.startsWith(sent)]).toEqual([bytes, true]);
  });

  test("has four writes in flight at most, and goes on as they end", async () => {
    const { events, calls } = recorder();
    for (let i = 0; i < 10; i += 1) events.record(DB, SYNCED);
    expect(calls).toHaveLength(4);
    await calls[0]?.answer({});
    expect(calls).toHaveLength(5);
  });

  test("drops and counts what comes when 1,000 wait", () => {
    const { events, lost } = recorder();
    for (let i = 0; i < 1_006; i += 1) events.record(DB, SYNCED);
    expect(lost).toEqual(["queueFull", "queueFull"]);
  });

  test.each([
    {
      answer: "AlreadyExists (it was stored before)",
      error: { ...httpError(409), kind: "alreadyExists" as const },
      lost: [],
    },
    { answer: "forbidden", error: httpError(403), lost: ["writeFailed"] },
    { answer: "nothing", error: networkError, lost: ["writeFailed"] },
  ])("does not repeat after $answer", async ({ error, lost: expected }) => {
    const { events, calls, lost } = recorder();
    events.record(DB, SYNCED);
    await calls[0]?.fail(error);
    expect([calls.length, lost]).toEqual([1, expected]);
  });

  test("stops once everything is sent, and records nothing more", async () => {
    const { events, calls, lost } = recorder();
    events.record(DB, SYNCED);
    let stopped = false;
    const stop = events.stop(new AbortController().signal).then(() => (stopped = true));
    events.record(DB, SYNCED);
    await settle();
    expect([stopped, lost]).toEqual([false, ["stopped"]]);
    await calls[0]?.answer({});
    await stop;
  });

  test("gives up what waits and what is in flight when the time to stop is over", async () => {
    const { events, calls, lost } = recorder();
    for (let i = 0; i < 6; i += 1) events.record(DB, SYNCED);
    const end = new AbortController();
    const stop = events.stop(end.signal);
    end.abort();
    await stop;
    expect([calls.length, lost]).toEqual([4, Array.from({ length: 6 }, () => "stopped")]);
  });

  test("stops at once when nothing waits", async () => {
    await recorder().events.stop(new AbortController().signal);
  });
});
