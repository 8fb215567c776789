// Time and randomness as parameters: nothing below `main.ts` and `runtime/system-clock.ts` reads them itself.

export interface Clock {
  /** Wall clock, milliseconds since 1970. For timestamps that people read; it may jump. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never jumps. For intervals, backoff and deadlines. */
  monotonicMs(): number;
  /** Calls `fire` once after `delayMs` (0 or more). The returned function cancels, and may be called at any time. */
  setTimer(delayMs: number, fire: () => void): CancelTimer;
}

export type CancelTimer = () => void;

/** A number in [0, 1). */
export type Random = () => number;
