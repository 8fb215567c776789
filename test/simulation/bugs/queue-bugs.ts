// Bugs of the queue and its workers.

import type { WorkQueue } from "../../../src/runtime/work-queue.ts";

/** The queue as it is, to be spread and overridden: its own members are a class's. */
function membersOf(queue: WorkQueue): WorkQueue {
  return {
    add: (key, lane) => queue.add(key, lane),
    addAfter: (key, delayMs, lane) => queue.addAfter(key, delayMs, lane),
    retry: (key, delay) => queue.retry(key, delay),
    resetFailures: (key) => queue.resetFailures(key),
    forget: (key) => queue.forget(key),
    take: () => queue.take(),
    done: (key) => queue.done(key),
    abandon: (key) => queue.abandon(key),
    limit: (maxInWork) => queue.limit(maxInWork),
    load: () => queue.load(),
    stop: () => queue.stop(),
  };
}

/** What comes while its key is in work is forgotten. */
export function losesWakeUps(queue: WorkQueue): WorkQueue {
  const inWork = new Set<string>();
  return {
    ...membersOf(queue),
    add(key, lane) {
      if (!inWork.has(key)) queue.add(key, lane);
    },
    async take() {
      const key = await queue.take();
      if (key !== undefined) inWork.add(key);
      return key;
    },
    done(key) {
      inWork.delete(key);
      queue.done(key);
    },
  };
}

/** A key counts as done when it is taken, so that a second worker may have it too. */
export function sharesKeys(queue: WorkQueue): WorkQueue {
  return {
    ...membersOf(queue),
    async take() {
      const key = await queue.take();
      if (key !== undefined) queue.done(key);
      return key;
    },
    done: () => undefined,
    abandon: () => undefined,
  };
}

/** A failed key is counted and not added again. */
export function losesRetries(queue: WorkQueue): WorkQueue {
  return { ...membersOf(queue), retry: (_, { minDelayMs }) => minDelayMs };
}

/** The backoff knows neither a cap nor a success. */
export function neverForgivesFailures(queue: WorkQueue): WorkQueue {
  return {
    ...membersOf(queue),
    retry: (key, { minDelayMs }) => queue.retry(key, { minDelayMs, maxDelayMs: 3_600_000 }),
    resetFailures: () => undefined,
  };
}
