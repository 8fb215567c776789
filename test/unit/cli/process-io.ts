// A process for commands under test: collects what they print.

import type { ProcessIo } from "../../../src/config/process-io.ts";

export interface RecordedIo extends ProcessIo {
  readonly printed: { out: string; err: string };
}

export function recordedIo(given: Partial<Pick<ProcessIo, "env" | "readInput" | "signal">> = {}): RecordedIo {
  const printed = { out: "", err: "" };
  return {
    env: {},
    readInput: () => Promise.resolve(""),
    signal: new AbortController().signal,
    answerRejections: () => undefined,
    ...given,
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
    printed,
  };
}
