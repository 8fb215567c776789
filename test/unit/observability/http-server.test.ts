import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Logger } from "../../../src/core/logger.ts";
import { createHealth } from "../../../src/observability/health.ts";
import { type HttpServer, startHttpServer } from "../../../src/observability/http-server.ts";
import { createJsonLogger } from "../../../src/observability/json-logger.ts";

const running: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

interface Given {
  readonly scrape?: () => Promise<string>;
  readonly port?: number;
}

async function started({ scrape = () => Promise.resolve("up 1\n"), port = 0 }: Given = {}) {
  const lines: string[] = [];
  const log: Logger = createJsonLogger({ write: (line) => lines.push(line), level: "debug", nowMs: () => 0 });
  const health = createHealth();
  const outcome = await startHttpServer({
    host: "127.0.0.1",
    port,
    health,
    metrics: { contentType: "text/x-metrics", scrape },
    log,
  });
  if (outcome.ok) running.push(outcome.value);
  return { outcome, health, lines };
}

async function ready(given?: Given) {
  const { outcome, ...rest } = await started(given);
  if (!outcome.ok) throw new Error(outcome.error);
  return { server: outcome.value, ...rest };
}

const fetchFrom = (server: HttpServer, path: string, method = "GET") =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method });

describe("startHttpServer", () => {
  test("logs the port that was chosen", async () => {
    const { server, lines } = await ready();
    expect(server.port).toBeGreaterThan(0);
    expect(lines.join("")).toContain(`"port":${server.port}`);
  });

  test("answers /healthz and /readyz by the checks, with 503 and the reasons when one fails", async () => {
    const { server, health } = await ready();
    health.addLivenessCheck("watches", () => undefined);
    health.addReadinessCheck("sync", () => "no list yet");
    const [live, notReady] = await Promise.all([fetchFrom(server, "/healthz"), fetchFrom(server, "/readyz?verbose")]);
    expect([live.status, await live.text()]).toEqual([200, "[+]watches ok\n"]);
    expect([notReady.status, await notReady.text()]).toEqual([503, "[-]sync failed: no list yet\n"]);
  });

  test("answers /metrics in the content type of the registry", async () => {
    const { server } = await ready();
    const answer = await fetchFrom(server, "/metrics");
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "text/x-metrics",
      "up 1\n",
    ]);
  });

  test("answers HEAD with the length and without the body", async () => {
    const { server } = await ready();
    const answer = await fetchFrom(server, "/metrics", "HEAD");
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "5", ""]);
  });

  test.each([
    { path: "/", method: "GET", status: 404 },
    { path: "/metrics/", method: "GET", status: 404 },
    { path: "/..%2fhealthz", method: "GET", status: 404 },
    { path: "/metrics", method: "POST", status: 405 },
    { path: "/healthz", method: "DELETE", status: 405 },
  ])("answers $method $path with $status", async ({ path, method, status }) => {
    const { server } = await ready();
    const answer = await fetchFrom(server, path, method);
    expect([answer.status, answer.headers.get("allow")]).toEqual([status, status === 405 ? "GET, HEAD" : null]);
  });

  test("answers 500 without details when a scrape fails, and logs the failure without its message", async () => {
    const { server, lines } = await ready({ scrape: () => Promise.reject(new TypeError("canary")) });
    const answer = await fetchFrom(server, "/metrics");
    expect([answer.status, await answer.text()]).toEqual([500, "internal error\n"]);
    expect(lines.join("")).toContain('"errorClass":"TypeError"');
    expect(lines.join("")).not.toContain("canary");
  });

  test("says in a sentence that the address is taken", async () => {
    const { server } = await ready();
    const { outcome } = await started({ port: server.port });
    expect(outcome).toEqual({ ok: false, error: `cannot listen on 127.0.0.1:${server.port} (EADDRINUSE)` });
  });

  test("refuses headers that are too long", async () => {
    const { server } = await ready();
    const answer = await fetch(`http://127.0.0.1:${server.port}/healthz`, {
      headers: { "x-long": "a".repeat(10_000) },
    });
    expect(answer.status).toBe(431);
  });
});

describe("stop", () => {
  test("ends kept-alive connections and those that never sent a request, and frees the port", async () => {
    const { server } = await ready();
    const agent = new Agent({ keepAlive: true });
    const kept = request({ port: server.port, host: "127.0.0.1", path: "/healthz", agent }).end();
    const socket = connect(server.port, "127.0.0.1");
    const connected = once(socket, "connect");
    const [response] = (await once(kept, "response")) as [NodeJS.ReadableStream];
    response.resume();
    await Promise.all([once(response, "end"), connected]);

    const ended = once(socket, "close");
    running.splice(0);
    await server.stop();
    await ended;
    agent.destroy();
    expect((await started({ port: server.port })).outcome.ok).toBe(true);
  });
});
