// Starts the parts of the process in order and stops them in reverse, within a time budget.

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { startDeadline } from "../kubernetes/deadline.ts";

export interface Component {
  readonly name: string;
  /** Resolves when the component is ready for what comes after it. Rejects when it cannot start. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends the component; must be quick once `signal` fires. Called only if `start` was. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface ManagerOptions {
  /** In order of start. */
  readonly components: readonly Component[];
  readonly clock: Clock;
  readonly log: Logger;
  /** For all stops together, milliseconds. Default 9,000: a second less than main.ts gives the process. */
  readonly stopBudgetMs?: number;
}

export interface Manager {
  /** Starts all in order. Rejects with the first failure, or when `signal` fires; what has started is then still to be stopped. */
  start(signal: AbortSignal): Promise<void>;
  /** Stops in reverse order what was started. Resolves at the latest when the budget is spent. Later calls join the first. */
  stop(): Promise<void>;
}

const STOP_BUDGET_MS = 9_000;
/** Of the budget: for components whose signal fired, and for those that stop after them (a login is revoked within 3 s). */
const LAST_MOMENTS_MS = 4_000;

export function createManager({ components, clock, log, stopBudgetMs = STOP_BUDGET_MS }: ManagerOptions): Manager {
  const started: Component[] = [];
  const stopping = new AbortController();
  let stopped: Promise<void> | undefined;

  const stopAll = async (): Promise<void> => {
    stopping.abort();
    const never = new AbortController().signal;
    const soft = startDeadline(clock, Math.max(0, stopBudgetMs - LAST_MOMENTS_MS), never);
    const hard = startDeadline(clock, stopBudgetMs, never);
    const stops: Promise<void>[] = [];
    for (const component of started.reverse()) {
      const stop = stopOne(component, soft.signal, log);
      stops.push(stop);
      await Promise.race([stop, fired(soft.signal)]);
    }
    await Promise.race([Promise.all(stops), fired(hard.signal)]);
    soft.clear();
    hard.clear();
  };

  return {
    async start(signal) {
      const either = AbortSignal.any([signal, stopping.signal]);
      either.throwIfAborted();
      for (const component of components) {
        started.push(component);
        await Promise.race([component.start(either), fired(either)]);
        either.throwIfAborted();
        log.debug("Started component", { component: component.name });
      }
    },
    stop: () => (stopped ??= stopAll()),
  };
}

async function stopOne(component: Component, signal: AbortSignal, log: Logger): Promise<void> {
  try {
    await component.stop(signal);
    log.debug("Stopped component", { component: component.name });
  } catch (error) {
    log.failure("Could not stop component", error, { component: component.name });
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
