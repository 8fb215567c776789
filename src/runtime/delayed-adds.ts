// Adds that are still to come: at most one per key, the earliest that was asked for.

import type { CancelTimer, Clock } from "../core/clock.ts";

interface DelayedAdd {
  readonly dueMs: number;
  readonly cancel: CancelTimer;
}

export interface DelayedAdds {
  /** Adds the key later; it then yields so long to others. */
  schedule(key: string, delayMs: number, yieldMs: number): void;
  cancel(key: string): void;
  cancelAll(): void;
}

export function createDelayedAdds(clock: Clock, add: (key: string, yieldMs: number) => void): DelayedAdds {
  const byKey = new Map<string, DelayedAdd>();
  const cancel = (key: string): void => {
    byKey.get(key)?.cancel();
    byKey.delete(key);
  };
  return {
    schedule(key, delayMs, yieldMs) {
      const dueMs = clock.monotonicMs() + delayMs;
      const earlier = byKey.get(key);
      if (earlier !== undefined && earlier.dueMs <= dueMs) return;
      cancel(key);
      const fire = (): void => {
        byKey.delete(key);
        add(key, yieldMs);
      };
      byKey.set(key, { dueMs, cancel: clock.setTimer(delayMs, fire) });
    },
    cancel,
    cancelAll() {
      for (const key of [...byKey.keys()]) cancel(key);
    },
  };
}
