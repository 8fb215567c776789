import { describe, expect, onTestFinished, test } from "vitest";
import type { Clock } from "../../../src/core/clock.ts";
import type { Connection } from "../../../src/kubernetes/connection.ts";
import { type ClientLimits, createKubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import { type FakeHandler, type FakeResponse, startFakeApiServer } from "../../support/fake-api-server.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const NEVER = new AbortController().signal;
const WATCH = { path: "/x", query: { resourceVersion: "5", labelSelector: "a=b" } };

const protocols = [
  { protocol: "HTTP/2", http2: true },
  { protocol: "HTTP/1.1", http2: false },
] as const;

/** A watch that records what it hears, and lets a test wait for it. */
function recorder() {
  const lines: string[] = [];
  let opened = 0;
  let alive = 0;
  let wake = (): void => undefined;
  const handlers = {
    opened: () => void (opened += 1),
    line(text: string) {
      lines.push(text);
      wake();
    },
    alive() {
      alive += 1;
      wake();
    },
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    handlers,
    lines,
    opened: () => opened,
    alive: () => alive,
    untilLines: (count: number) => until(() => lines.length >= count),
    untilAlive: (count: number) => until(() => alive >= count),
  };
}

function clientTo(connection: Connection, limits: Partial<ClientLimits> = {}, clock: Clock = new FakeClock()) {
  const counted: string[] = [];
  const onRequest = (method: string, code: string): void => void counted.push(`${method} ${code}`);
  const client = createKubernetesClient({ connection, clock, userAgent: "fairlead/test", limits, onRequest });
  onTestFinished(() => client.close());
  return { client, counted };
}

/** Answers 200 and hands the open response over. */
function streaming(): { handler: FakeHandler; responses: FakeResponse[] } {
  const responses: FakeResponse[] = [];
  const handler: FakeHandler = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("first\n");
    responses.push(response);
  };
  return { handler, responses };
}

describe.each(protocols)("a watch over $protocol", ({ http2 }) => {
  test("yields lines until the server ends it in order", async () => {
    const { handler, responses } = streaming();
    const server = await startFakeApiServer(handler, { http2 });
    const { client, counted } = clientTo(server.connection);
    const heard = recorder();
    const end = client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    responses[0]?.write("se");
    responses[0]?.write("cond\nthird\nrest");
    await heard.untilLines(3);
    responses[0]?.end();
    expect(await end).toEqual({ ok: true, value: undefined });
    expect([heard.lines, heard.opened()]).toEqual([["first", "second", "third"], 1]);
    expect(server.requests[0]).toMatchObject({
      method: "GET",
      url: "/x?resourceVersion=5&labelSelector=a%3Db&watch=1",
      headers: { authorization: "Bearer token-1", accept: "application/json", "user-agent": "fairlead/test" },
    });
    expect(counted).toEqual(["WATCH 200"]);
  });

  test("fails as cut when the connection is cut", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler, { http2 });
    const { client } = clientTo(server.connection);
    const heard = recorder();
    const end = client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    server.cut();
    expect(await end).toMatchObject({ ok: false, error: { kind: "unavailable", failure: "reset" } });
  });

  test("fails as unanswered when the connection is cut before an answer, as by a load balancer without servers", async () => {
    const server = await startFakeApiServer(() => server.cut(), { http2 });
    const { client } = clientTo(server.connection);
    const end = await client.watch(WATCH, recorder().handlers, NEVER);
    expect(end).toMatchObject({ ok: false, error: { kind: "unavailable", failure: "unanswered" } });
  });

  test.each([
    { status: 410, headers: {}, error: { kind: "gone", reason: "Expired" } },
    { status: 429, headers: { "retry-after": "3" }, error: { kind: "throttled", retryAfterMs: 3_000 } },
    { status: 403, headers: {}, error: { kind: "forbidden" } },
  ])("refused with $status fails as that", async ({ status, headers, error }) => {
    const server = await startFakeApiServer(
      (_request, response) => {
        response.writeHead(status, headers);
        response.end(JSON.stringify({ kind: "Status", reason: status === 410 ? "Expired" : "Other" }));
      },
      { http2 },
    );
    const { client, counted } = clientTo(server.connection);
    const heard = recorder();
    expect(await client.watch(WATCH, heard.handlers, NEVER)).toMatchObject({ ok: false, error: { status, ...error } });
    expect([heard.lines, counted]).toEqual([[], [`WATCH ${status}`]]);
  });

  test("ends when it is given up, and its connection goes", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler, { http2 });
    const clock = new FakeClock();
    const { client } = clientTo(server.connection, {}, clock);
    const heard = recorder();
    const caller = new AbortController();
    const end = client.watch(WATCH, heard.handlers, caller.signal);
    await heard.untilLines(1);
    caller.abort();
    expect(await end).toMatchObject({ ok: false, error: { kind: "aborted" } });
    await server.allClosed();
    while (clock.pendingMs().length > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("ends when the client is closed, and its connection goes", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler, { http2 });
    const { client } = clientTo(server.connection);
    const heard = recorder();
    const end = client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    client.close();
    expect(await end).toMatchObject({ ok: false, error: { kind: "unavailable", failure: "reset" } });
    await server.allClosed();
  });

  test("ends when a line is over the limit", async () => {
    const { handler, responses } = streaming();
    const server = await startFakeApiServer(handler, { http2 });
    const { client } = clientTo(server.connection, { maxLineBytes: 100 });
    const heard = recorder();
    const end = client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    responses[0]?.write(`${"x".repeat(101)}\nlast\n`);
    expect(await end).toMatchObject({ ok: false, error: { kind: "malformed", failure: "bodyTooLarge" } });
    expect(heard.lines).toEqual(["first"]);
  });

  test("that is never answered ends in time", async () => {
    const asked = Promise.withResolvers<undefined>();
    const server = await startFakeApiServer(() => asked.resolve(undefined), { http2 });
    const clock = new FakeClock();
    const { client, counted } = clientTo(
      server.connection,
      {
        watchOpenMs: 3_000,
        pings: { everyMs: 60_000, answerWithinMs: 4_000 },
      },
      clock,
    );
    const end = client.watch(WATCH, recorder().handlers, NEVER);
    await asked.promise;
    clock.advance(3_000);
    expect(await end).toMatchObject({ ok: false, error: { kind: "unavailable", failure: "deadline" } });
    expect(counted).toEqual(["WATCH <error>"]);
  });
});

