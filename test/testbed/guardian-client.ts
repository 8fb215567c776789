// The two ends of a guardian that a rig uses: spawning one, and asking it to run processes.
// Any process that knows the socket may ask; only the one that spawned it holds the pipe whose end is everybody's end.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import {
  type GuardianGreeting,
  guardianRoutes,
  PROCESS_ID_HEADER,
  parseGreeting,
  parseProcessExit,
  parseProcessState,
  type RigSignal,
} from "./guardian-protocol.ts";
import { listAt, optionalTextAt, parseJson, valueAt } from "./json.ts";
import type { ProcessExit, ProcessSpec, ProcessState } from "./process-table.ts";

export interface GuardianConnection {
  /** Starts a process that lives as long as the rig. Returns its id. */
  start(spec: ProcessSpec): Promise<number>;
  startAgain(name: string): Promise<number>;
  signal(name: string, signal: RigSignal): Promise<void>;
  state(name: string): Promise<ProcessState>;
  waitExit(name: string): Promise<ProcessExit>;
  /** Starts a process that lives no longer than the caller's process and the rig. */
  runLeased(spec: ProcessSpec): Promise<LeasedProcess>;
  /** Ids of all running processes of the rig, without the guardian's own. */
  pids(): Promise<readonly number[]>;
}

export interface LeasedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
}

export interface SpawnedGuardian {
  readonly greeting: GuardianGreeting;
  /** Ends all processes, removes the directory, and returns when the guardian is gone. */
  stop(): Promise<void>;
}

/** Node prints a warning for stripped types on some versions; it belongs nowhere in a test's output. */
const QUIET = "--disable-warning=ExperimentalWarning";

export async function spawnGuardian(): Promise<SpawnedGuardian> {
  const script = join(import.meta.dirname, "guardian.ts");
  // Detached: Ctrl-C in a terminal reaches the starter only, which may still want to ask its servers something.
  const child = spawn(process.execPath, [QUIET, script], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
  const greeting = await readGreeting(child);
  unrefAll(child);
  return {
    greeting,
    stop: async () => {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
      child.ref();
      child.stdin.end();
      await gone;
    },
  };
}

export function connectGuardian(socketPath: string): GuardianConnection {
  const ask = (route: string, body: object): Promise<unknown> => askGuardian(socketPath, route, body);
  return {
    start: async (spec) => Number(valueAt(await ask(guardianRoutes.start, spec), "pid")),
    startAgain: async (name) => Number(valueAt(await ask(guardianRoutes.startAgain, { name }), "pid")),
    signal: async (name, signal) => {
      await ask(guardianRoutes.signal, { name, signal });
    },
    state: async (name) => parseProcessState(await ask(guardianRoutes.state, { name })),
    waitExit: async (name) => parseProcessExit(await ask(guardianRoutes.waitExit, { name })),
    runLeased: (spec) => runLeased(socketPath, spec),
    pids: async () => listAt(await ask(guardianRoutes.pids, {}), "pids").map(Number),
  };
}

async function readGreeting(child: ChildProcess): Promise<GuardianGreeting> {
  if (child.stdout === null) {
    throw new Error("The guardian has no stdout");
  }
  for await (const line of createInterface({ input: child.stdout })) {
    return parseGreeting(parseJson(line));
  }
  throw new Error("The guardian ended before it was ready");
}

/** The guardian must not keep its starter alive: its end is what the guardian waits for. */
function unrefAll(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) {
    if (stream instanceof Socket) {
      stream.unref();
    }
  }
}

async function runLeased(socketPath: string, spec: ProcessSpec): Promise<LeasedProcess> {
  const reply = await openReply(socketPath, guardianRoutes.runLeased, spec);
  const pid = reply.headers[PROCESS_ID_HEADER];
  if (pid === undefined) {
    throw refusal(guardianRoutes.runLeased, parseJson(await text(reply)));
  }
  const exited = text(reply).then(
    (body) => parseProcessExit(parseJson(body)),
    (): ProcessExit => ({ code: undefined, signal: "SIGKILL" }), // The guardian is gone, and with it what it ran.
  );
  return { pid: Number(pid), exited };
}

async function askGuardian(socketPath: string, route: string, body: object): Promise<unknown> {
  const reply = await openReply(socketPath, route, body);
  const answer = parseJson(await text(reply));
  if (reply.statusCode !== 200) {
    throw refusal(route, answer);
  }
  return answer;
}

/** The reply as soon as its headers are there. */
function openReply(socketPath: string, route: string, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: route, method: "POST", agent: false }, resolve)
      .on("error", (cause) => reject(new Error(`The guardian did not answer ${route}`, { cause })))
      .end(JSON.stringify(body));
  });
}

function refusal(route: string, answer: unknown): Error {
  return new Error(`The guardian refused ${route}: ${optionalTextAt(answer, "error") ?? "it is ending"}`);
}
