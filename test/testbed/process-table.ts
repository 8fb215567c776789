// The processes of one rig, by name: started, signalled, waited for, started again. Lives inside the guardian,
// which is their parent, so that a process id is never reused while somebody may still signal it.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Files that output is appended to; both may be the same. */
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

export interface ProcessExit {
  /** Exit code, or undefined where a signal ended the process. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

export type ProcessState =
  { readonly kind: "running"; readonly pid: number } | { readonly kind: "ended"; readonly exit: ProcessExit };

interface TableRow {
  readonly spec: ProcessSpec;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  exit: ProcessExit | undefined;
}

/** Exit code that shells use for a command which cannot be started. */
const CANNOT_START = 127;

export class ProcessTable {
  readonly #rows = new Map<string, TableRow>();

  /** Starts a process and returns its id. Throws where one of that name runs. */
  start(spec: ProcessSpec): number {
    const previous = this.#rows.get(spec.name);
    if (previous !== undefined && previous.exit === undefined) {
      throw new Error(`Process ${spec.name} runs already`);
    }
    const child = spawnInto(spec);
    const row: TableRow = { spec, child, pid: child.pid ?? 0, exited: exitOf(child), exit: undefined };
    this.#rows.set(spec.name, row);
    void row.exited.then((exit) => {
      row.exit = exit;
    });
    return row.pid;
  }

  /** Starts an ended process again, with the arguments it had. */
  startAgain(name: string): number {
    return this.start(this.#row(name).spec);
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#row(name).child.kill(signal);
  }

  waitExit(name: string): Promise<ProcessExit> {
    return this.#row(name).exited;
  }

  state(name: string): ProcessState {
    const row = this.#row(name);
    return row.exit === undefined ? { kind: "running", pid: row.pid } : { kind: "ended", exit: row.exit };
  }

  pids(): readonly number[] {
    return [...this.#rows.values()].filter((row) => row.exit === undefined).map((row) => row.pid);
  }

  /** Ends everything at once; SIGKILL also reaches processes that a test has stopped. */
  async killAll(): Promise<void> {
    const running = [...this.#rows.values()].filter((row) => row.exit === undefined);
    for (const row of running) {
      row.child.kill("SIGKILL");
    }
    await Promise.all(running.map((row) => row.exited));
  }

  #row(name: string): TableRow {
    const row = this.#rows.get(name);
    if (row === undefined) {
      throw new Error(`No process is called ${name}`);
    }
    return row;
  }
}

function spawnInto(spec: ProcessSpec): ChildProcess {
  const stdout = openSync(spec.stdoutPath, "a", 0o600);
  const stderr = openSync(spec.stderrPath, "a", 0o600);
  try {
    return spawn(spec.command, [...spec.args], {
      env: { ...spec.env },
      stdio: ["ignore", stdout, stderr],
      ...(spec.workingDirectory === undefined ? {} : { cwd: spec.workingDirectory }),
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: CANNOT_START, signal: undefined }));
    child.once("exit", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  });
}
