// The real clock, for servers that live by it, with timers that a test can have fire now: so that a deadline passes
// without waiting for it.

import type { CancelTimer, Clock } from "../../src/core/clock.ts";
import { systemClock } from "../../src/runtime/system-clock.ts";

export class PassableClock implements Clock {
  readonly #pending = new Set<{ readonly delayMs: number; readonly fire: () => void }>();

  nowMs(): number {
    return systemClock.nowMs();
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    const cancelReal = systemClock.setTimer(delayMs, () => timer.fire());
    const cancel = (): void => {
      this.#pending.delete(timer);
      cancelReal();
    };
    const timer = {
      delayMs,
      fire: () => {
        cancel();
        fire();
      },
    };
    this.#pending.add(timer);
    return cancel;
  }

  /** Fires the pending timers that were set for `delayMs`. */
  pass(delayMs: number): void {
    for (const timer of [...this.#pending]) if (timer.delayMs === delayMs) timer.fire();
  }
}
