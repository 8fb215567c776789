import { describe, expect, test } from "vitest";
import { resources } from "../../../src/kubernetes/resource-path.ts";
import type { SeenVersion } from "../../../src/runtime/object-follower.ts";
import { createObjectWatches } from "../../../src/runtime/object-watches.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { httpError, networkError, scriptedClient, settle } from "../../support/scripted-client.ts";

const DB = { type: resources.configMaps, namespace: "ns", name: "db" };
const OTHER = { ...DB, name: "other" };
const raw = (resourceVersion: string) => ({ metadata: { namespace: "ns", name: "db", resourceVersion } });
const absent: SeenVersion = { kind: "absent" };
const present = (resourceVersion: string): SeenVersion => ({ kind: "present", resourceVersion });

function watchesOf(maxStreams?: number) {
  const { client, calls, streams } = scriptedClient();
  const clock = new FakeClock();
  const watches = createObjectWatches({
    client,
    clock,
    random: () => 0.5,
    ...(maxStreams !== undefined && { maxStreams }),
  });
  let changes = 0;
  const onChange = (): void => void (changes += 1);
  /** Changes since the last call. */
  const news = (): number => [changes, (changes = 0)][0] ?? 0;
  return { watches, calls, streams, clock, onChange, news };
}

/** Acquires DB; the watch opens, and the GET says what there is. */
async function following(state: SeenVersion, seen?: SeenVersion) {
  const parts = watchesOf();
  const release = parts.watches.acquire(DB, parts.onChange, seen);
  parts.streams[0]?.handlers.opened?.();
  if (state.kind === "present") await parts.calls[0]?.answer(raw(state.resourceVersion));
  else await parts.calls[0]?.fail(httpError(404));
  return { ...parts, release };
}

