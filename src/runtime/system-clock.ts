// The one Clock of the process: with main.ts the only place that reads time or sets timers. Its timers keep the
// process alive, so whoever sets one must cancel it on stop; nothing is left to end by itself.

import type { Clock, Random } from "../core/clock.ts";

/** The longest delay of setTimeout; a longer one would fire at once: nodejs.org/api/timers.html#settimeoutcallback-delay-args. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, fire) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      timer =
        leftMs > MAX_TIMER_MS ? setTimeout(() => arm(leftMs - MAX_TIMER_MS), MAX_TIMER_MS) : setTimeout(fire, leftMs);
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/** For jitter; not fit for anything that must not be guessed. */
export const systemRandom: Random = () => Math.random();

/** Tells at each call in which share of the time since the call before the event loop was busy, 0 to 1. */
export function createBusyMeter(): () => number {
  let since = performance.eventLoopUtilization();
  return () => {
    const { utilization } = performance.eventLoopUtilization(since);
    since = performance.eventLoopUtilization();
    return utilization;
  };
}
