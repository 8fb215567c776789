// A logger that keeps what was logged.

import type { LogFields, Logger } from "../../src/core/logger.ts";

export interface LoggedLine {
  readonly level: "debug" | "info" | "warn" | "error" | "failure";
  readonly message: string;
  readonly fields: LogFields;
}

export function recordingLogger(): { log: Logger; lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const logger = (own: LogFields): Logger => {
    const at =
      (level: LoggedLine["level"]) =>
      (message: string, fields: LogFields = {}) =>
        void lines.push({ level, message, fields: { ...own, ...fields } });
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      failure: (message, _error, fields) => at("failure")(message, fields),
      with: (fields) => logger({ ...own, ...fields }),
    };
  };
  return { log: logger({}), lines };
}
