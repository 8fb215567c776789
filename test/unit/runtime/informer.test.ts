import { describe, expect, test } from "vitest";
import { objectKey } from "../../../src/core/object-key.ts";
import { resources } from "../../../src/kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import { createInformer, type InformerOptions } from "../../../src/runtime/informer.ts";
import type { StoredObject } from "../../../src/runtime/object-store.ts";
import { metadataText } from "../../../src/runtime/watch-event.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { httpError, networkError, scriptedClient, settle } from "../../support/scripted-client.ts";

const raw = (name: string, resourceVersion: string, uid = `uid-${name}`) => ({
  metadata: { namespace: "ns", name, uid, resourceVersion },
});
const page = (resourceVersion: string, items: readonly unknown[], more?: string) => ({
  metadata: { resourceVersion, continue: more },
  items,
});
const key = (name: string) => objectKey({ namespace: "ns", name });

/** Reads the metadata; an object of the name `unreadable` cannot be read, `poison` throws. */
function parse(object: unknown): StoredObject | undefined {
  const text = (member: string): string => metadataText(object, member) ?? "";
  const meta = {
    namespace: text("namespace"),
    name: text("name"),
    uid: text("uid"),
    resourceVersion: text("resourceVersion"),
  };
  if (meta.name === "poison") throw new Error("canary");
  return meta.uid === "unreadable" ? undefined : { meta };
}

function informerOf(overrides: Partial<InformerOptions<StoredObject>> = {}) {
  const { client, calls, streams } = scriptedClient();
  const clock = new FakeClock();
  const { log, lines } = recordingLogger();
  const counts: string[] = [];
  const heard: string[] = [];
  const informer = createInformer({
    type: resources.namespaces,
    parse,
    client,
    clock,
    random: () => 0.5,
    log,
    onCount: (what) => counts.push(what),
    ...overrides,
  });
  const version = (record?: StoredObject): string => record?.meta.resourceVersion ?? "-";
  informer.onChange((previous, current) => {
    heard.push(`${(current ?? previous)?.meta.name} ${version(previous)}>${version(current)}`);
  });
  const names = () => informer.store.list().map((record) => `${record.meta.name}@${record.meta.resourceVersion}`);
  return { informer, calls, streams, clock, lines, counts, heard, names };
}

/** An informer whose first list held these objects, at version 10. */
async function syncedInformer(items: readonly unknown[] = [], overrides: Partial<InformerOptions<StoredObject>> = {}) {
  const parts = informerOf(overrides);
  parts.informer.start();
  await parts.calls[0]?.answer(page("10", items));
  return parts;
}

