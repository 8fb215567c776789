// Polling with a deadline: real servers announce nothing, so somebody has to ask.
// The probe says "not yet" with undefined; whatever else it returns ends the wait, whatever it throws is passed on.
import { setTimeout as pause } from "node:timers/promises";

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Pause between two probes. Default 50. */
  readonly intervalMs?: number;
}

/** Returns the first answer of the probe that is not undefined. Throws an Error naming `what` at the deadline. */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  options: WaitOptions,
): Promise<T> {
  const deadlineMs = performance.now() + options.timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) {
      return answer;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`Waited ${options.timeoutMs} ms in vain: ${what}`);
    }
    await pause(options.intervalMs ?? 50);
  }
}
