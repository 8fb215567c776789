// A deadline as a signal: fires when the time is over or when the caller's own signal does.

import type { Clock } from "../core/clock.ts";

export interface Deadline {
  readonly signal: AbortSignal;
  /** True once the time was over before the caller gave up. */
  readonly expired: boolean;
  /** Milliseconds left, 0 or more. */
  remainingMs(): number;
  /** Takes the time limit away; the caller's signal still counts. */
  lift(): void;
  /** Frees timer and listener. Must be called when the work is done. */
  clear(): void;
}

export function startDeadline(clock: Clock, afterMs: number, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  const endMs = clock.monotonicMs() + afterMs;
  let expired = false;
  const cancelTimer = clock.setTimer(afterMs, () => {
    expired = !controller.signal.aborted;
    controller.abort();
  });
  const onAbort = (): void => controller.abort();
  caller.addEventListener("abort", onAbort, { once: true });
  if (caller.aborted) onAbort();
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    remainingMs: () => Math.max(0, endMs - clock.monotonicMs()),
    lift: cancelTimer,
    clear() {
      cancelTimer();
      caller.removeEventListener("abort", onAbort);
    },
  };
}

/** Resolves after `delayMs`, or at once when `signal` fires. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.setTimer(delayMs, finish);
    signal.addEventListener("abort", finish, { once: true });
    if (signal.aborted) finish();
  });
}
