import { describe, expect, onTestFinished, test } from "vitest";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { Connection } from "../../../src/kubernetes/connection.ts";
import {
  type ClientLimits,
  createKubernetesClient,
  type KubernetesClient,
} from "../../../src/kubernetes/rest-client.ts";
import { type FakeHandler, type FakeResponse, startFakeApiServer } from "../../support/fake-api-server.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { testTls } from "../../support/tls.ts";

const NEVER = new AbortController().signal;
const GET = { method: "GET", path: "/x" } as const;
const POST = { method: "POST", path: "/x", body: { a: 1 } } as const;

function clientTo(
  connection: Connection,
  limits: Partial<ClientLimits> = {},
): { client: KubernetesClient; clock: FakeClock } {
  const clock = new FakeClock();
  const client = createKubernetesClient({ connection, clock, userAgent: "fairlead/test", limits });
  onTestFinished(() => client.close());
  return { client, clock };
}

const sayOk: FakeHandler = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end("{}");
};

/** A promise and the function that fulfils it. */
function event<T = undefined>(): { happened: Promise<T>; happen: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { happened: promise, happen: resolve };
}

describe("calls", () => {
  test("go over kept connections, with token and user agent", async () => {
    const server = await startFakeApiServer(sayOk);
    const { client } = clientTo(server.connection);
    for (let i = 0; i < 5; i += 1) expect(await client.call(POST, NEVER)).toEqual({ ok: true, value: {} });
    expect(server.connections()).toBe(1);
    expect(server.requests[0]).toMatchObject({
      method: "POST",
      url: "/x",
      body: '{"a":1}',
      headers: { authorization: "Bearer token-1", "user-agent": "fairlead/test", "content-type": "application/json" },
    });
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"] as const)(
    "bring the body of a %s inside of the request",
    async (method) => {
      const server = await startFakeApiServer(sayOk);
      const { client } = clientTo(server.connection);
      for (let i = 0; i < 2; i += 1) expect((await client.call({ ...POST, method }, NEVER)).ok).toBe(true);
      expect(server.requests.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
      expect(server.connections()).toBe(1);
    },
  );

  test("open 16 connections at most", async () => {
    const waiting: FakeResponse[] = [];
    const full = event();
    const server = await startFakeApiServer((_request, response) => {
      waiting.push(response);
      if (waiting.length === 16) full.happen(undefined);
      if (waiting.length > 16) response.end("{}");
    });
    const { client } = clientTo(server.connection);
    const calls = Array.from({ length: 40 }, () => client.call(GET, NEVER));
    await full.happened;
    for (const response of waiting) response.end("{}");
    expect((await Promise.all(calls)).every((result) => result.ok)).toBe(true);
    expect(server.connections()).toBe(16);
  });

  test("that waited for a connection are ambiguous too when it is cut under them", async () => {
    const waiting: FakeResponse[] = [];
    const full = event();
    const server = await startFakeApiServer((_request, response) => {
      waiting.push(response);
      if (waiting.length === 16) full.happen(undefined);
      if (waiting.length > 16) response.socket.destroy();
    });
    const { client } = clientTo(server.connection);
    const calls = Array.from({ length: 17 }, () => client.call(POST, NEVER));
    await full.happened;
    waiting[0]?.end("{}");
    expect(await calls[16]).toMatchObject({ ok: false, error: { failure: "reset", ambiguous: true } });
  });

  test("that reach their deadline take their connection with them", async () => {
    const asked = event();
    const server = await startFakeApiServer(() => asked.happen(undefined));
    const { client, clock } = clientTo(server.connection);
    const result = client.call({ ...POST, deadlineMs: 1_000 }, NEVER);
    await asked.happened;
    clock.advance(1_000);
    expect(await result).toMatchObject({
      ok: false,
      error: { kind: "unavailable", failure: "deadline", ambiguous: true },
    });
    await server.allClosed();
  });

  test("that are given up end at once as aborted", async () => {
    const asked = event();
    const server = await startFakeApiServer(() => asked.happen(undefined));
    const { client } = clientTo(server.connection);
    const caller = new AbortController();
    const result = client.call(POST, caller.signal);
    await asked.happened;
    caller.abort();
    expect(await result).toMatchObject({ ok: false, error: { kind: "aborted", ambiguous: true } });
    await server.allClosed();
  });

  test("give up an answer over the size cap", async () => {
    const server = await startFakeApiServer((_request, response) => {
      response.writeHead(200);
      response.write(Buffer.alloc(5_000, " "));
    });
    const { client } = clientTo(server.connection, { maxBodyBytes: 4_000 });
    expect(await client.call(GET, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "malformed", failure: "bodyTooLarge" },
    });
    await server.allClosed();
  });

  test("whose answer is cut fail as cut", async () => {
    const server = await startFakeApiServer((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      response.socket.destroy();
    });
    const { client } = clientTo(server.connection);
    expect(await client.call(POST, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "unavailable", failure: "reset", ambiguous: true },
    });
  });

  test("do not follow redirects", async () => {
    const server = await startFakeApiServer((_request, response) => {
      response.writeHead(307, { location: "https://localhost:1/elsewhere" });
      response.end();
    });
    const { client } = clientTo(server.connection);
    expect(await client.call(GET, NEVER)).toMatchObject({ ok: false, error: { kind: "malformed", status: 307 } });
  });

  test.each([
    { given: "a server of another CA", credentials: { caPem: testTls.otherCa }, failure: "tls" },
    { given: "a server whose name does not match", tlsServerName: "other.example", failure: "tls" },
    { given: "nobody there", serverUrl: "https://localhost:1", failure: "connect" },
  ])("to $given fail before anything is sent: $failure", async ({ credentials, failure, ...differing }) => {
    const server = await startFakeApiServer(sayOk, { ...(credentials && { credentials }) });
    const { client } = clientTo({ ...server.connection, ...differing });
    expect(await client.call(POST, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "unavailable", failure, ambiguous: false },
    });
    expect(server.requests).toEqual([]);
  });

  test.each([
    { method: "GET", outcome: { ok: true, value: {} } },
    { method: "POST", outcome: { ok: false, error: { failure: "reset", ambiguous: true } } },
  ] as const)("$method on a kept connection that the server cuts: $outcome", async ({ method, outcome }) => {
    let cut = false;
    const server = await startFakeApiServer((request, response) => {
      if (cut) {
        cut = false;
        response.socket.destroy();
      } else sayOk(request, response);
    });
    const { client } = clientTo(server.connection);
    await client.call(GET, NEVER);
    cut = true;
    expect(await client.call({ ...GET, method }, NEVER)).toMatchObject(outcome);
    expect(server.connections()).toBe(method === "GET" ? 2 : 1);
  });

  test("use a new connection once the CA file has changed", async () => {
    const server = await startFakeApiServer(sayOk);
    let caPem = testTls.ca;
    const loadCredentials = (): ReturnType<Connection["loadCredentials"]> =>
      Promise.resolve({ caPem, clientCertificate: undefined, bearerToken: SecretValue.ofUtf8("t") });
    const { client, clock } = clientTo({ ...server.connection, loadCredentials });
    await client.call(GET, NEVER);
    caPem = `${testTls.ca}\n${testTls.otherCa}`;
    clock.advance(60_000);
    await client.call(GET, NEVER);
    expect([server.connections(), server.requests.length]).toEqual([2, 2]);
    while (server.open() > 1) await new Promise((resolve) => setImmediate(resolve));
  });

  test("end when the client is closed", async () => {
    const asked = event();
    const server = await startFakeApiServer(() => asked.happen(undefined));
    const { client } = clientTo(server.connection);
    const result = client.call(GET, NEVER);
    await asked.happened;
    client.close();
    expect(await result).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  });
});
