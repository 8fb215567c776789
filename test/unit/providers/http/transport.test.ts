// The transport against real sockets: deadlines, TLS, size, broken connections, headers.

import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HttpRequest } from "../../../../src/providers/http/http-message.ts";
import type { Transport } from "../../../../src/providers/http/transport.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { respond, type StubOptions, StubVault, silence } from "../../../support/stub-vault.ts";
import { testTls } from "../../../support/tls.ts";
import { transportWith } from "../../../support/transport-rig.ts";

const NEVER = new AbortController().signal;

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
}

describe("over TLS", () => {
  let stub: StubVault;
  let transport: Transport | undefined;
  const clock = new FakeClock();
  const start = async (options: StubOptions = {}): Promise<void> => {
    stub = await StubVault.start(options);
  };
  const get = (ca: string | undefined, host = "localhost") => {
    transport = transportWith({ ca, clock });
    return transport.send({
      method: "GET",
      url: `https://${host}:${stub.port}/v1/x`,
      headers: {},
      body: undefined,
      signal: NEVER,
    });
  };
  afterEach(async () => {
    transport?.destroy();
    await stub.close();
  });

  test.each([
    { given: "another authority", ca: testTls.otherCa, detail: "not signed by a trusted authority" },
    { given: "the roots of Node only", ca: undefined, detail: "not signed by a trusted authority" },
    { given: "another host name", ca: testTls.ca, host: "127.0.0.1", detail: "is for another host name" },
    { given: "an expired certificate", ca: testTls.ca, certificate: "expiredServer" as const, detail: "has expired" },
    { given: "a server without TLS", ca: testTls.ca, certificate: "none" as const, detail: "speaks no TLS" },
  ])("$given: unavailable, and nothing was sent", async ({ ca, host, certificate, detail }) => {
    await start(certificate === undefined ? {} : { certificate });
    const answer = await get(ca, host);
    expect(answer).toMatchObject({ ok: false, error: { kind: "unavailable" } });
    expect(answer.ok || answer.error.detail).toContain(detail);
    expect(stub.requests).toEqual([]);
  });

  test("a certificate of the store's authority is accepted", async () => {
    await start();
    expect(await get(testTls.ca)).toMatchObject({ ok: true, value: { status: 403 } });
  });

  test("a broken environment cannot switch the check off", async () => {
    await start();
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect(await get(testTls.otherCa)).toMatchObject({ ok: false });
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });
});

