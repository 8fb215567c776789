// What the guardian and its clients say to each other: JSON over HTTP on a unix socket in the rig's directory,
// which only the user can enter. Types and parsers only; the two sides are guardian.ts and guardian-client.ts.
import { isRecord, listAt, optionalTextAt, textAt, valueAt } from "./json.ts";
import type { ProcessExit, ProcessSpec, ProcessState } from "./process-table.ts";

/** First and only line that the guardian prints. */
export interface GuardianGreeting {
  readonly directory: string;
  readonly socketPath: string;
  readonly pid: number;
}

export const guardianRoutes = {
  /** Body: ProcessSpec. Answer: { pid }. */
  start: "/start",
  /** Body: { name }. Answer: { pid }. */
  startAgain: "/start-again",
  /** Body: { name, signal }. */
  signal: "/signal",
  /** Body: { name }. Answer: ProcessState. */
  state: "/state",
  /** Body: { name }. Answers with ProcessExit when the process ends. */
  waitExit: "/wait-exit",
  /**
   * Body: ProcessSpec. Starts a process that lives no longer than the connection: headers with the process id come at
   * once, ProcessExit when it ends. One request for both, so that no moment exists in which nobody holds the process.
   */
  runLeased: "/run-leased",
  /** Answer: { pids }. */
  pids: "/pids",
} as const;

export const PROCESS_ID_HEADER = "x-process-id";

export function parseProcessSpec(value: unknown): ProcessSpec {
  const workingDirectory = optionalTextAt(value, "workingDirectory");
  return {
    name: textAt(value, "name"),
    command: textAt(value, "command"),
    args: listAt(value, "args").map(String),
    env: parseEnvironment(valueAt(value, "env")),
    stdoutPath: textAt(value, "stdoutPath"),
    stderrPath: textAt(value, "stderrPath"),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
  };
}

export function parseGreeting(value: unknown): GuardianGreeting {
  return {
    directory: textAt(value, "directory"),
    socketPath: textAt(value, "socketPath"),
    pid: Number(valueAt(value, "pid")),
  };
}

export function parseProcessExit(value: unknown): ProcessExit {
  const code = valueAt(value, "code");
  return { code: typeof code === "number" ? code : undefined, signal: optionalTextAt(value, "signal") };
}

export function parseProcessState(value: unknown): ProcessState {
  return textAt(value, "kind") === "running"
    ? { kind: "running", pid: Number(valueAt(value, "pid")) }
    : { kind: "ended", exit: parseProcessExit(valueAt(value, "exit")) };
}

/** Signals that tests send. */
const SIGNALS = ["SIGTERM", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGINT", "SIGHUP"] as const;
export type RigSignal = (typeof SIGNALS)[number];

export function parseSignal(value: unknown): RigSignal {
  const signal = SIGNALS.find((known) => known === value);
  if (signal === undefined) {
    throw new Error(`Unknown signal ${String(value)}`);
  }
  return signal;
}

function parseEnvironment(value: unknown): Record<string, string> {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)])) : {};
}
