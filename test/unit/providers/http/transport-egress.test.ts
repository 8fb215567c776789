// Where the transport goes and where not: proxies, refused addresses, client certificates, against real sockets.

import { once } from "node:events";
import https from "node:https";
import { type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import type { HttpRequest } from "../../../../src/providers/http/http-message.ts";
import type { Transport, TransportOptions } from "../../../../src/providers/http/transport.ts";
import { startConnectProxy } from "../../../support/connect-proxy.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { silence, StubVault } from "../../../support/stub-vault.ts";
import { testEgress } from "../../../support/test-egress.ts";
import { testTls } from "../../../support/tls.ts";
import { transportWith } from "../../../support/transport-rig.ts";

const NEVER = new AbortController().signal;

function transportOf(options: Partial<TransportOptions>): Transport {
  const transport = transportWith({ ca: testTls.ca, ...options });
  onTestFinished(() => transport.destroy());
  return transport;
}

function get(url: string, overrides: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", url, headers: {}, body: undefined, signal: NEVER, ...overrides };
}

let stub: StubVault;
beforeEach(async () => {
  stub = await StubVault.start();
});
afterEach(() => stub.close());

describe("through a proxy", () => {
  test("requests share a tunnel, TLS with the server is checked in it, and no request is sent elsewhere", async () => {
    const proxy = await startConnectProxy();
    const transport = transportOf({ egress: testEgress({ proxyFor: () => proxy.proxy() }) });
    for (const path of ["a", "b"]) {
      expect(await transport.send(get(`${stub.url}/v1/${path}`))).toMatchObject({ ok: true, value: { status: 403 } });
    }
    expect(proxy.asked).toEqual([`localhost:${stub.port}`]);
    expect(stub.requests.map(({ path }) => path)).toEqual(["a", "b"]);
  });

  test("the server's certificate must be the store's, and for the host that was asked for", async () => {
    const proxy = await startConnectProxy();
    const egress = testEgress({ proxyFor: () => proxy.proxy() });
    const strange = transportOf({ egress, ca: testTls.otherCa });
    const answer = await strange.send(get(`${stub.url}/v1/a`));
    expect(answer.ok || answer.error.detail).toContain("not signed by a trusted authority");
    const named = await transportOf({ egress }).send(get(`https://127.0.0.1:${stub.port}/v1/a`));
    expect(named.ok || named.error.detail).toContain("for another host name");
    expect(stub.requests).toEqual([]);
  });

  test("an http:// server is reached by a tunnel as well", async () => {
    const plain = await StubVault.start({ certificate: "none" });
    onTestFinished(() => plain.close());
    const proxy = await startConnectProxy();
    const egress = testEgress({ allowInsecureHttp: true, proxyFor: () => proxy.proxy() });
    expect(await transportOf({ egress }).send(get(`${plain.url}/v1/a`))).toMatchObject({ ok: true });
    expect(proxy.asked).toEqual([`localhost:${plain.port}`]);
  });

  test("each server goes the way that is its own", async () => {
    const proxy = await startConnectProxy();
    const other = await StubVault.start();
    onTestFinished(() => other.close());
    const proxyFor = (url: URL) => (url.port === String(stub.port) ? proxy.proxy() : undefined);
    const transport = transportOf({ egress: testEgress({ proxyFor }) });
    for (const url of [stub.url, other.url]) expect((await transport.send(get(`${url}/v1/a`))).ok).toBe(true);
    expect(proxy.asked).toEqual([`localhost:${stub.port}`]);
  });

  test("the proxy's own credentials are sent to it alone", async () => {
    const proxy = await startConnectProxy({ login: "me:word-1" });
    const egress = testEgress({ proxyFor: () => proxy.proxy("me:word-1") });
    const sent = get(`${stub.url}/v1/a`, { headers: { "X-Vault-Token": "t" } });
    expect((await transportOf({ egress }).send(sent)).ok).toBe(true);
    expect(stub.requests).toMatchObject([{ token: "t" }]);
  });

  test.each([
    { given: "asks for other credentials", options: { login: "me:word-1" }, detail: "the proxy asks for credentials" },
    { given: "refuses", options: { refuseWith: 403 }, detail: "the proxy refused the connection" },
    { given: "cannot reach it", options: { refuseWith: 502 }, detail: "the proxy could not reach the server" },
  ])("a proxy that $given: unavailable, and the server hears nothing", async ({ options, detail }) => {
    const proxy = await startConnectProxy(options);
    const answer = await transportOf({ egress: testEgress({ proxyFor: () => proxy.proxy() }) }).send(get(stub.url));
    expect(answer).toMatchObject({ ok: false, error: { kind: "unavailable" } });
    expect(answer.ok || answer.error.detail).toContain(detail);
    expect(stub.requests).toEqual([]);
  });

  test("a proxy that says nothing ends at the deadline of the request", async () => {
    const proxy = await startConnectProxy({ refuseWith: 0 });
    const clock = new FakeClock();
    const egress = testEgress({ proxyFor: () => proxy.proxy() });
    const answer = transportOf({ egress, clock, requestTimeoutMs: 2_000 }).send(get(stub.url));
    clock.advance(2_000);
    expect(await answer).toMatchObject({ ok: false, error: { detail: "no answer within 2 s" } });
  });

  test("the end of the transport ends its tunnels", async () => {
    const proxy = await startConnectProxy();
    stub.faults.set("a", silence);
    const transport = transportOf({ egress: testEgress({ proxyFor: () => proxy.proxy() }) });
    const arrival = stub.arrival("a");
    const answer = transport.send(get(`${stub.url}/v1/a`));
    await arrival;
    expect(proxy.open()).toBe(1);
    transport.destroy();
    expect((await answer).ok).toBe(false);
    await expect.poll(() => proxy.open()).toBe(0);
  });
});

describe("refused servers", () => {
  test.each([
    { url: "https://169.254.169.254/latest", says: "link-local or metadata address" },
    { url: "https://[fe80::1]:8200/", says: "link-local or metadata address" },
    { url: "https://[::ffff:169.254.169.254]/", says: "link-local or metadata address" },
    { url: "https://metadata.google.internal/", says: "link-local or metadata address" },
    { url: "http://vault.example/", says: "must be asked by https://" },
    { url: "ftp://vault.example/", says: "no http:// or https:// URL" },
    { url: "vault.example", says: "no URL" },
  ])("$url: invalidConfig, also where a proxy would resolve the name", async ({ url, says }) => {
    const proxy = await startConnectProxy();
    const answer = await transportOf({ egress: testEgress({ proxyFor: () => proxy.proxy() }) }).send(get(url));
    expect(answer).toMatchObject({ ok: false, error: { kind: "invalidConfig" } });
    expect(answer.ok || answer.error.detail).toContain(says);
    expect(proxy.asked).toEqual([]);
  });

  test("a name that resolves to a refused address is unavailable, and nothing is sent", async () => {
    const allowsAddress = (host: string): boolean => !["127.0.0.1", "::1"].includes(host);
    const answer = await transportOf({ egress: testEgress({ allowsAddress }) }).send(get(`${stub.url}/v1/a`));
    expect(answer).toMatchObject({ ok: false, error: { kind: "unavailable" } });
    expect(answer.ok || answer.error.detail).toContain("resolves to a link-local or metadata address");
    expect(stub.requests).toEqual([]);
  });
});

test("a redirect is an answer like others: nothing follows it", async () => {
  stub.faults.set("a", (response) => response.writeHead(307, { Location: `${stub.url}/v1/b` }).end());
  const answer = await transportOf({}).send(get(`${stub.url}/v1/a`));
  expect(answer).toMatchObject({ ok: true, value: { status: 307, headers: { location: `${stub.url}/v1/b` } } });
  expect(stub.requests).toHaveLength(1);
});

test("a client certificate is shown to a server that asks for it", async () => {
  const server = https.createServer({ ...testTls.server, requestCert: true, rejectUnauthorized: false });
  let shown: string | undefined;
  server.on("secureConnection", (socket: TLSSocket) => {
    shown = socket.getPeerX509Certificate()?.toString().trim();
  });
  server.on("request", (_request, response) => response.end("{}"));
  server.listen(0, "localhost");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const clientCertificate = { certPem: testTls.server.cert, keyPem: SecretValue.ofUtf8(testTls.server.key) };
  const answer = await transportOf({ clientCertificate }).send(get(`https://localhost:${port}/`));
  expect(answer).toMatchObject({ ok: true, value: { status: 200 } });
  expect(shown).toBe(testTls.server.cert.trim());
});
