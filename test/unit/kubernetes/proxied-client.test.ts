import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { describeApiError } from "../../../src/kubernetes/api-error.ts";
import type { Connection } from "../../../src/kubernetes/connection.ts";
import type { Proxy } from "../../../src/kubernetes/proxy.ts";
import { createKubernetesClient, type KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import { startConnectProxy } from "../../support/connect-proxy.ts";
import { type FakeHandler, type FakeResponse, startFakeApiServer } from "../../support/fake-api-server.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { testTls } from "../../support/tls.ts";

const NEVER = new AbortController().signal;
const GET = { method: "GET", path: "/x" } as const;
const POST = { method: "POST", path: "/x", body: { a: 1 } } as const;

const sayOk: FakeHandler = (request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  if (request.url.includes("watch=1")) response.write("line\n");
  else response.end("{}");
};

function clientThrough(connection: Connection, proxy: Proxy): { client: KubernetesClient; clock: FakeClock } {
  const clock = new FakeClock();
  const client = createKubernetesClient({ connection: { ...connection, proxy }, clock, userAgent: "fairlead/test" });
  onTestFinished(() => client.close());
  return { client, clock };
}

/** Resolves with the first line of a watch; the watch goes on. */
function firstLine(client: KubernetesClient): { line: Promise<string>; end: ReturnType<KubernetesClient["watch"]> } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = client.watch({ path: "/x", query: {} }, { line: resolve }, NEVER);
  return { line: promise, end };
}

