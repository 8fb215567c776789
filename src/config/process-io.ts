// What a command may use of the process it runs in. Only main.ts makes one; tests make their own.

import type { Environment } from "./config.ts";

export interface ProcessIo {
  readonly env: Environment;
  /** Writes text to standard output. Never throws, also when nobody reads any more. */
  readonly out: (text: string) => void;
  /** The same to standard error. */
  readonly err: (text: string) => void;
  /** All of standard input, as UTF-8 text. */
  readonly readInput: () => Promise<string>;
  /** Fires at the first SIGTERM or SIGINT: end cleanly, within 10 s. */
  readonly signal: AbortSignal;
  /** Called in the asynchronous context of each rejected promise that nobody handles. False: the process must end. */
  readonly answerRejections: (answer: (error: unknown) => boolean) => void;
}