describe("createInformer", () => {
  test("lists page by page, shows nothing before the last, then streams from the version of the list", async () => {
    const { informer, calls, streams, heard, names } = informerOf({ labelSelector: "a=b" });
    informer.start();
    expect(calls[0]?.call).toMatchObject({ path: "/api/v1/namespaces", query: { limit: 500, labelSelector: "a=b" } });
    expect(calls[0]?.call.query).not.toHaveProperty("resourceVersion");
    await calls[0]?.answer(page("10", [raw("a", "1")], "next"));
    expect([informer.hasSynced, names(), heard]).toEqual([false, [], []]);
    expect(calls[1]?.call.query).toMatchObject({ limit: 500, continue: "next" });
    await calls[1]?.answer(page("10", [raw("b", "2")]));
    await informer.synced;
    expect([informer.hasSynced, names(), heard]).toEqual([true, ["a@1", "b@2"], ["a ->1", "b ->2"]]);
    expect(streams[0]?.call).toMatchObject({
      path: "/api/v1/namespaces",
      query: { resourceVersion: "10", timeoutSeconds: 450, allowWatchBookmarks: true, labelSelector: "a=b" },
    });
  });

  test("asks for metadata only where that is all it needs", async () => {
    const { calls, streams } = await syncedInformer([], { metadataOnly: true });
    expect(calls[0]?.call.accept).toBe("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    expect(streams[0]?.call.accept).toBe("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  });

  test("applies what the stream says", async () => {
    const { streams, heard, names } = await syncedInformer([raw("a", "1")]);
    streams[0]?.event("ADDED", raw("b", "11"));
    streams[0]?.event("MODIFIED", raw("a", "12"));
    streams[0]?.event("DELETED", raw("b", "13"));
    streams[0]?.event("DELETED", raw("never-seen", "14"));
    expect([names(), heard.slice(1)]).toEqual([["a@12"], ["b ->11", "a 1>12", "b 11>-"]]);
  });

  test("resumes at the last version it saw, a bookmark's too, without a list", async () => {
    const { calls, streams, clock, names } = await syncedInformer([raw("a", "1")]);
    streams[0]?.event("MODIFIED", raw("a", "12"));
    streams[0]?.event("BOOKMARK", { metadata: { resourceVersion: "20" } });
    await streams[0]?.end(networkError);
    expect(streams).toHaveLength(1);
    clock.advance(1_200);
    expect(streams[1]?.call.query).toMatchObject({ resourceVersion: "20" });
    expect([calls.length, names()]).toEqual([1, ["a@12"]]);
  });

  test("after a 410 derives from the complete new list what changed while it was away", async () => {
    const { calls, streams, clock, heard, names } = await syncedInformer([
      raw("same", "1"),
      raw("changed", "2"),
      raw("gone", "3"),
      raw("made-again", "4"),
    ]);
    heard.length = 0;
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    await calls[1]?.answer(page("50", [raw("same", "1"), raw("changed", "40")], "next"));
    expect([names().length, heard]).toEqual([4, []]);
    await calls[2]?.answer(page("50", [raw("made-again", "41", "other-uid"), raw("new", "42")]));
    expect(heard).toEqual(["gone 3>-", "changed 2>40", "made-again 4>41", "new ->42"]);
    expect(names()).toEqual(["same@1", "changed@40", "made-again@41", "new@42"]);
    expect(streams[1]?.call.query).toMatchObject({ resourceVersion: "50" });
  });

  test("forgets the pages of a list that failed", async () => {
    const { informer, calls, clock, names } = informerOf();
    informer.start();
    await calls[0]?.answer(page("10", [raw("a", "1")], "next"));
    await calls[1]?.fail(httpError(410));
    clock.advance(1_200);
    expect(calls[2]?.call.query).toMatchObject({ limit: undefined, continue: undefined });
    await calls[2]?.answer(page("11", [raw("b", "2")]));
    expect(names()).toEqual(["b@2"]);
  });

  test("deletes nothing when the new list fails", async () => {
    const { calls, streams, clock, names } = await syncedInformer([raw("a", "1"), raw("b", "2")]);
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    await calls[1]?.answer(page("50", [raw("a", "1")], "next"));
    await calls[2]?.fail(httpError(500));
    expect(names()).toEqual(["a@1", "b@2"]);
  });

  test.each([
    { given: "HTML", body: "<html>" },
    { given: "no items", body: { metadata: { resourceVersion: "7" } } },
    { given: "nothing", body: undefined },
  ])("takes $given for a failed list, not for an empty one", async ({ body }) => {
    const { calls, streams, clock, names } = await syncedInformer([raw("a", "1")]);
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    await calls[1]?.answer(body);
    expect([names(), streams.length]).toEqual([["a@1"], 1]);
    clock.advance(30_000);
    expect(calls).toHaveLength(3);
  });

  test("keeps what it has of an object that it cannot read, from a stream and from a list", async () => {
    const { calls, streams, clock, counts, lines, names } = await syncedInformer([raw("a", "1"), raw("poison", "2")]);
    expect(names()).toEqual(["a@1"]);
    expect(lines).toMatchObject([{ level: "failure", message: "Object parser threw" }]);
    streams[0]?.event("MODIFIED", raw("a", "11", "unreadable"));
    expect(names()).toEqual(["a@1"]);
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    await calls[1]?.answer(page("50", [raw("a", "12", "unreadable")]));
    expect(names()).toEqual(["a@1"]);
    expect(counts.filter((what) => what === "unreadable")).toHaveLength(3);
  });

  test("survives a handler that throws, and tells the others", async () => {
    const { informer, streams, counts, heard, lines } = await syncedInformer();
    informer.onChange(() => {
      throw new Error("canary");
    });
    const later: string[] = [];
    informer.onChange(() => later.push("heard"));
    streams[0]?.event("ADDED", raw("a", "11"));
    expect([heard, later]).toEqual([["a ->11"], ["heard"]]);
    expect(counts).toContain("handlerThrew");
    expect(lines.filter((line) => line.level === "failure")).toHaveLength(1);
  });

  test("a removed handler hears nothing more", async () => {
    const { informer, streams } = await syncedInformer();
    const heard: string[] = [];
    const remove = informer.onChange(() => heard.push("heard"));
    remove();
    streams[0]?.event("ADDED", raw("a", "11"));
    expect(heard).toEqual([]);
  });

  test("gives up the stream that said something it cannot read, hears nothing more of it, and says why", async () => {
    const { streams, clock, lines, names } = await syncedInformer();
    streams[0]?.handlers.line('{"type":"ADD');
    streams[0]?.event("ADDED", raw("late", "12"));
    expect([streams[0]?.signal.aborted, names()]).toEqual([true, []]);
    expect(lines).toMatchObject([
      { level: "warn", fields: { resource: "namespaces", kind: "malformed", relist: false } },
    ]);
    await settle();
    clock.advance(1_200);
    expect(streams).toHaveLength(2);
  });

  test("hears nothing of an old stream while the new one is open", async () => {
    const { streams, clock, names } = await syncedInformer();
    await streams[0]?.end(networkError);
    clock.advance(1_200);
    streams[0]?.event("ADDED", raw("late", "12"));
    streams[1]?.event("ADDED", raw("new", "13"));
    expect([streams.length, names()]).toEqual([2, ["new@13"]]);
  });

  test("hears nothing of the end of a stream that it has given up", async () => {
    const { client, calls } = scriptedClient();
    const ends: (() => void)[] = [];
    const watch: KubernetesClient["watch"] = () =>
      new Promise((resolve) => ends.push(() => resolve({ ok: false, error: networkError })));
    const { informer, clock } = informerOf({ client: { ...client, watch } });
    informer.start();
    await calls[0]?.answer(page("10", []));
    clock.advance(480_000);
    clock.advance(1_200);
    ends[0]?.();
    await settle();
    clock.advance(10_000);
    expect(ends).toHaveLength(2);
  });

  test("hears nothing of a page that came after it was given up", async () => {
    const { client } = scriptedClient();
    const pages: ((body: unknown) => void)[] = [];
    const call: KubernetesClient["call"] = () =>
      new Promise((resolve) => pages.push((value) => resolve({ ok: true, value })));
    const { informer, clock, names } = informerOf({ client: { ...client, call } });
    informer.start();
    clock.advance(90_000);
    clock.advance(5_000);
    pages[0]?.(page("10", [raw("late", "1")]));
    pages[1]?.(page("11", [raw("current", "2")]));
    await settle();
    expect([pages.length, names()]).toEqual([2, ["current@2"]]);
  });

  test("gives up a stream that outlives its time", async () => {
    const { streams, clock } = await syncedInformer();
    clock.advance(480_000);
    expect(streams[0]?.signal.aborted).toBe(true);
    await settle();
    clock.advance(1_200);
    expect(streams).toHaveLength(2);
  });

  test("knows when it last heard of the server, pings included", async () => {
    const { informer, calls, streams, clock } = informerOf();
    informer.start();
    expect(informer.lastActivityMs).toBeUndefined();
    clock.advance(5);
    await calls[0]?.answer(page("10", []));
    expect(informer.lastActivityMs).toBe(5);
    clock.advance(20);
    streams[0]?.handlers.alive?.();
    expect(informer.lastActivityMs).toBe(25);
  });

  test.each([
    { given: "during the list", act: (): Promise<void> => Promise.resolve() },
    {
      given: "during the stream",
      act: ({ calls }: ReturnType<typeof informerOf>) => calls[0]?.answer(page("10", [])),
    },
    {
      given: "while it waits",
      act: ({ calls }: ReturnType<typeof informerOf>) => calls[0]?.fail(httpError(500)),
    },
  ])("stopped $given gives up what is in flight, for good", async ({ act }) => {
    const parts = informerOf();
    parts.informer.start();
    await act(parts);
    parts.informer.stop();
    await settle();
    const requests = parts.calls.length + parts.streams.length;
    parts.clock.advance(3_600_000);
    await settle();
    expect([...parts.calls, ...parts.streams].at(-1)?.signal.aborted).toBe(true);
    expect([parts.calls.length + parts.streams.length, parts.clock.pendingMs()]).toEqual([requests, []]);
  });

  test("stopped by its own handler opens nothing more", async () => {
    const { informer, calls, streams, clock } = informerOf();
    informer.onChange(() => informer.stop());
    informer.start();
    await calls[0]?.answer(page("10", [raw("a", "1")]));
    expect([streams.length, clock.pendingMs()]).toEqual([0, []]);
  });

  test("freezes its records", async () => {
    const { informer } = await syncedInformer([raw("a", "1")]);
    expect(Object.isFrozen(informer.store.get(key("a")))).toBe(true);
  });
});