describe("through a proxy", () => {
  test.each([
    { protocol: "HTTP/2", http2: true },
    { protocol: "HTTP/1.1", http2: false },
  ])("calls and $protocol watches go through tunnels, and calls share theirs", async ({ http2 }) => {
    const server = await startFakeApiServer(sayOk, { http2 });
    const proxy = await startConnectProxy();
    const { client } = clientThrough(server.connection, proxy.proxy());
    for (let i = 0; i < 3; i += 1) expect(await client.call(POST, NEVER)).toEqual({ ok: true, value: {} });
    expect(await firstLine(client).line).toBe("line");
    const authority = new URL(server.connection.serverUrl).host;
    expect(new Set(proxy.asked)).toEqual(new Set([authority]));
    expect(server.connections()).toBe(proxy.asked.length);
    expect(server.requests.filter(({ method }) => method === "POST")).toHaveLength(3);
    client.close();
    while (proxy.open() > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("40 calls at once make 16 tunnels, and all are answered", async () => {
    const waiting: FakeResponse[] = [];
    const { promise: full, resolve: isFull } = Promise.withResolvers<undefined>();
    const server = await startFakeApiServer((_request, response) => {
      waiting.push(response);
      if (waiting.length === 16) isFull(undefined);
      if (waiting.length > 16) response.end("{}");
    });
    const proxy = await startConnectProxy();
    const { client } = clientThrough(server.connection, proxy.proxy());
    const calls = Array.from({ length: 40 }, () => client.call(GET, NEVER));
    await full;
    for (const response of waiting) response.end("{}");
    expect((await Promise.all(calls)).every((result) => result.ok)).toBe(true);
    expect(proxy.asked).toHaveLength(16);
  });

  test("shows its credentials to the proxy only", async () => {
    const server = await startFakeApiServer(sayOk);
    const proxy = await startConnectProxy({ login: "me:canary@9" });
    const { client } = clientThrough(server.connection, proxy.proxy("me:canary%409"));
    expect(await client.call(GET, NEVER)).toMatchObject({ ok: true });
    expect(JSON.stringify(server.requests)).not.toContain("proxy-authorization");
  });

  test.each([
    {
      given: "no credentials",
      proxied: { login: "me:canary-9" },
      failure: "proxyLogin",
      text: "the proxy refused (HTTP 407)",
    },
    { given: "a refusal", proxied: { refuseWith: 403 }, failure: "proxyRefused", text: "the proxy refused" },
    { given: "no way on", proxied: { refuseWith: 502 }, failure: "proxyGateway", text: "the proxy has no connection" },
  ])("given $given, calls and watches fail with: $text", async ({ proxied, failure, text }) => {
    const server = await startFakeApiServer(sayOk);
    const proxy = await startConnectProxy(proxied);
    const { client } = clientThrough(server.connection, proxy.proxy());
    for (const result of [await client.call(POST, NEVER), await firstLine(client).end]) {
      expect(result).toMatchObject({ ok: false, error: { kind: "unavailable", failure, ambiguous: false } });
      expect(result.ok ? "" : describeApiError(result.error)).toBe(text);
      expect(JSON.stringify(result)).not.toContain("canary");
    }
    expect(server.connections()).toBe(0);
  });

  test("that nobody serves, calls and watches fail with: no connection to the proxy", async () => {
    const server = await startFakeApiServer(sayOk);
    const { client } = clientThrough(server.connection, { ...(await startConnectProxy()).proxy(), port: 1 });
    for (const result of [await client.call(POST, NEVER), await firstLine(client).end]) {
      expect(result.ok ? "" : describeApiError(result.error)).toBe("no connection to the proxy");
    }
  });

  test("that never answers, a watch fails after 10 s, and calls that wait for their turn can be given up", async () => {
    const server = await startFakeApiServer(sayOk);
    const proxy = await startConnectProxy({ refuseWith: 0 });
    const { client, clock } = clientThrough(server.connection, proxy.proxy());
    const calls = Array.from({ length: 16 }, () => client.call({ ...POST, deadlineMs: 60_000 }, NEVER));
    const caller = new AbortController();
    const given = client.call(POST, caller.signal);
    const { end } = firstLine(client);
    while (proxy.asked.length < 17) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    expect(await given).toMatchObject({ ok: false, error: { kind: "aborted", ambiguous: false } });
    clock.advance(10_000);
    for (const result of [...(await Promise.all(calls)), await end]) {
      expect(result).toMatchObject({ ok: false, error: { failure: "proxyConnect", ambiguous: false } });
    }
  });

  test("a server of another CA fails as TLS, and leaves no tunnel", async () => {
    const server = await startFakeApiServer(sayOk, { credentials: { caPem: testTls.otherCa } });
    const proxy = await startConnectProxy();
    const { client } = clientThrough(server.connection, proxy.proxy());
    expect(await client.call(POST, NEVER)).toMatchObject({ ok: false, error: { failure: "tls", ambiguous: false } });
    expect(await firstLine(client).end).toMatchObject({ ok: false, error: { failure: "tls" } });
    while (proxy.open() > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests).toEqual([]);
  });

  test("a tunnel that is cut cuts what it carries, and the next call makes a new one", async () => {
    const { promise: asked, resolve: wasAsked } = Promise.withResolvers<undefined>();
    let silent = true;
    const server = await startFakeApiServer((request, response) => {
      if (silent && request.method === "POST") wasAsked(undefined);
      else sayOk(request, response);
    });
    const proxy = await startConnectProxy();
    const { client } = clientThrough(server.connection, proxy.proxy());
    const watch = firstLine(client);
    await watch.line;
    const call = client.call(POST, NEVER);
    await asked;
    proxy.cut();
    expect(await call).toMatchObject({ ok: false, error: { failure: "reset", ambiguous: true } });
    expect(await watch.end).toMatchObject({ ok: false, error: { failure: "reset" } });
    silent = false;
    expect(await client.call(POST, NEVER)).toMatchObject({ ok: true });
  });

  test("with https:// speaks TLS with the proxy too, if Node trusts its CA", async () => {
    const server = await startFakeApiServer(sayOk);
    const proxy = await startConnectProxy({ tls: true, login: "me:word" });
    const { client } = clientThrough(server.connection, proxy.proxy("me:word"));
    const untrusted = await client.call(GET, NEVER);
    expect(untrusted.ok ? "" : describeApiError(untrusted.error)).toBe("no connection to the proxy");
    const trusted = getCACertificates("default");
    onTestFinished(() => setDefaultCACertificates(trusted));
    setDefaultCACertificates([...trusted, testTls.ca]);
    expect(await client.call(GET, NEVER)).toMatchObject({ ok: true });
    expect(await firstLine(client).line).toBe("line");
    expect(proxy.asked).toHaveLength(2);
  });
});
