import { once } from "node:events";
import { createServer } from "node:https";
import { TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { Connection, Credentials } from "../../../src/kubernetes/connection.ts";
import { createKubernetesClient, type KubernetesClient } from "../../../src/kubernetes/rest-client.ts";
import { type FakeHandler, type FakeResponse, startFakeApiServer } from "../../support/fake-api-server.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { testTls } from "../../support/tls.ts";

const NEVER = new AbortController().signal;
const GET = { method: "GET", path: "/x" } as const;
const PATCH = { method: "PATCH", path: "/x", body: { a: 1 }, deadlineMs: 600_000 } as const;

const sayOk: FakeHandler = (request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  if (request.url.includes("watch=1")) response.write("line\n");
  else response.end("{}");
};

function clientTo(connection: Connection): { client: KubernetesClient; clock: FakeClock } {
  const clock = new FakeClock();
  const client = createKubernetesClient({ connection, clock, userAgent: "fairlead/test" });
  onTestFinished(() => client.close());
  return { client, clock };
}

function firstLine(client: KubernetesClient): Promise<string> {
  return new Promise((line) => void client.watch({ path: "/x", query: {} }, { line }, NEVER));
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("connections for calls", () => {
  test("1,000 writes at once open 16 of them, and 1,000 more open none", { timeout: 60_000 }, async () => {
    const server = await startFakeApiServer(sayOk);
    const { client } = clientTo(server.connection);
    for (const round of ["first", "second"]) {
      const writes = Array.from({ length: 1_000 }, () => client.call(PATCH, NEVER));
      expect([round, (await Promise.all(writes)).every(({ ok }) => ok)]).toEqual([round, true]);
    }
    expect([server.connections(), server.requests.length]).toEqual([16, 2_000]);
  });

  test("a call that waits for one ends at its deadline, and the next in line takes its turn", async () => {
    const waiting: FakeResponse[] = [];
    const server = await startFakeApiServer((request, response) => {
      if (request.method === "GET") waiting.push(response);
      else sayOk(request, response);
    });
    const { client, clock } = clientTo(server.connection);
    const calls = Array.from({ length: 16 }, () => client.call({ ...GET, deadlineMs: 60_000 }, NEVER));
    while (waiting.length < 16) await tick();
    const first = client.call({ ...PATCH, deadlineMs: 5_000 }, NEVER);
    const second = client.call(PATCH, NEVER);
    await tick();
    clock.advance(5_000);
    expect(await first).toMatchObject({ ok: false, error: { failure: "deadline", ambiguous: false } });
    waiting[0]?.socket.destroy();
    expect(await calls[0]).toMatchObject({ ok: false });
    expect(await second).toMatchObject({ ok: true });
    expect(server.connections()).toBe(17);
  });

  test("a server that accepts connections and says nothing takes no place for longer than 5 s", async () => {
    const server = await startFakeApiServer(sayOk);
    server.silence();
    const { client, clock } = clientTo(server.connection);
    for (let round = 1; round <= 2; round += 1) {
      const calls = Array.from({ length: 16 }, () => client.call(PATCH, NEVER));
      while (server.connections() < 16 * round) await tick();
      clock.advance(5_000);
      for (const result of await Promise.all(calls))
        expect(result).toMatchObject({ ok: false, error: { failure: "connect", ambiguous: false } });
    }
  });
});

describe("a server that falls silent", () => {
  test("cuts calls too once a watch has found out, and only those that have waited", async () => {
    const asked: FakeResponse[] = [];
    const server = await startFakeApiServer((request, response) => {
      if (request.url.includes("watch=1")) sayOk(request, response);
      else asked.push(response);
    });
    const { client, clock } = clientTo(server.connection);
    await firstLine(client);
    const [read, write] = [client.call(GET, NEVER), client.call(PATCH, NEVER)];
    while (asked.length < 2) await tick();
    server.silence();
    clock.advance(4_000);
    const late = client.call(PATCH, NEVER);
    await tick();
    clock.advance(4_000);
    expect(await read).toMatchObject({ ok: false, error: { failure: "reset", ambiguous: false } });
    expect(await write).toMatchObject({ ok: false, error: { failure: "reset", ambiguous: true } });
    clock.advance(5_000);
    expect(await late).toMatchObject({ ok: false, error: { failure: "connect", ambiguous: false } });
  });
});

describe("credentials", () => {
  const withToken = (token: string): Credentials => ({
    caPem: testTls.ca,
    clientCertificate: undefined,
    bearerToken: SecretValue.ofUtf8(token),
  });

  test("a token that was replaced is sent after a minute at the latest, by calls and watches", async () => {
    const server = await startFakeApiServer(sayOk);
    let token = "old";
    const loadCredentials = (): Promise<Credentials> => Promise.resolve(withToken(token));
    const { client, clock } = clientTo({ ...server.connection, loadCredentials });
    await client.call(GET, NEVER);
    token = "new";
    clock.advance(60_000);
    await client.call(GET, NEVER);
    await firstLine(client);
    const sent = server.requests.map(({ headers }) => headers["authorization"]);
    expect(sent).toEqual(["Bearer old", "Bearer new", "Bearer new"]);
    expect(server.connections()).toBe(2);
  });

  test("a token that the server refuses is read anew at once, and the call repeated", async () => {
    const server = await startFakeApiServer((request, response) => {
      response.writeHead(request.headers["authorization"] === "Bearer new" ? 200 : 401);
      response.end("{}");
    });
    let token = "old";
    const loadCredentials = (): Promise<Credentials> => Promise.resolve(withToken(token));
    const { client, clock } = clientTo({ ...server.connection, loadCredentials });
    expect(await client.call(GET, NEVER)).toMatchObject({ ok: false, error: { kind: "unauthorized" } });
    token = "new";
    clock.advance(1_000);
    expect(await client.call(PATCH, NEVER)).toMatchObject({ ok: true });
  });

  test("a client certificate is shown, by calls and watches", async () => {
    const seen: string[] = [];
    const { cert, key } = testTls.server;
    const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false });
    server.on("request", (request, response) => {
      const { socket, url = "" } = request;
      if (socket instanceof TLSSocket) seen.push(String(socket.getPeerCertificate().subject.CN));
      response.writeHead(200);
      if (url.includes("watch=1")) response.write("line\n");
      else response.end("{}");
    });
    await once(server.listen(0, "localhost"), "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const clientCertificate = { certPem: cert, keyPem: SecretValue.ofUtf8(key) };
    const { client } = clientTo({
      serverUrl: `https://localhost:${port}`,
      tlsServerName: undefined,
      namespace: undefined,
      inCluster: false,
      loadCredentials: () => Promise.resolve({ caPem: testTls.ca, clientCertificate, bearerToken: undefined }),
    });
    expect(await client.call(GET, NEVER)).toMatchObject({ ok: true });
    expect(await firstLine(client)).toBe("line");
    expect(seen).toEqual(["localhost", "localhost"]);
  });
});
