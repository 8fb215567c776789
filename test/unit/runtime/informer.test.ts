import { describe, expect, test } from "vitest";
import { objectKey } from "../../../src/core/object-key.ts";
import type { KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import {
  endOfInitialEvents,
  informerOf,
  type InformerParts,
  page,
  pagingInformer,
  raw,
  syncedInformer,
  tellAll,
} from "../../support/informer-rig.ts";
import { httpError, networkError, scriptedClient, settle } from "../../support/scripted-client.ts";

const key = (name: string) => objectKey({ namespace: "ns", name });

describe("an informer", () => {
  test("asks for metadata only where that is all it needs", async () => {
    const { calls, streams } = await pagingInformer({ metadataOnly: true });
    expect(calls[0]?.call.accept).toBe("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    expect(streams[0]?.call.accept).toBe("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  });

  test("applies what the stream says", () => {
    const { streams, heard, names } = syncedInformer([raw("a", "1")]);
    streams[0]?.event("ADDED", raw("b", "11"));
    streams[0]?.event("MODIFIED", raw("a", "12"));
    streams[0]?.event("DELETED", raw("b", "13"));
    streams[0]?.event("DELETED", raw("never-seen", "14"));
    expect([names(), heard.slice(1)]).toEqual([["a@12"], ["b ->11", "a 1>12", "b 11>-"]]);
  });

  test("tells of each version once the store and all handlers have seen everything up to it", () => {
    const reached: string[] = [];
    const parts = informerOf({
      onProgress: (resourceVersion) => reached.push([resourceVersion, ...parts.names(), parts.heard.length].join(" ")),
    });
    parts.informer.start();
    expect(parts.informer.reachedVersion).toBeUndefined();
    tellAll(parts, 0, "10", [raw("a", "1"), raw("b", "2")]);
    parts.streams[0]?.event("MODIFIED", raw("a", "11"));
    parts.streams[0]?.event("MODIFIED", raw("a", "9"));
    parts.streams[0]?.event("BOOKMARK", { metadata: { resourceVersion: "20" } });
    parts.streams[0]?.event("DELETED", raw("b", "21"));
    expect(reached).toEqual(["10 a@1 b@2 2", "11 a@11 b@2 3", "20 a@11 b@2 3", "21 a@11 4"]);
    expect(parts.informer.reachedVersion).toBe("21");
  });

  test("takes over what an older list says, and tells of its version, but has still reached the newer one", async () => {
    const reached: string[] = [];
    const parts = syncedInformer([raw("a", "9"), raw("b", "2")], { onProgress: (version) => reached.push(version) });
    await parts.streams[0]?.end(httpError(410));
    parts.clock.advance(1_200);
    tellAll(parts, 1, "5", [raw("a", "4"), raw("b", "2")]);
    parts.streams[1]?.event("MODIFIED", raw("b", "6"));
    expect([parts.names(), reached]).toEqual([
      ["a@4", "b@6"],
      ["10", "5", "6"],
    ]);
    expect(parts.informer.reachedVersion).toBe("10");
  });

  test("asks a server that it resumes at where it is, and lists anew if that is behind", async () => {
    const parts = syncedInformer([raw("a", "9")], { labelSelector: "a=b" });
    const { calls, streams, clock, counts, lines, names } = parts;
    await streams[0]?.end(networkError);
    clock.advance(1_200);
    expect(calls).toEqual([]);
    streams[1]?.handlers.opened?.();
    expect(calls[0]?.call).toMatchObject({ path: "/api/v1/namespaces", query: { labelSelector: "a=b", limit: 1 } });
    await calls[0]?.answer(page("5", [raw("a", "4")], "next"));
    expect([streams[1]?.signal.aborted, names(), counts.slice(-3)]).toEqual([
      true,
      ["a@9"],
      ["serverWentBack", "list", "stream"],
    ]);
    expect(lines.at(-1)).toMatchObject({
      level: "warn",
      message: "API server was behind what it told before, listing anew",
    });
    tellAll(parts, 2, "5", [raw("a", "4")]);
    expect(names()).toEqual(["a@4"]);
  });

  test.each([
    { given: "at the same version", answer: (parts: InformerParts) => parts.calls[0]?.answer(page("10", [])) },
    { given: "further", answer: (parts: InformerParts) => parts.calls[0]?.answer(page("11", [])) },
    { given: "unable to say", answer: (parts: InformerParts) => parts.calls[0]?.fail(httpError(500)) },
    { given: "talking nonsense", answer: (parts: InformerParts) => parts.calls[0]?.answer("<html>") },
  ])("stays with the stream that it resumed where the server is $given", async ({ answer }) => {
    const parts = syncedInformer([raw("a", "9")]);
    await parts.streams[0]?.end(networkError);
    parts.clock.advance(1_200);
    parts.streams[1]?.handlers.opened?.();
    await answer(parts);
    parts.streams[1]?.event("MODIFIED", raw("a", "12"));
    expect([parts.names(), parts.streams.length]).toEqual([["a@12"], 2]);
  });

  test("hears nothing of where the server is once it has given up the stream", async () => {
    const { calls, streams, clock } = syncedInformer();
    await streams[0]?.end(networkError);
    clock.advance(1_200);
    streams[1]?.handlers.opened?.();
    await streams[1]?.end(networkError);
    expect(calls[0]?.signal.aborted).toBe(true);
    await calls[0]?.answer(page("5", []));
    clock.advance(5_000);
    expect(streams[2]?.call.query).toMatchObject({ resourceVersion: "10" });
  });

  test("survives a listener of its progress that throws", () => {
    const { streams, counts, names } = syncedInformer([], {
      onProgress: () => {
        throw new Error("canary");
      },
    });
    streams[0]?.event("ADDED", raw("a", "11"));
    expect([names(), counts.filter((what) => what === "handlerThrew").length]).toEqual([["a@11"], 2]);
  });

  test("resumes at the last version it saw, a bookmark's too, without a list", async () => {
    const { calls, streams, clock, names } = syncedInformer([raw("a", "1")]);
    streams[0]?.event("MODIFIED", raw("a", "12"));
    streams[0]?.event("BOOKMARK", { metadata: { resourceVersion: "20" } });
    await streams[0]?.end(networkError);
    expect(streams).toHaveLength(1);
    clock.advance(1_200);
    expect(streams[1]?.call.query).toMatchObject({ resourceVersion: "20" });
    expect([calls.length, names()]).toEqual([0, ["a@12"]]);
  });

  test("after a 410 derives from the complete new list what changed while it was away", async () => {
    const before = [raw("same", "1"), raw("changed", "2"), raw("gone", "3"), raw("made-again", "4")];
    const parts = syncedInformer(before);
    const { streams, clock, heard, names } = parts;
    heard.length = 0;
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    for (const item of [raw("same", "1"), raw("changed", "40")]) streams[1]?.event("ADDED", item);
    expect([names().length, heard]).toEqual([4, []]);
    tellAll(parts, 1, "50", [raw("made-again", "41", "other-uid"), raw("new", "42")]);
    expect(heard).toEqual(["gone 3>-", "changed 2>40", "made-again 4>41", "new ->42"]);
    expect(names()).toEqual(["changed@40", "made-again@41", "new@42", "same@1"]);
  });

  test("deletes nothing when the new list fails, streamed or in pages", async () => {
    const { calls, streams, clock, names } = syncedInformer([raw("a", "1"), raw("b", "2")]);
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    streams[1]?.event("ADDED", raw("a", "1"));
    await streams[1]?.end(httpError(422));
    await calls[0]?.answer(page("50", [raw("a", "1")], "next"));
    await calls[1]?.fail(httpError(500));
    expect(names()).toEqual(["a@1", "b@2"]);
  });

  test.each([
    { given: "HTML", body: "<html>" },
    { given: "no items", body: { metadata: { resourceVersion: "7" } } },
    { given: "nothing", body: undefined },
  ])("takes $given for a failed list, not for an empty one", async ({ body }) => {
    const { calls, streams, clock, names } = syncedInformer([raw("a", "1")]);
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    await streams[1]?.end(httpError(422));
    await calls[0]?.answer(body);
    expect([names(), streams.length]).toEqual([["a@1"], 2]);
    clock.advance(30_000);
    expect(calls).toHaveLength(2);
  });

  test("keeps what it has of an object that it cannot read, from a stream and from a list", async () => {
    const parts = syncedInformer([raw("a", "1"), raw("poison", "2")]);
    const { streams, clock, counts, lines, names } = parts;
    expect(names()).toEqual(["a@1"]);
    expect(lines).toMatchObject([{ level: "failure", message: "Object parser threw" }]);
    streams[0]?.event("MODIFIED", raw("a", "11", "unreadable"));
    expect(names()).toEqual(["a@1"]);
    await streams[0]?.end(httpError(410));
    clock.advance(1_200);
    tellAll(parts, 1, "50", [raw("a", "12", "unreadable"), raw("b", "13"), raw("b", "14", "unreadable")]);
    expect(names()).toEqual(["a@1", "b@13"]);
    expect(counts.filter((what) => what === "unreadable")).toHaveLength(4);
  });

  test("survives a handler that throws, and tells the others", () => {
    const { informer, streams, counts, heard, lines } = syncedInformer();
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

  test("a removed handler hears nothing more", () => {
    const { informer, streams } = syncedInformer();
    const heard: string[] = [];
    const remove = informer.onChange(() => heard.push("heard"));
    remove();
    streams[0]?.event("ADDED", raw("a", "11"));
    expect(heard).toEqual([]);
  });

  test("gives up the stream that said something it cannot read, hears nothing more of it, and says why", async () => {
    const { streams, clock, lines, names } = syncedInformer();
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
    const { streams, clock, names } = syncedInformer();
    await streams[0]?.end(networkError);
    clock.advance(1_200);
    streams[0]?.event("ADDED", raw("late", "12"));
    streams[1]?.event("ADDED", raw("new", "13"));
    expect([streams.length, names()]).toEqual([2, ["new@13"]]);
  });

  test("hears nothing of the end of a stream that it has given up", async () => {
    const { client } = scriptedClient();
    const ends: (() => void)[] = [];
    const watch: KubernetesClient["watch"] = (_call, handlers) => {
      if (ends.length === 0) handlers.line(JSON.stringify({ type: "BOOKMARK", object: endOfInitialEvents("10") }));
      return new Promise((resolve) => ends.push(() => resolve({ ok: false, error: networkError })));
    };
    const { informer, clock } = informerOf({ client: { ...client, watch } });
    informer.start();
    clock.advance(480_000);
    clock.advance(1_200);
    ends[0]?.();
    await settle();
    clock.advance(10_000);
    expect(ends).toHaveLength(2);
  });

  test("gives up a stream that outlives its time", async () => {
    const { streams, clock } = syncedInformer();
    clock.advance(480_000);
    expect(streams[0]?.signal.aborted).toBe(true);
    await settle();
    clock.advance(1_200);
    expect(streams).toHaveLength(2);
  });

  test("knows when it last heard of the server, pings included", async () => {
    const { informer, calls, streams, clock } = await pagingInformer();
    expect(informer.lastActivityMs).toBeUndefined();
    clock.advance(5);
    await calls[0]?.answer(page("10", []));
    expect(informer.lastActivityMs).toBe(5);
    clock.advance(20);
    streams[1]?.handlers.alive?.();
    expect(informer.lastActivityMs).toBe(25);
  });

  test("knows when it was last refused, which a missing answer is not", async () => {
    const { informer, streams, clock } = syncedInformer();
    clock.advance(5);
    await streams[0]?.end(networkError);
    expect(informer.lastRefusalMs).toBeUndefined();
    clock.advance(30_000);
    await streams[1]?.end(httpError(403));
    expect(informer.lastRefusalMs).toBe(30_005);
  });

  test.each([
    { given: "during a streamed list", act: () => settle() },
    { given: "during a list in pages", act: ({ streams }: InformerParts) => streams[0]?.end(httpError(422)) },
    { given: "during the stream", act: (parts: InformerParts) => (tellAll(parts, 0, "10", []), settle()) },
    { given: "while it waits", act: ({ streams }: InformerParts) => streams[0]?.end(httpError(500)) },
  ])("stopped $given gives up what is in flight, for good", async ({ act }) => {
    const parts = informerOf();
    parts.informer.start();
    await act(parts);
    parts.informer.stop();
    await settle();
    const requests = parts.calls.length + parts.streams.length;
    parts.clock.advance(3_600_000);
    await settle();
    expect([...parts.streams, ...parts.calls].at(-1)?.signal.aborted).toBe(true);
    expect([parts.calls.length + parts.streams.length, parts.clock.pendingMs()]).toEqual([requests, []]);
  });

  test("stopped by its own handler opens nothing more", async () => {
    const { informer, calls, streams, clock } = await pagingInformer();
    informer.onChange(() => informer.stop());
    await calls[0]?.answer(page("10", [raw("a", "1")]));
    expect([streams.length, clock.pendingMs()]).toEqual([1, []]);
  });

  test("freezes its records", () => {
    const { informer } = syncedInformer([raw("a", "1")]);
    expect(Object.isFrozen(informer.store.get(key("a")))).toBe(true);
  });
});
