import { describe, expect, test } from "vitest";
import type { KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import { endOfInitialEvents, informerOf, page, pagingInformer, raw } from "../../support/informer-rig.ts";
import { httpError, networkError, scriptedClient, settle } from "../../support/scripted-client.ts";

describe("the first list of an informer", () => {
  test("is streamed, shows nothing before it is complete, and goes on as the stream of what changes", async () => {
    const { informer, calls, streams, counts, heard, names } = informerOf({ labelSelector: "a=b" });
    informer.start();
    expect(streams[0]?.call).toEqual({
      path: "/api/v1/namespaces",
      query: {
        labelSelector: "a=b",
        sendInitialEvents: true,
        resourceVersionMatch: "NotOlderThan",
        timeoutSeconds: 450,
        allowWatchBookmarks: true,
      },
    });
    streams[0]?.event("ADDED", raw("b", "9"));
    streams[0]?.event("ADDED", raw("a", "1"));
    streams[0]?.event("BOOKMARK", { metadata: { resourceVersion: "8" } });
    expect([informer.hasSynced, names(), heard]).toEqual([false, [], []]);
    streams[0]?.event("BOOKMARK", endOfInitialEvents("10"));
    await informer.synced;
    expect([informer.hasSynced, names(), heard]).toEqual([true, ["a@1", "b@9"], ["b ->9", "a ->1"]]);
    streams[0]?.event("MODIFIED", raw("a", "11"));
    expect([names(), calls.length, streams.length]).toEqual([["a@11", "b@9"], 0, 1]);
    expect(counts).toEqual(["list", "stream"]);
  });

  test("takes what changes before it is complete into account, and nothing older that comes again", () => {
    const { informer, streams, names } = informerOf();
    informer.start();
    for (const item of [raw("a", "1"), raw("b", "2"), raw("c", "3")]) streams[0]?.event("ADDED", item);
    streams[0]?.event("MODIFIED", raw("a", "11"));
    streams[0]?.event("DELETED", raw("b", "12"));
    streams[0]?.event("DELETED", raw("c", "13"));
    for (const item of [raw("a", "1"), raw("b", "2"), raw("c", "14")]) streams[0]?.event("ADDED", item);
    streams[0]?.event("BOOKMARK", endOfInitialEvents("14"));
    expect(names()).toEqual(["a@11", "c@14"]);
  });

  test("that is cut is streamed again from the start, and nothing of it counts", async () => {
    const { informer, calls, streams, clock, names } = informerOf();
    informer.start();
    streams[0]?.event("ADDED", raw("a", "1"));
    await streams[0]?.end(networkError);
    clock.advance(1_200);
    expect([informer.hasSynced, calls.length, streams[1]?.call.query["sendInitialEvents"]]).toEqual([false, 0, true]);
    streams[1]?.event("ADDED", raw("b", "2"));
    streams[1]?.event("BOOKMARK", endOfInitialEvents("10"));
    expect(names()).toEqual(["b@2"]);
  });

  test("is read page by page where the server refuses to stream it, and shows nothing before the last", async () => {
    const { informer, calls, streams, counts, heard, lines, names } = await pagingInformer({ labelSelector: "a=b" });
    expect(calls[0]?.call).toMatchObject({ path: "/api/v1/namespaces", query: { limit: 500, labelSelector: "a=b" } });
    expect(calls[0]?.call.query).not.toHaveProperty("resourceVersion");
    await calls[0]?.answer(page("10", [raw("a", "1")], "next"));
    expect([informer.hasSynced, names(), heard]).toEqual([false, [], []]);
    expect(calls[1]?.call.query).toMatchObject({ limit: 500, continue: "next" });
    await calls[1]?.answer(page("10", [raw("b", "2")]));
    await informer.synced;
    expect([informer.hasSynced, names(), heard]).toEqual([true, ["a@1", "b@2"], ["a ->1", "b ->2"]]);
    expect(streams[1]?.call).toMatchObject({
      path: "/api/v1/namespaces",
      query: { resourceVersion: "10", timeoutSeconds: 450, allowWatchBookmarks: true, labelSelector: "a=b" },
    });
    expect(counts).toContain("fellBack");
    expect(lines).toMatchObject([{ level: "info", fields: { resource: "namespaces", why: "refused" } }]);
  });

  test("is read page by page where the server never says that it is complete, and the stream is given up", async () => {
    const { informer, calls, streams, clock, names } = informerOf();
    informer.start();
    streams[0]?.event("ADDED", raw("a", "1"));
    clock.advance(29_999);
    expect([calls.length, streams[0]?.signal.aborted]).toEqual([0, false]);
    clock.advance(1);
    expect([calls.length, streams[0]?.signal.aborted, informer.hasSynced]).toEqual([1, true, false]);
    streams[0]?.event("BOOKMARK", endOfInitialEvents("10"));
    await calls[0]?.answer(page("11", [raw("b", "2")]));
    expect(names()).toEqual(["b@2"]);
  });

  test("forgets the pages of an attempt that failed", async () => {
    const { calls, clock, names } = await pagingInformer();
    await calls[0]?.answer(page("10", [raw("a", "1")], "next"));
    await calls[1]?.fail(httpError(410));
    clock.advance(1_200);
    expect(calls[2]?.call.query).toMatchObject({ limit: undefined, continue: undefined });
    await calls[2]?.answer(page("11", [raw("b", "2")]));
    expect(names()).toEqual(["b@2"]);
  });

  test("hears nothing of a page that came after it was given up", async () => {
    const { client } = scriptedClient();
    const pages: ((body: unknown) => void)[] = [];
    const call: KubernetesClient["call"] = () =>
      new Promise((resolve) => pages.push((value) => resolve({ ok: true, value })));
    const watch: KubernetesClient["watch"] = () => Promise.resolve({ ok: false, error: httpError(422) });
    const { informer, clock, names } = informerOf({ client: { ...client, call, watch } });
    informer.start();
    await settle();
    clock.advance(90_000);
    clock.advance(5_000);
    pages[0]?.(page("10", [raw("late", "1")]));
    pages[1]?.(page("11", [raw("current", "2")]));
    await settle();
    expect([pages.length, names()]).toEqual([2, ["current@2"]]);
  });
});
