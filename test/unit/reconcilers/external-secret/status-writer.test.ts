// How an outcome becomes a status: the ordinary way with an Event, and the way of an outage, limited and without one.

import { describe, expect, test } from "vitest";
import { recordOf } from "../../../../src/core/unknown.ts";
import type { SyncReport } from "../../../../src/core/sync/report.ts";
import { createStatusWriter, type StatusTask } from "../../../../src/reconcilers/external-secret/status-writer.ts";
import type { Limiter } from "../../../../src/refresh/limiter.ts";
import { meta } from "../../../support/builders/records.ts";
import { record } from "../../../support/builders/sync.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { httpError, scriptedClient, settle } from "../../../support/scripted-client.ts";

const NEVER = new AbortController().signal;
const ANSWER = { metadata: { name: "db", resourceVersion: "11" } };
const report: SyncReport = {
  generation: 1,
  uid: meta().uid,
  specVersion: "1-x",
  ready: { reason: "ProviderUnavailable", message: "the store is out", stalled: false },
  entries: undefined,
  secret: { kind: "kept" },
  binding: undefined,
  forceSync: undefined,
  heartbeatMs: undefined,
  remoteCount: 0,
};
const task: StatusTask = { record: record(), previous: undefined, report, isPinned: false };

function world(limitOutage: Limiter = (run) => run()) {
  const { client, calls } = scriptedClient();
  const events: string[] = [];
  const writer = createStatusWriter({
    client,
    clock: new FakeClock(),
    events: { record: (_, { type, reason }) => void events.push(`${type} ${reason}`), stop: () => Promise.resolve() },
    limitOutage,
  });
  return { writer, calls, events };
}

describe("an outcome", () => {
  test("is one patch of status at the clock's time, and one Event", async () => {
    const { writer, calls, events } = world();
    const written = writer.publish(task, NEVER);
    await calls[0]?.answer(ANSWER);
    expect(await written).toMatchObject({ ok: true, value: { basedOn: "10", resourceVersion: "11" } });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.call).toMatchObject({ method: "PATCH", body: { metadata: { uid: meta().uid } } });
    const status = recordOf(recordOf(calls[0]?.call.body)["status"]);
    expect(status["conditions"]).toMatchObject([{ lastTransitionTime: "2026-01-01T00:00:00Z" }, {}, {}]);
    expect(events).toEqual(["Warning ProviderUnavailable"]);
  });

  test("that is not written is no Event", async () => {
    const { writer, calls, events } = world();
    const written = writer.publish(task, NEVER);
    await calls[0]?.fail(httpError(500));
    expect((await written).ok).toBe(false);
    expect(events).toEqual([]);
  });

  test.each([
    { isPinned: true, then: { uid: meta().uid, resourceVersion: "10" } },
    { isPinned: false, then: { uid: meta().uid } },
  ])("pinned $isPinned carries $then", async ({ isPinned, then }) => {
    const { writer, calls } = world();
    void writer.publish({ ...task, isPinned }, NEVER);
    await settle();
    expect(recordOf(calls[0]?.call.body)["metadata"]).toEqual(then);
  });
});

describe("an outage", () => {
  /** Lets a task through when the test says so, as the limiter does at 50 a second. */
  function gate() {
    const waiting: (() => void)[] = [];
    const limit: Limiter = (run, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("given up")));
        waiting.push(() => void run().then(resolve, reject));
      });
    return { limit, waiting };
  }

  test("waits for its turn, and is told without an Event", async () => {
    const { limit, waiting } = gate();
    const { writer, calls, events } = world(limit);
    const written = writer.publishOutage(task, NEVER);
    await settle();
    expect(calls).toEqual([]);
    waiting[0]?.();
    await settle();
    await calls[0]?.answer(ANSWER);
    expect(await written).toMatchObject({ ok: true, value: { resourceVersion: "11" } });
    expect(events).toEqual([]);
  });

  test("that is given up while it waits was not written", async () => {
    const { writer, calls } = world(gate().limit);
    const stop = new AbortController();
    const written = writer.publishOutage(task, stop.signal);
    stop.abort();
    expect(await written).toMatchObject({ ok: false, error: { kind: "aborted", ambiguous: false } });
    expect(calls).toEqual([]);
  });

  test("whose telling fails unexpectedly is a surprise", async () => {
    const { writer } = world(() => Promise.reject(new Error("unexpected")));
    await expect(writer.publishOutage(task, NEVER)).rejects.toThrow("unexpected");
  });
});
