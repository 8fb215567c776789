// How long after each disturbance the operator may need until all is right again. The times are promises of the design
// (faults.md, I3, and api.md), not measurements.

import { LONGEST_AWAITED_REFRESH_MS } from "./blueprint.ts";

/** After the last fault of the API. */
export const API_FAULT_MS = 10_000;
/** A store fault: its backoff is capped at 30 s; half a minute, then a sync. */
export const STORE_FAULT_MS = 35_000;
/** After an entry's fault: its backoff is capped at 5 min; then a sync. It is mostly sooner, and nobody waits in vain. */
export const ENTRY_FAULT_MS = 305_000;
/** A leader that went without a word: the Lease runs out, a standby takes over, and looks at everything once. */
export const FAILOVER_MS = 17_000 + API_FAULT_MS;
/** Who loses several races for a Secret in a row leaves it alone for a while (src/core/sync/heals.ts). */
export const CONTEST_MS = 12_000;
/** After the last disturbance: a retry that was due is made by then (API_RETRY_CAP_MS in src), and a failure that is left shows. */
export const LAST_RETRY_MS = 6_000;
/** The next look at the store: it comes when the interval is over, and then has to be carried out. */
export const NEXT_LOOK_MS = LONGEST_AWAITED_REFRESH_MS + 3_000;

export class Calm {
  #dueMs = 0;
  #freshMs = 0;
  #overMs = 0;
  #why = "the start";

  /** When all must be right. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** When the last disturbance itself is over. */
  get overMs(): number {
    return this.#overMs;
  }

  /** When Secrets must hold what the store says last. */
  get freshMs(): number {
    return Math.max(this.#dueMs, this.#freshMs);
  }

  /** What takes that long. */
  get why(): string {
    return this.#why;
  }

  noteOver(atMs: number): void {
    this.#overMs = Math.max(this.#overMs, atMs);
  }

  /** A look at the store may have been held up until then. */
  allowLook(fromMs: number): void {
    this.#freshMs = Math.max(this.#freshMs, fromMs + NEXT_LOOK_MS);
  }

  /** What it has now is news to whoever looks next. */
  storeChanged(atMs: number): void {
    this.allowLook(atMs);
    this.noteOver(atMs);
  }

  allow(untilMs: number, why: string): void {
    if (untilMs <= this.#dueMs) return;
    this.#dueMs = untilMs;
    this.#why = why;
  }
}
