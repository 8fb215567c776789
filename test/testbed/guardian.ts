// The guardian: one process per rig that owns the rig's directory and is the parent of all its servers.
// It ends them and removes the directory when it is told to, or when its stdin closes: the kernel closes that pipe
// whatever way its starter ended, SIGKILL included. It knows nothing about what it runs.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import {
  type GuardianGreeting,
  guardianRoutes,
  PROCESS_ID_HEADER,
  parseProcessSpec,
  parseSignal,
} from "./guardian-protocol.ts";
import { parseJson, textAt, valueAt } from "./json.ts";
import { type ProcessExit, type ProcessSpec, ProcessTable } from "./process-table.ts";

type RouteHandler = (body: unknown, response: ServerResponse) => unknown;

const JSON_HEADERS = { "content-type": "application/json", connection: "close" } as const;

const table = new ProcessTable();
const directory = await mkdtemp(join(tmpdir(), "fairlead-rig-"));
let ending: Promise<void> | undefined;

const handlers: Readonly<Record<string, RouteHandler>> = {
  [guardianRoutes.start]: (body) => ({ pid: table.start(parseProcessSpec(body)) }),
  [guardianRoutes.startAgain]: (body) => ({ pid: table.startAgain(textAt(body, "name")) }),
  [guardianRoutes.signal]: (body) => {
    table.signal(textAt(body, "name"), parseSignal(valueAt(body, "signal")));
    return {};
  },
  [guardianRoutes.state]: (body) => table.state(textAt(body, "name")),
  [guardianRoutes.waitExit]: (body) => table.waitExit(textAt(body, "name")),
  [guardianRoutes.runLeased]: (body, response) => runLeased(parseProcessSpec(body), response),
  [guardianRoutes.pids]: () => ({ pids: table.pids() }),
};

function runLeased(spec: ProcessSpec, response: ServerResponse): Promise<ProcessExit> {
  const pid = table.start(spec);
  if (response.destroyed) {
    endLease(spec.name, response);
  }
  response.once("close", () => endLease(spec.name, response));
  response.writeHead(200, { ...JSON_HEADERS, [PROCESS_ID_HEADER]: pid }).flushHeaders();
  return table.waitExit(spec.name);
}

/** The connection is gone. Unless that is because the process has ended, its holder has. */
function endLease(name: string, response: ServerResponse): void {
  if (!response.writableEnded && table.state(name).kind === "running") {
    table.signal(name, "SIGKILL");
  }
}

function end(): Promise<void> {
  ending ??= table.killAll().then(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return ending;
}

function endAndExit(): void {
  void end().finally(() => process.exit(0));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const handler = handlers[request.url ?? ""];
  const body = parseJson(await text(request));
  if (handler === undefined || ending !== undefined) {
    response.writeHead(404, JSON_HEADERS).end("{}");
    return;
  }
  const result = await handler(body, response);
  if (!response.headersSent) {
    response.writeHead(200, JSON_HEADERS);
  }
  response.end(JSON.stringify(result));
}

process.stdin.on("end", endAndExit).on("close", endAndExit).on("error", endAndExit).resume();
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, endAndExit);
}
process.on("uncaughtException", endAndExit);

const socketPath = join(directory, "guardian.sock");
const server = createServer({ requestTimeout: 0 }, (request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(400, JSON_HEADERS).end(JSON.stringify({ error: String(error) }));
  });
});
server.listen(socketPath, () => {
  const greeting: GuardianGreeting = { directory, socketPath, pid: process.pid };
  process.stdout.write(`${JSON.stringify(greeting)}\n`);
});