describe("watches over HTTP/2", () => {
  test("share one connection, up to 90 of them", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler);
    const { client } = clientTo(server.connection);
    const heard = recorder();
    for (let i = 0; i < 91; i += 1) void client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(91);
    expect(server.connections()).toBe(2);
  });

  test("show life when a ping is answered, though nothing is sent", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler);
    const clock = new FakeClock();
    const { client } = clientTo(server.connection, {}, clock);
    const heard = recorder();
    void client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    for (let i = 0; i < 3; i += 1) {
      const before = heard.alive();
      clock.advance(4_000);
      await heard.untilAlive(before + 1);
    }
    expect(heard.lines).toEqual(["first"]);
  });

  test("end 8 s after the peer went silent, and the next one gets a new connection", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler);
    const clock = new FakeClock();
    const { client } = clientTo(server.connection, {}, clock);
    const heard = [recorder(), recorder()];
    const ends = heard.map((one) => client.watch(WATCH, one.handlers, NEVER));
    await Promise.all(heard.map((one) => one.untilLines(1)));
    server.silence();
    clock.advance(8_000);
    for (const end of ends) {
      expect(await end).toMatchObject({ ok: false, error: { kind: "unavailable", failure: "pingTimeout" } });
    }
  });

  test("survive a ping whose answer waited because we did not run", async () => {
    const { handler, responses } = streaming();
    const server = await startFakeApiServer(handler);
    const clock = new FakeClock();
    let stalledMs = 0;
    const stalling = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs() + stalledMs,
      setTimer: (delayMs: number, fire: () => void) => clock.setTimer(delayMs, fire),
    };
    const { client } = clientTo(server.connection, {}, stalling);
    const heard = recorder();
    void client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    const before = heard.alive();
    clock.advance(4_000);
    stalledMs = 60_000;
    clock.advance(4_000);
    await heard.untilAlive(before + 1);
    responses[0]?.write("second\n");
    await heard.untilLines(2);
  });

  test("move to a new connection when the server says GOAWAY", async () => {
    const { handler, responses } = streaming();
    const server = await startFakeApiServer(handler);
    const { client } = clientTo(server.connection);
    const heard = recorder();
    void client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    server.goAway();
    responses[0]?.write("after goaway\n");
    await heard.untilLines(2);
    void client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(3);
    responses[0]?.write("still served\n");
    await heard.untilLines(4);
    expect(server.connections()).toBe(2);
  });
});

describe("watches over HTTP/1.1", () => {
  test("end when nothing was heard for the idle limit", async () => {
    const { handler, responses } = streaming();
    const server = await startFakeApiServer(handler, { http2: false });
    const clock = new FakeClock();
    const { client } = clientTo(server.connection, { watchIdleMs: 90_000 }, clock);
    const heard = recorder();
    const end = client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(1);
    clock.advance(60_000);
    responses[0]?.write("bookmark\n");
    await heard.untilLines(2);
    clock.advance(89_999);
    expect(server.open()).toBe(1);
    clock.advance(1);
    expect(await end).toMatchObject({ ok: false, error: { kind: "unavailable", failure: "idleTimeout" } });
    await server.allClosed();
  });

  test("have a connection each", async () => {
    const { handler } = streaming();
    const server = await startFakeApiServer(handler, { http2: false });
    const { client } = clientTo(server.connection);
    const heard = recorder();
    for (let i = 0; i < 3; i += 1) void client.watch(WATCH, heard.handlers, NEVER);
    await heard.untilLines(3);
    expect(server.open()).toBe(3);
  });
});
