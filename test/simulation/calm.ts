// How long after each disturbance the operator may need until all is right again. The times are promises of the design
// (faults.md, I3, and api.md), not measurements.

/** After the last fault of the API. */
export const API_FAULT_MS = 10_000;
/** A store fault: its backoff is capped at 30 s; half a minute, then a sync. */
export const STORE_FAULT_MS = 35_000;
/** A leader that went without a word: the Lease runs out, a standby takes over, and looks at everything once. */
export const FAILOVER_MS = 17_000 + API_FAULT_MS;
/** Who loses several races for a Secret in a row leaves it alone for a while (src/core/sync/heals.ts). */
export const CONTEST_MS = 12_000;
/** The delays of a refresh: it comes when its interval is over, and then has to be carried out. */
export const REFRESH_SLACK_MS = 3_000;

export class Calm {
  #dueMs = 0;
  #why = "the start";

  /** When all must be right. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** What takes that long. */
  get why(): string {
    return this.#why;
  }

  allow(untilMs: number, why: string): void {
    if (untilMs <= this.#dueMs) return;
    this.#dueMs = untilMs;
    this.#why = why;
  }
}
