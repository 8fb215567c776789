// Metrics that nobody reads and a logger that only listens for what must never be logged.

import type { Logger } from "../../src/core/logger.ts";
import { createMetrics, type Metrics } from "../../src/observability/metrics.ts";

/** Can be called and asked for any member, and is always itself. */
const quiet: unknown = new Proxy(() => quiet, { get: () => quiet });

export const silentMetrics: Metrics = new Proxy(createMetrics("simulation"), { get: () => quiet });

export interface Listener {
  /** A part of the operator threw what nobody had expected. */
  readonly onThrow: (message: string, error: unknown) => void;
  /** For a replay: every line. */
  readonly onLine: ((text: string) => void) | undefined;
}

export function listeningLogger({ onThrow, onLine }: Listener): Logger {
  const line = (message: string, fields?: object): void => onLine?.(`${message} ${JSON.stringify(fields ?? {})}`);
  const log: Logger = {
    ...{ debug: line, info: line, warn: line, error: line },
    failure: onThrow,
    with: () => log,
  };
  return log;
}
