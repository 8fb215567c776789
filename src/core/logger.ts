// The shape of a logger, for every layer. Fields take plain facts only: an object or an Error does not type-check,
// because both have carried tokens into logs elsewhere (CVE-2023-2878, CVE-2025-7445).

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** From most to least talkative. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Logger {
  /** A step ran. */
  debug(message: string, fields?: LogFields): void;
  /** A state changed. */
  info(message: string, fields?: LogFields): void;
  /** Degraded, retrying. */
  warn(message: string, fields?: LogFields): void;
  /** A person must act. */
  error(message: string, fields?: LogFields): void;
  /** An unexpected throw: logs its class, code and stack frames (never its message, which may quote a value). */
  failure(message: string, error: unknown, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  with(fields: LogFields): Logger;
}
