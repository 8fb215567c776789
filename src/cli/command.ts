// Commands and how one is chosen: name, help, exit codes. What a command does is its own file's affair.

import type { ProcessIo } from "../config/process-io.ts";

/** `failed`: it ran and found trouble. `usage`: it did not run, the command line or environment is wrong. */
export const exitCode = { ok: 0, failed: 1, usage: 2 } as const;

export interface Command {
  readonly name: string;
  /** What follows the name on the command line. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` says after usage and summary; ends with a newline, or is empty. */
  readonly details: string;
  /** Returns the exit code. */
  run(args: readonly string[], io: ProcessIo): number | Promise<number>;
}

const HELP_FLAGS: readonly (string | undefined)[] = ["--help", "-h"];

/** Runs the command that `args` name. Returns the exit code. */
export async function runCommand(
  commands: readonly Command[],
  args: readonly string[],
  io: ProcessIo,
): Promise<number> {
  const [name, ...rest] = args;
  if (HELP_FLAGS.includes(name) || name === "help") {
    io.out(overview(commands));
    return exitCode.ok;
  }
  const command = commands.find((candidate) => candidate.name === (name === "--version" ? "version" : name));
  if (command === undefined) {
    return usageError(
      io,
      name === undefined ? "a command is missing" : `unknown command ${JSON.stringify(name)}`,
      "fairlead --help",
    );
  }
  if (rest.some((arg) => HELP_FLAGS.includes(arg))) {
    io.out(
      `Usage: fairlead ${command.name} ${command.usage}\n\n${command.summary}.\n${command.details && `\n${command.details}`}`,
    );
    return exitCode.ok;
  }
  return command.run(rest, io);
}

/** Says what is wrong and where to read on. Returns the exit code. */
export function usageError(io: ProcessIo, problem: string, helpCommand: string): number {
  io.err(`fairlead: ${problem}\nSee '${helpCommand}'.\n`);
  return exitCode.usage;
}

function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, usage, summary }) => [`${name} ${usage}`, summary] as const);
  return `Fairlead syncs secrets from external stores into Kubernetes Secrets.

Usage: fairlead COMMAND

Commands:
${rows.map(([synopsis, summary]) => `  ${synopsis.padEnd(24)}${summary}\n`).join("")}
'fairlead COMMAND --help' says more.

Exit codes: 0 all is well; 1 the command ran and found trouble; 2 the command line or environment is wrong;
130 and 143 ended at once by a second SIGINT or SIGTERM.
`;
}