describe("createObjectWatches", () => {
  test("watches the metadata of one object, and looks at it once the watch is open", () => {
    const { watches, calls, streams, onChange } = watchesOf();
    watches.acquire(DB, onChange);
    expect([streams.length, calls.length]).toEqual([1, 0]);
    expect(streams[0]?.call).toEqual({
      path: "/api/v1/namespaces/ns/configmaps",
      query: { fieldSelector: "metadata.name=db", timeoutSeconds: 450, allowWatchBookmarks: true },
      accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    });
    streams[0]?.handlers.opened?.();
    expect(calls[0]?.call).toEqual({
      method: "GET",
      path: "/api/v1/namespaces/ns/configmaps/db",
      accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    });
  });

  test.each([
    { state: present("5"), seen: undefined, calls: 1 },
    { state: absent, seen: undefined, calls: 1 },
    { state: present("5"), seen: present("5"), calls: 0 },
    { state: present("5"), seen: present("4"), calls: 1 },
    { state: present("5"), seen: present("9"), calls: 0 },
    { state: present("5"), seen: absent, calls: 1 },
    { state: absent, seen: absent, calls: 0 },
    { state: absent, seen: present("5"), calls: 1 },
  ])("first state $state, seen $seen: calls $calls", async ({ state, seen, calls }) => {
    expect((await following(state, seen)).news()).toBe(calls);
  });

  test("calls when the object changes, disappears and appears", async () => {
    const { streams, news } = await following(present("5"), present("5"));
    const after = (type: string, version: string): number => (streams[0]?.event(type, raw(version)), news());
    expect([after("MODIFIED", "6"), after("DELETED", "7"), after("ADDED", "8"), after("ADDED", "8")]).toEqual([
      1, 1, 1, 0,
    ]);
  });

  test("an event goes before the GET that was under way", async () => {
    const { watches, calls, streams, onChange, news } = watchesOf();
    watches.acquire(DB, onChange, absent);
    streams[0]?.handlers.opened?.();
    streams[0]?.event("ADDED", raw("8"));
    await calls[0]?.fail(httpError(404));
    expect(news()).toBe(1);
  });

  test("notices what happened between two streams", async () => {
    const { calls, streams, clock, news } = await following(present("5"), present("5"));
    await streams[0]?.end(networkError);
    clock.advance(1_200);
    await settle();
    streams[1]?.handlers.opened?.();
    await calls[1]?.fail(httpError(404));
    expect(news()).toBe(1);
  });

  test("an older version is news once the watch had shown what the caller knew: a backup was restored", async () => {
    const { streams, news } = await following(present("5"), present("9"));
    const after = (version: string): number => (streams[0]?.event("MODIFIED", raw(version)), news());
    expect([after("8"), after("9"), after("6"), after("6"), after("10")]).toEqual([0, 0, 1, 0, 1]);
  });

  test.each([
    {
      given: "the watch is refused",
      fail: (parts: ReturnType<typeof watchesOf>) => parts.streams[0]?.end(httpError(403)),
    },
    {
      given: "the GET is refused",
      async fail({ streams, calls }: ReturnType<typeof watchesOf>) {
        streams[0]?.handlers.opened?.();
        await calls[0]?.fail(httpError(403));
      },
    },
    {
      given: "the stream says ERROR",
      fail({ streams }: ReturnType<typeof watchesOf>) {
        streams[0]?.event("ERROR", { kind: "Status", code: 410 });
        return settle();
      },
    },
    {
      given: "a line cannot be read",
      fail({ streams }: ReturnType<typeof watchesOf>) {
        streams[0]?.handlers.line("<html>");
        return settle();
      },
    },
  ])("when $given, says nothing and tries again later", async ({ fail }) => {
    const parts = watchesOf();
    parts.watches.acquire(DB, parts.onChange);
    await fail(parts);
    expect([parts.news(), parts.streams.length]).toEqual([0, 1]);
    parts.clock.advance(1_200);
    await settle();
    expect(parts.streams).toHaveLength(2);
  });

  test("gives up a stream that outlives its time", async () => {
    const { streams, clock } = await following(absent, absent);
    clock.advance(480_000);
    await settle();
    expect(streams[0]?.signal.aborted).toBe(true);
    clock.advance(1_200);
    await settle();
    expect(streams).toHaveLength(2);
  });

  test("acquirers of one object share one watch, each with what it has seen, until the last releases it", async () => {
    const { watches, streams, release, onChange, news, clock } = await following(present("5"), present("5"));
    const second: number[] = [];
    const releaseSecond = watches.acquire(DB, () => second.push(1), present("4"));
    expect(second).toEqual([]);
    await settle();
    expect([streams.length, watches.size, second.length, news()]).toEqual([1, 1, 1, 0]);
    release();
    release();
    streams[0]?.event("MODIFIED", raw("6"));
    expect([second.length, news()]).toEqual([2, 0]);
    releaseSecond();
    await settle();
    expect([streams[0]?.signal.aborted, watches.size, clock.pendingMs()]).toEqual([true, 0, []]);
    watches.acquire(DB, onChange);
    expect(streams).toHaveLength(2);
  });

  test("an acquirer that released itself in its own call hears nothing more", async () => {
    const { watches, streams, calls } = watchesOf();
    let heard = 0;
    const release = watches.acquire(DB, () => {
      heard += 1;
      release();
    });
    streams[0]?.handlers.opened?.();
    await calls[0]?.answer(raw("5"));
    streams[0]?.event("MODIFIED", raw("6"));
    expect(heard).toBe(1);
  });

  test("different objects have a watch each", () => {
    const { watches, streams, onChange } = watchesOf();
    watches.acquire(DB, onChange);
    watches.acquire({ ...DB, type: resources.serviceAccounts }, onChange);
    watches.acquire({ ...DB, namespace: "other" }, onChange);
    expect([streams.length, watches.size]).toEqual([3, 3]);
  });

  test("beyond the limit polls, about every 22 s with this chance, and a released stream makes room", async () => {
    const { watches, calls, streams, clock, onChange, news } = watchesOf(1);
    const release = watches.acquire(OTHER, onChange);
    watches.acquire(DB, onChange, absent);
    expect([streams.length, calls.length]).toEqual([1, 1]);
    await calls[0]?.fail(httpError(404));
    expect(news()).toBe(0);
    clock.advance(22_500);
    await settle();
    await calls[1]?.answer(raw("5"));
    expect(news()).toBe(1);
    clock.advance(22_500);
    await settle();
    await calls[2]?.fail(httpError(500));
    expect(news()).toBe(0);
    release();
    await settle();
    watches.acquire({ ...DB, name: "third" }, onChange);
    expect(streams).toHaveLength(2);
  });

  test("stop ends everything", async () => {
    const { watches, streams, clock, onChange } = watchesOf(1);
    watches.acquire(DB, onChange);
    watches.acquire(OTHER, onChange);
    await settle();
    watches.stop();
    await settle();
    clock.advance(3_600_000);
    expect([watches.size, streams.length, clock.pendingMs()]).toEqual([0, 1, []]);
  });
});
