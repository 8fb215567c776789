// The logger: one JSON object per line, `ts`, `level`, `msg`, then the fields. It prints text, numbers and booleans
// only; of an error it prints what cannot hold a value (class, code, stack frames), never its message or properties.

import { type LogFields, type Logger, type LogLevel, logLevels } from "../core/logger.ts";

export interface JsonLoggerOptions {
  /** Takes one line, newline included. Must not throw. */
  readonly write: (line: string) => void;
  /** Lines below this level are dropped. */
  readonly level: LogLevel;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Facts about what runs now, for each line; a field of the line itself wins. */
  readonly context?: () => LogFields | undefined;
}

export function createJsonLogger(options: JsonLoggerOptions, own: LogFields = {}): Logger {
  const threshold = logLevels.indexOf(options.level);
  const log = (level: LogLevel, msg: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(level) < threshold) return;
    const reserved = { ts: new Date(options.nowMs()).toISOString(), level, msg };
    options.write(jsonLine({ ...reserved, ...options.context?.(), ...own, ...fields, ...reserved }));
  };
  return {
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
    failure: (message, error, fields) => log("error", message, { ...fields, ...errorFacts(error) }),
    with: (fields) => createJsonLogger(options, { ...own, ...fields }),
  };
}

/** Control characters that JSON leaves as they are: DEL and C1 steer terminals, U+2028 and U+2029 break lines. */
const UNESCAPED_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** The types allow plain facts only; whatever a cast brought here nevertheless is dropped, and not asked for its JSON. */
function jsonLine(fields: LogFields): string {
  const text = JSON.stringify(Object.fromEntries(Object.entries(fields).filter(([, value]) => isFact(value))));
  return `${text.replace(UNESCAPED_CONTROLS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

function isFact(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const ERROR_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const STACK_FRAME = /^ {4}at .+$/;

function errorFacts(error: unknown): LogFields {
  if (!(error instanceof Error)) return { errorClass: typeof error };
  return { errorClass: className(error), errorCode: errorCode(error), stack: stackFrames(error), cause: causes(error) };
}

function className(error: Error): string {
  const name = error.constructor.name;
  return CLASS_NAME.test(name) ? name : "Error";
}

/** Node's codes (`ECONNRESET`) and HTTP statuses. Any other text or type could be somebody's data. */
function errorCode(error: Error): string | number | undefined {
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "number") return code;
  return typeof code === "string" && ERROR_CODE.test(code) ? code : undefined;
}

/** Only what follows the message, which may span lines; nothing if the stack does not hold the message any more. */
function stackFrames(error: Error): string | undefined {
  const stack = error.stack ?? "";
  const header = stack.indexOf(error.message);
  if (header < 0) return undefined;
  const lines = stack.slice(header + error.message.length).split("\n");
  return (
    lines
      .filter((line) => STACK_FRAME.test(line))
      .map((line) => line.trim())
      .join("\n") || undefined
  );
}

const MAX_CAUSES = 3;

/** Classes and codes of the causes, outermost first, such as `TypeError < Error ECONNREFUSED`. */
function causes(error: Error): string | undefined {
  const found: string[] = [];
  for (let cause = error.cause; cause instanceof Error && found.length < MAX_CAUSES; cause = cause.cause) {
    found.push([className(cause), errorCode(cause)].filter((part) => part !== undefined).join(" "));
  }
  return found.join(" < ") || undefined;
}
