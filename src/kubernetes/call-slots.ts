// Lets a limited number of calls through at a time, in the order of their coming. A call that waits in an Agent of
// node:https cannot be given up before it has a connection, and while connections are made through a proxy, step by step,
// an Agent makes any number at once.

export interface CallSlots {
  /** Resolves when a slot is free for this call; false: `signal` fired before. */
  take(signal: AbortSignal): Promise<boolean>;
  /** Gives back what `take` gave. */
  free(): void;
}

export function createCallSlots(limit: number): CallSlots {
  const waiting = new Set<() => void>();
  let taken = 0;
  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(false);
      if (taken < limit) {
        taken += 1;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const settle = (given: boolean): void => {
          waiting.delete(give);
          signal.removeEventListener("abort", giveUp);
          resolve(given);
        };
        const give = (): void => settle(true);
        const giveUp = (): void => settle(false);
        waiting.add(give);
        signal.addEventListener("abort", giveUp, { once: true });
      });
    },
    free() {
      const [next] = waiting;
      if (next === undefined) taken -= 1;
      else next();
    },
  };
}
