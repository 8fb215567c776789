// `fairlead run`: reads the configuration and starts the operator, which is passed in: the wiring is app.ts's affair.

import { type Config, parseConfig } from "../config/config.ts";
import type { ProcessIo } from "../config/process-io.ts";
import { type Setting, settings } from "../config/settings.ts";
import { type Command, usageError } from "./command.ts";

/** Runs until `io.signal` fires, logs to `io.out`, and returns the exit code. */
export type RunOperator = (config: Config, io: ProcessIo) => Promise<number>;

export function runCommandOf(runOperator: RunOperator): Command {
  return {
    name: "run",
    usage: "[FLAGS]",
    summary: "Run the operator until SIGTERM or SIGINT",
    details: `Flags, with the environment variable that sets the same (a flag wins):\n\n${settingsHelp()}`,
    run: async (args, io) => {
      const config = parseConfig(args, io.env);
      return config.ok
        ? runOperator(config.value, io)
        : usageError(io, config.error.join("\nfairlead: "), "fairlead run --help");
    },
  };
}

/** All settings with kind, unit, range and default. */
function settingsHelp(): string {
  const all: readonly Setting<unknown>[] = Object.values(settings);
  return all
    .map(({ flag, env, kind, fallback, help }) => {
      const given = fallback === undefined ? "" : ` Default: ${kind.format(fallback)}.`;
      return (
        `  --${flag} ${kind.placeholder}`.trimEnd() +
        `  (${env})\n      ${help}\n      Must be ${kind.expected}.${given}\n`
      );
    })
    .join("\n");
}
