import { describe, expect, test } from "vitest";
import { gone410AsStatus } from "./faults.ts";
import type { Fault } from "./rule.ts";
import type { SeenRequest } from "./stub-upstream.ts";
import { type Client, clientOf, type OpenAnswer, protocols } from "./test-clients.ts";
import { beginStream, event, gate, rule, type Setting, start, WATCH } from "./test-setting.ts";
import {
  bookmarksWithoutVersion,
  closeEarly,
  cutInsideFrame,
  delayEachEvent,
  delayEvents,
  duplicateEvents,
  gone410AsEvent,
  mutedWatch,
  noInitialEventsEnd,
  reorderEvents,
  replayOlderEvents,
  swallowEvents,
  unknownEvents,
} from "./watch-faults.ts";

const [A1, A2, B3] = [event("a", 1), event("a", 2), event("b", 3)];

interface Opened extends Setting {
  readonly client: Client;
  /** The real server's side. */
  readonly server: SeenRequest;
  readonly watch: OpenAnswer;
}

describe.each(protocols)("watches over %s", (protocol) => {
  async function open(...faults: readonly Fault[]): Promise<Opened> {
    const setting = await start(beginStream);
    for (const fault of faults) setting.proxy.add(rule(fault));
    const client = clientOf(protocol, setting.proxy);
    const asked = setting.upstream.next();
    const [server, watch] = await Promise.all([asked, client.open({ path: WATCH })]);
    return { ...setting, client, server, watch };
  }

  const texts = (watch: OpenAnswer, count: number): Promise<string> =>
    watch.until((text) => text.split("\n").length > count);

  test("lines pass as they come, while the stream stays open", async () => {
    const { server, watch, proxy } = await open();
    expect(watch.status).toBe(200);
    server.response.write(A1);
    expect(await texts(watch, 1)).toBe(A1);
    server.response.write(A2);
    expect(await texts(watch, 2)).toBe(A1 + A2);
    expect(proxy.requests()).toMatchObject([{ verb: "watch", serverStatus: 200, faults: [] }]);
  });

  test("a line in pieces, cut inside of a character, passes when it is complete", async () => {
    const { server, watch } = await open();
    const line = Buffer.from(event("ü", 1));
    const middle = line.indexOf(Buffer.from("ü")) + 1;
    server.response.write(line.subarray(0, middle));
    server.response.write(line.subarray(middle));
    expect(await texts(watch, 1)).toBe(line.toString());
  });

  test("a watch of many megabytes passes, and is not collected", async () => {
    const { server, watch } = await open();
    const line = `${JSON.stringify({ type: "MODIFIED", object: { padding: "x".repeat(100_000) } })}\n`;
    for (let count = 0; count < 100; count += 1) server.response.write(line);
    server.response.end();
    const { text, isWhole } = await watch.ended;
    expect({ length: text.length, isWhole }).toEqual({ length: line.length * 100, isWhole: true });
  });

  test("the server's end is the client's end, its cut the client's cut", async () => {
    const orderly = await open();
    orderly.server.response.end(A1);
    expect(await orderly.watch.ended).toEqual({ text: A1, isWhole: true });
    const cut = await open();
    cut.server.response.write(A1);
    await texts(cut.watch, 1);
    cut.server.response.destroy();
    expect(await cut.watch.ended).toEqual({ text: A1, isWhole: false });
  });

  test("a client that goes away ends the real watch", async () => {
    const { server, watch } = await open();
    const { opened, open: closed } = gate();
    server.response.on("close", closed);
    watch.abort();
    await opened;
  });

  test("a refusal of the server passes with its body", async () => {
    const { proxy } = await start(({ response }) => response.writeHead(410).end("gone"));
    const watch = await clientOf(protocol, proxy).open({ path: WATCH });
    expect(watch.status).toBe(410);
    expect(await watch.ended).toEqual({ text: "gone", isWhole: true });
  });

  test("a watch may be refused in the server's place", async () => {
    const { proxy, upstream } = await start(beginStream);
    proxy.add(rule(gone410AsStatus()));
    const watch = await clientOf(protocol, proxy).open({ path: WATCH });
    expect(watch.status).toBe(410);
    expect(upstream.seen).toEqual([]);
  });

  test.each([
    { what: "swallowed", fault: swallowEvents(({ name }) => name === "a"), lines: [A1, B3], passed: [B3] },
    { what: "doubled", fault: duplicateEvents(), lines: [A1, B3], passed: [A1, A1, B3, B3] },
    { what: "out of order", fault: reorderEvents(), lines: [A1, A2, B3], passed: [A2, A1, B3] },
    { what: "old again", fault: replayOlderEvents(), lines: [A1, B3, A2], passed: [A1, B3, A2, A1] },
    { what: "late, in order", fault: delayEachEvent(5), lines: [A1, A2, B3], passed: [A1, A2, B3] },
  ])("events that are $what", async ({ fault, lines, passed }) => {
    const { server, watch, proxy } = await open(fault);
    for (const line of lines) server.response.write(line);
    expect(await texts(watch, passed.length)).toBe(passed.join(""));
    expect(proxy.fired().get("frames")).toBeGreaterThan(0);
  });

  test("events that wait until the test lets them pass, and then in order", async () => {
    const { opened, open: release } = gate();
    const { server, watch, proxy } = await open();
    const delayed = proxy.add(rule(delayEvents(opened, ({ name }) => name === "a")));
    server.response.write(event("c", 0) + A1 + B3);
    await delayed.firedTimes(2);
    expect(await texts(watch, 1)).toBe(event("c", 0));
    release();
    expect(await texts(watch, 3)).toBe(event("c", 0) + A1 + B3);
    server.response.write(A2);
    expect(await texts(watch, 4)).toBe(event("c", 0) + A1 + B3 + A2);
  });

  test("rules take hold of a watch that is open already, and let it go", async () => {
    const { server, watch, proxy } = await open();
    server.response.write(A1);
    await texts(watch, 1);
    const muted = proxy.add(rule(mutedWatch()));
    server.response.write(A2);
    await muted.firedTimes(1);
    muted.remove();
    server.response.write(B3);
    expect(await texts(watch, 2)).toBe(A1 + B3);
    expect(muted).toMatchObject({ matched: 1, fired: 1 });
    expect(proxy.requests()).toMatchObject([{ faults: ["frames"] }]);
  });

  test("each rule sees what the one before it has left", async () => {
    const { server, watch } = await open(
      swallowEvents(({ name }) => name === "a"),
      duplicateEvents(),
    );
    server.response.write(A1 + B3);
    expect(await texts(watch, 2)).toBe(B3 + B3);
  });

  test("unknown events come before the known ones", async () => {
    const { server, watch } = await open(unknownEvents());
    server.response.write(A1);
    const lines = (await texts(watch, 2)).split("\n");
    expect(lines[0]).toContain('"RENAMED"');
    expect(`${lines[1] ?? ""}\n`).toBe(A1);
  });

  test("bookmarks lose their version, and a streaming list its end", async () => {
    const bookmark = event("", 7, "BOOKMARK");
    const unversioned = await open(bookmarksWithoutVersion());
    unversioned.server.response.write(bookmark + A1);
    expect(await texts(unversioned.watch, 2)).toBe(`{"type":"BOOKMARK","object":{"metadata":{}}}\n${A1}`);
    const endless = await open(noInitialEventsEnd());
    const annotations = { "k8s.io/initial-events-end": "true" };
    const last = JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: "7", annotations } } });
    endless.server.response.write(`${last}\n${bookmark}`);
    expect(await texts(endless.watch, 1)).toBe(bookmark);
  });

  test("410 as an event is the last one of a stream that ends in order", async () => {
    const { watch } = await open(gone410AsEvent());
    const { text, isWhole } = await watch.ended;
    expect({ status: watch.status, isWhole }).toEqual({ status: 200, isWhole: true });
    expect(JSON.parse(text)).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410 } });
  });

  test("a stream that is cut after so many frames, inside of one", async () => {
    const { server, watch, upstream } = await open(cutInsideFrame(2));
    server.response.write(A1 + A2 + B3);
    const { text, isWhole } = await watch.ended;
    expect(text.startsWith(`${A1}${A2}{"type":"MODIFIED"`)).toBe(true);
    expect(isWhole).toBe(false);
    expect(upstream.seen).toHaveLength(1);
  });

  test("watches that close at once, also one that is open", async () => {
    const { proxy, watch, client } = await open();
    const closing = proxy.add(rule(closeEarly()));
    expect(await watch.ended).toEqual({ text: "", isWhole: true });
    expect(await (await client.open({ path: WATCH })).ended).toEqual({ text: "", isWhole: true });
    expect(closing).toMatchObject({ matched: 2, fired: 2 });
  });

  test("rules for watches strike so many of them", async () => {
    const { proxy, upstream } = await start(beginStream);
    proxy.add(rule(closeEarly(), { from: 2, times: 1 }));
    const client = clientOf(protocol, proxy);
    const first = await client.open({ path: WATCH });
    await (
      await client.open({ path: WATCH })
    ).ended;
    const asked = upstream.next();
    const [server, third] = await Promise.all([asked, client.open({ path: WATCH })]);
    server.response.write(A1);
    expect(await texts(third, 1)).toBe(A1);
    first.abort();
  });

  test("a watch in mid-stream is cut at a byte, or comes one byte at a time", async () => {
    const cut = await open({ kind: "cutBody", afterBytes: A1.length + 5 });
    cut.server.response.write(A1 + A2);
    expect(await cut.watch.ended).toEqual({ text: A1 + A2.slice(0, 5), isWhole: false });
    const slow = await open({ kind: "trickle", pieceBytes: 1, pauseMs: 0 });
    slow.server.response.write(A1);
    expect(await texts(slow.watch, 1)).toBe(A1);
  });

  test("a rule that throws lets the frame pass, and is told of when the proxy closes", async () => {
    const pass = (): never => {
      throw new Error("a mistake");
    };
    const { server, watch, proxy } = await open({ kind: "frames", pass });
    server.response.write(A1);
    expect(await texts(watch, 1)).toBe(A1);
    await expect(proxy.close()).rejects.toThrow("1 times a rule threw");
  });

  test("a watch whose head never comes", async () => {
    const { proxy } = await start(beginStream);
    const silent = proxy.add(rule({ kind: "silence", at: "after" }));
    const watch = clientOf(protocol, proxy)
      .open({ path: WATCH })
      .then(
        () => "answered",
        () => "cut",
      );
    await silent.firedTimes(1);
    proxy.setLink("down");
    expect(await watch).toBe("cut");
  });
});

test("over HTTP/2 a cut watch leaves the others on its connection alone", async () => {
  const { proxy, upstream } = await start(beginStream);
  const client = clientOf("HTTP/2", proxy);
  const [first, second] = [await client.open({ path: WATCH }), await client.open({ path: `${WATCH}&second=1` })];
  proxy.add(rule(closeEarly(0, false), { when: ({ query }) => !query.has("second") }));
  expect((await first.ended).isWhole).toBe(false);
  upstream.seen[1]?.response.write(A1);
  expect(await second.until((text) => text !== "")).toBe(A1);
  expect(proxy.connections).toBe(1);
});
