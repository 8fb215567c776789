// The HTTP endpoint for probes and metrics: /healthz, /readyz, /metrics, by GET and HEAD. It reads no body, keeps slow
// clients short, and says nothing about secrets: what it prints is made by health.ts and metrics.ts.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "../core/logger.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { Health, HealthReport } from "./health.ts";
import type { Metrics } from "./metrics.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0: a free port is chosen. */
  readonly port: number;
  readonly health: Pick<Health, "liveness" | "readiness">;
  readonly metrics: Pick<Metrics, "contentType" | "scrape">;
  readonly log: Logger;
}

export interface HttpServer {
  readonly port: number;
  /** Stops listening and ends every connection, kept-alive ones too. */
  stop(): Promise<void>;
}

/** Probes and scrapers send their few headers at once; whoever does not is cut off. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
};
const MAX_CONNECTIONS = 64;

/** Fails with a sentence if the address cannot be used. */
export async function startHttpServer(options: HttpServerOptions): Promise<Result<HttpServer, string>> {
  const server = createServer(limits, (request, response) => {
    answer(options, request).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        options.log.failure("Could not answer HTTP request", error);
        send(response, { status: 500, body: "internal error\n" });
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(options.port, options.host);
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "error";
    return failed(`cannot listen on ${options.host}:${options.port} (${code})`);
  }
  const port = portOf(server, options.port);
  options.log.info("Listening for probes and metrics", { host: options.host, port });
  return ok({ port, stop: () => stop(server) });
}

function portOf(server: Server, fallback: number): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : fallback;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly allow?: string;
}

async function answer({ health, metrics }: HttpServerOptions, request: IncomingMessage): Promise<Reply> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return { status: 405, body: "method not allowed\n", allow: "GET, HEAD" };
  const [path = ""] = (request.url ?? "").split("?", 1);
  switch (path) {
    case "/healthz":
      return healthReply(health.liveness());
    case "/readyz":
      return healthReply(health.readiness());
    case "/metrics":
      return { status: 200, body: await metrics.scrape(), contentType: metrics.contentType };
    default:
      return { status: 404, body: "not found\n" };
  }
}

function healthReply(report: HealthReport): Reply {
  return { status: report.ok ? 200 : 503, body: report.text };
}

/** Node itself leaves the body out of an answer to HEAD. */
function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, {
    "content-type": reply.contentType ?? "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
  });
  response.end(reply.body);
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
