// Runs the operator under test against a rig: as a ServiceAccount, with nothing of the user's environment (one peer
// picked up a root token there and revoked it), its output kept by line. It ends with the process that started it.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "./free-port.ts";
import type { RigSignal } from "./guardian-protocol.ts";
import { isRecord, type JsonRecord, parseJson } from "./json.ts";
import type { ProcessExit } from "./process-table.ts";
import type { Rig } from "./rig.ts";
import { cleanEnvironment } from "./rig-site.ts";
import { waitUntil } from "./wait-until.ts";

export interface OperatorOptions {
  /** Usually of rig.serviceAccountKubeconfig(). */
  readonly kubeconfigPath: string;
  /** Further arguments, after those of the command. */
  readonly args?: readonly string[];
  /** Added to a clean environment of PATH, HOME, TMPDIR, KUBECONFIG and POD_NAME. */
  readonly env?: Readonly<Record<string, string>>;
  /** POD_NAME, and part of the process's name. Default fairlead-0. */
  readonly replicaName?: string;
  /** Program and first arguments. Default bin/fairlead run. */
  readonly command?: readonly [string, ...string[]];
  /** Arguments that make it serve /readyz and /metrics on host:port. Default --http-address. */
  readonly listenArgs?: (hostAndPort: string) => readonly string[];
}

export interface RunningOperator extends AsyncDisposable {
  readonly pid: number;
  /** http://127.0.0.1:port */
  readonly origin: string;
  /** Resolves when the process ends, by itself or not. */
  readonly exited: Promise<ProcessExit>;
  /** Lines of both outputs so far, stdout first. */
  lines(): Promise<readonly string[]>;
  /** Those lines of output that are JSON objects. */
  logs(): Promise<readonly JsonRecord[]>;
  /** Returns when /readyz answers 200. Throws with the last lines where it does not, or the process ends. Default 30,000. */
  waitReady(timeoutMs?: number): Promise<void>;
  /** Text of /metrics. */
  metrics(): Promise<string>;
  signal(signal: RigSignal): Promise<void>;
  /** Signals (default SIGTERM) and returns how it ended; kills it and throws where that takes more than 15 s. */
  stop(signal?: RigSignal): Promise<ProcessExit>;
}

interface OperatorProcess {
  readonly rig: Rig;
  readonly name: string;
  readonly pid: number;
  readonly origin: string;
  readonly outputPaths: readonly [string, string];
  readonly exited: Promise<ProcessExit>;
}

const DEFAULT_COMMAND = [join(import.meta.dirname, "../../bin/fairlead"), "run"] as const;
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
const PROBE_TIMEOUT_MS = 2000;
const SHOWN_LINES = 30;

/** Returns when the process is started, not when it is ready. */
export async function startOperator(rig: Rig, options: OperatorOptions): Promise<RunningOperator> {
  const replicaName = options.replicaName ?? "fairlead-0";
  const name = `${replicaName}-${randomUUID()}`;
  const hostAndPort = `127.0.0.1:${await findFreePort()}`;
  const [command, ...firstArgs] = options.command ?? DEFAULT_COMMAND;
  const listenArgs = options.listenArgs ?? ((address: string) => [`--http-address=${address}`]);
  const outputPaths = [join(rig.handle.directory, `${name}.out`), join(rig.handle.directory, `${name}.err`)] as const;
  const { pid, exited } = await rig.guardian.runLeased({
    name,
    command,
    args: [...firstArgs, ...listenArgs(hostAndPort), ...(options.args ?? [])],
    env: {
      ...cleanEnvironment(rig.handle.directory),
      KUBECONFIG: options.kubeconfigPath,
      POD_NAME: replicaName,
      ...options.env,
    },
    stdoutPath: outputPaths[0],
    stderrPath: outputPaths[1],
  });
  return operatorOf({ rig, name, pid, origin: `http://${hostAndPort}`, outputPaths, exited });
}

function operatorOf(running: OperatorProcess): RunningOperator {
  const lines = (): Promise<readonly string[]> => readLines(running.outputPaths);
  const stop = (signal: RigSignal = "SIGTERM"): Promise<ProcessExit> => stopOperator(running, signal);
  return {
    pid: running.pid,
    origin: running.origin,
    exited: running.exited,
    lines,
    logs: async () => (await lines()).map(parseLogLine).filter((line) => line !== undefined),
    waitReady: (timeoutMs = READY_TIMEOUT_MS) => waitReady(running, timeoutMs),
    metrics: async () =>
      (await fetch(`${running.origin}/metrics`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })).text(),
    signal: (signal) => running.rig.guardian.signal(running.name, signal),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGKILL");
    },
  };
}

async function waitReady(running: OperatorProcess, timeoutMs: number): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    const state = await running.rig.guardian.state(running.name);
    if (state.kind === "ended") {
      throw new Error(`The operator ended with ${JSON.stringify(state.exit)}`);
    }
    const status = await fetch(`${running.origin}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
      (reply) => reply.status,
      () => undefined, // Not listening yet: the next probe tells.
    );
    return status === 200 ? true : undefined;
  };
  try {
    await waitUntil("the operator is ready", probe, { timeoutMs, intervalMs: 20 });
  } catch (cause) {
    const shown = (await readLines(running.outputPaths)).slice(-SHOWN_LINES).join("\n");
    throw new Error(`The operator did not become ready:\n${shown}`, { cause });
  }
}

async function stopOperator(running: OperatorProcess, signal: RigSignal): Promise<ProcessExit> {
  const { guardian } = running.rig;
  await guardian.signal(running.name, signal);
  const ended = await Promise.race([running.exited, afterMs(STOP_TIMEOUT_MS)]);
  if (ended !== undefined) {
    return ended;
  }
  await guardian.signal(running.name, "SIGKILL");
  throw new Error(`The operator did not end within ${STOP_TIMEOUT_MS} ms of ${signal}`);
}

function afterMs(delayMs: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), delayMs).unref();
  });
}

async function readLines(paths: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

function parseLogLine(line: string): JsonRecord | undefined {
  if (!line.startsWith("{") || !line.endsWith("}")) {
    return undefined;
  }
  const parsed = parseJson(line);
  return isRecord(parsed) ? parsed : undefined;
}
