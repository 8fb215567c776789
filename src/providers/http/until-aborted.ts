// Waiting for work that several share: one of them may stop waiting, and the work goes on.

/** `work`, or `fallback` as soon as `signal` aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, fallback: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(fallback());
    signal.addEventListener("abort", giveUp, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    if (signal.aborted) giveUp();
  });
}
