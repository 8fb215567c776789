// Adds that are still to come: at most one per key, the earliest that was asked for.

import type { CancelTimer, Clock } from "../core/clock.ts";
import type { Lane } from "./work-queue.ts";

interface DelayedAdd {
  readonly dueMs: number;
  readonly cancel: CancelTimer;
}

export interface DelayedAdds {
  schedule(key: string, delayMs: number, lane: Lane): void;
  cancel(key: string): void;
  cancelAll(): void;
}

export function createDelayedAdds(clock: Clock, add: (key: string, lane: Lane) => void): DelayedAdds {
  const byKey = new Map<string, DelayedAdd>();
  const cancel = (key: string): void => {
    byKey.get(key)?.cancel();
    byKey.delete(key);
  };
  return {
    schedule(key, delayMs, lane) {
      const dueMs = clock.monotonicMs() + delayMs;
      const earlier = byKey.get(key);
      if (earlier !== undefined && earlier.dueMs <= dueMs) return;
      cancel(key);
      const fire = (): void => {
        byKey.delete(key);
        add(key, lane);
      };
      byKey.set(key, { dueMs, cancel: clock.setTimer(delayMs, fire) });
    },
    cancel,
    cancelAll() {
      for (const key of [...byKey.keys()]) cancel(key);
    },
  };
}