describe("over HTTP", () => {
  let stub: StubVault;
  let transport: Transport;
  let clock: FakeClock;
  beforeEach(async () => {
    stub = await StubVault.start({ certificate: "none" });
    clock = new FakeClock();
    transport = transportWith({ clock });
  });
  afterEach(async () => {
    transport.destroy();
    await stub.close();
  });
  const get = (overrides: Partial<HttpRequest> = {}) =>
    transport.send({
      method: "GET",
      url: `${stub.url}/v1/x`,
      headers: {},
      body: undefined,
      signal: NEVER,
      ...overrides,
    });

  test("silence ends at the deadline, and no timer is left", async () => {
    stub.faults.set("x", silence);
    const arrival = stub.arrival("x");
    const answer = get();
    await arrival;
    clock.advance(9_999);
    expect(clock.pendingMs()).toEqual([1]);
    clock.advance(1);
    expect(await answer).toMatchObject({ ok: false, error: { kind: "unavailable", detail: "no answer within 10 s" } });
    expect(clock.pendingMs()).toEqual([]);
  });

  test("a body that stalls ends at the deadline as well", async () => {
    const stalled = new Promise<void>((resolve) => {
      stub.faults.set("x", (response) => response.write("{", () => resolve()));
    });
    const answer = get();
    await stalled;
    clock.advance(10_000);
    expect(await answer).toMatchObject({ ok: false, error: { detail: "no answer within 10 s" } });
  });

  test("an aborted request ends at once", async () => {
    stub.faults.set("x", silence);
    const caller = new AbortController();
    const arrival = stub.arrival("x");
    const answer = get({ signal: caller.signal });
    await arrival;
    caller.abort();
    expect(await answer).toMatchObject({ ok: false, error: { detail: "the call was ended before the answer came" } });
  });

  test("nothing of a request is kept when it has ended, however long transport and caller live", async () => {
    stub.faults.set("x", respond({ status: 200, body: {} }));
    const replies: WeakRef<object>[] = [];
    for (let request = 0; request < 20; request += 1) {
      const answer = await get();
      if (answer.ok) replies.push(new WeakRef(answer.value));
    }
    // The promises of the last rounds go with the event loop's next turns.
    await setImmediate();
    collectGarbage();
    expect(replies).toHaveLength(20);
    expect(replies.filter((reply) => reply.deref() !== undefined).length).toBeLessThan(5);
  });

  test("an answer over the cap is refused", async () => {
    stub.faults.set("x", respond({ status: 200, body: "x".repeat(8 * 1024 * 1024 + 1) }));
    expect(await get()).toMatchObject({ ok: false, error: { kind: "malformedPayload" } });
    stub.faults.set("x", respond({ status: 200, body: "x".repeat(8 * 1024 * 1024) }));
    expect(await get()).toMatchObject({ ok: true });
  });

  test.each([
    { header: "7", retryAfterMs: 7000 },
    { header: "0", retryAfterMs: 0 },
    { header: "Thu, 01 Jan 2026 00:00:30 GMT", retryAfterMs: 30_000 },
    { header: "Wed, 31 Dec 2025 00:00:00 GMT", retryAfterMs: 0 },
    { header: "soon", retryAfterMs: undefined },
    { header: "999999999999", retryAfterMs: 3_600_000 },
    { header: "Sat, 01 Jan 2050 00:00:00 GMT", retryAfterMs: 3_600_000 },
    { header: "-1", retryAfterMs: undefined },
  ])("Retry-After $header is $retryAfterMs ms", async ({ header, retryAfterMs }) => {
    stub.dateMs = Date.UTC(2026, 0, 1);
    stub.faults.set("x", respond({ status: 429, body: "", headers: { "Retry-After": header } }));
    expect(await get()).toMatchObject({ ok: true, value: { status: 429, retryAfterMs, serverTimeMs: stub.dateMs } });
  });

  test("connections are kept", async () => {
    const sockets = new Set<unknown>();
    stub.faults.set("x", (response) => {
      sockets.add(response.socket);
      response.end("{}");
    });
    await get();
    await get();
    expect(sockets.size).toBe(1);
  });

  test("nobody listening is unavailable", async () => {
    const url = `${stub.url}/v1/x`;
    await stub.close();
    expect(await get({ url })).toMatchObject({ ok: false, error: { detail: "connection refused" } });
    stub = await StubVault.start({ certificate: "none" });
  });

  test("an answer that is not HTTP is unavailable", async () => {
    const server = net.createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    expect(await get({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      ok: false,
      error: { kind: "unavailable" },
    });
    server.close();
  });
});

describe("a kept connection that the server cuts", () => {
  /** Answers the first request of each connection, and cuts it at the second, after having read it. */
  async function cuttingServer(): Promise<{ server: http.Server; url: string; served: () => readonly string[] }> {
    const served: string[] = [];
    const seen = new WeakSet<net.Socket>();
    const server = http.createServer((request, response) => {
      served.push(request.method ?? "");
      if (seen.has(request.socket)) request.socket.resetAndDestroy();
      else response.end("{}");
      seen.add(request.socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    return { server, url: `http://127.0.0.1:${port}/`, served: () => served };
  }

  test.each([
    { method: "GET", body: undefined, isAnswered: true, sent: ["GET", "GET", "GET"] },
    { method: "POST", body: Buffer.from("{}"), isAnswered: false, sent: ["GET", "POST"] },
    { method: "POST", isRepeatable: true, body: Buffer.from("{}"), isAnswered: true, sent: ["GET", "POST", "POST"] },
  ])("a $method on it: answered is $isAnswered", async ({ method, body, isAnswered, sent, isRepeatable }) => {
    const { server, url, served } = await cuttingServer();
    const transport = transportWith({ requestTimeoutMs: 1000 });
    const request = { url, headers: {}, signal: NEVER };
    await transport.send({ ...request, method: "GET", body: undefined });
    expect((await transport.send({ ...request, method, body, ...(isRepeatable && { isRepeatable }) })).ok).toBe(
      isAnswered,
    );
    expect(served()).toEqual(sent);
    transport.destroy();
    server.closeAllConnections();
    server.close();
  });
});
