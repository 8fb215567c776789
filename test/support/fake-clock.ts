// A clock that only a test moves. Timers fire in order of their time, each at its own time.

import type { CancelTimer, Clock } from "../../src/core/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;
  readonly #startMs: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, fire: () => void): CancelTimer {
    const timer = { atMs: this.#elapsedMs + delayMs, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Delays until each pending timer, soonest first, milliseconds. */
  pendingMs(): readonly number[] {
    return [...this.#timers].map((timer) => timer.atMs - this.#elapsedMs).sort((a, b) => a - b);
  }

  /** Moves time on by `durationMs`, firing what is due on the way, also what those timers set. */
  advance(durationMs: number): void {
    const untilMs = this.#elapsedMs + durationMs;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.fire();
    }
    this.#elapsedMs = untilMs;
  }

  /** The process is stopped meanwhile: what was due fires late, when it wakes. */
  sleep(durationMs: number): void {
    this.#elapsedMs += durationMs;
    this.advance(0);
  }

  #next(untilMs: number): Timer | undefined {
    return [...this.#timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}
