// The entry point: arguments, environment, streams and signals become a command and its exit code. The only file that
// touches `process`; the only importer of app.ts, which is loaded when the operator is really to run.

import { text } from "node:stream/consumers";
import { runCommand } from "./cli/command.ts";
import { runCommandOf } from "./cli/run.ts";
import { validateCommand } from "./cli/validate.ts";
import { versionCommand } from "./cli/version.ts";
import type { ProcessIo } from "./config/process-io.ts";
import { createJsonLogger } from "./observability/json-logger.ts";

/** Kubernetes sends SIGKILL 30 s after SIGTERM; we promise 10 s (issue: "SIGTERM stops cleanly within 10 s"). */
const STOP_BUDGET_MS = 10_000;

const log = createJsonLogger({ write: writeError, level: "error", nowMs: Date.now });

let answerRejection: (error: unknown) => boolean = () => false;
process.on("uncaughtException", (error) => exitAfter("Ended by an uncaught exception", error));
process.on("unhandledRejection", (reason) => {
  if (!answerRejection(reason)) exitAfter("Ended by an unhandled rejection", reason);
});
for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedPipe);

let stopSignal: AbortSignal | undefined;
const io: ProcessIo = {
  env: process.env,
  out: (output) => void process.stdout.write(output),
  err: writeError,
  readInput: () => text(process.stdin),
  // Commands that do not ask for it keep the default: a signal ends them at once.
  get signal() {
    stopSignal ??= abortOnSignals();
    return stopSignal;
  },
  answerRejections: (answer) => void (answerRejection = answer),
};
const commands = [
  runCommandOf(async (config, operatorIo) => (await import("./app.ts")).runOperator(config, operatorIo)),
  validateCommand,
  versionCommand,
];
const code = await runCommand(commands, process.argv.slice(2), io);
// Exit as soon as the output is out, whatever a library still keeps open.
process.stdout.write("", () => process.exit(code));

function writeError(output: string): void {
  process.stderr.write(output);
}

function exitAfter(message: string, error: unknown): never {
  log.failure(message, error);
  process.exit(1);
}

function giveUp(): never {
  log.error("Did not stop in time", { budgetMs: STOP_BUDGET_MS });
  process.exit(1);
}

/** Nobody reads any more (`fairlead validate … | head`): the work goes on, and its exit code still counts. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** The first signal asks for a clean end, the second ends at once. */
function abortOnSignals(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (exitCodeNow: number): void => {
    if (stop.signal.aborted) process.exit(exitCodeNow);
    setTimeout(giveUp, STOP_BUDGET_MS).unref();
    stop.abort();
  };
  process.on("SIGINT", () => onSignal(130));
  process.on("SIGTERM", () => onSignal(143));
  return stop.signal;
}
