// The queue as plain lists: slow, obvious, and the judge of the real one.

import { MAX_YIELD_MS, type Lane, type QueueLoad } from "../../../src/runtime/work-queue.ts";

interface Waiting {
  readonly key: string;
  readonly turnMs: number;
  readonly isChange: boolean;
  readonly order: number;
}

interface Delayed {
  readonly key: string;
  readonly yieldMs: number;
  readonly dueMs: number;
  readonly order: number;
}

export class Model {
  nowMs = 0;
  stopped = false;
  maxInWork: number | undefined;
  waiting: Waiting[] = [];
  delayed: Delayed[] = [];
  dirty: { key: string; yieldMs: number }[] = [];
  working: { key: string; sinceMs: number; abandoned: boolean }[] = [];
  failures = new Map<string, number>();
  takers = 0;
  taken: string[] = [];
  #order = 0;

  add(key: string, lane: Lane): void {
    this.put(key, lane === "change" ? 0 : MAX_YIELD_MS);
  }

  put(key: string, yieldMs: number): void {
    if (this.stopped) return;
    if (this.isInWork(key)) {
      const before = this.dirty.find((entry) => entry.key === key)?.yieldMs ?? yieldMs;
      this.dirty = this.dirty.filter((entry) => entry.key !== key);
      this.dirty.push({ key, yieldMs: Math.min(before, yieldMs) });
      return;
    }
    const present = this.waiting.find((entry) => entry.key === key);
    const turnMs = this.nowMs + yieldMs;
    if (present === undefined || turnMs < present.turnMs) {
      this.waiting = this.waiting.filter((entry) => entry.key !== key);
      this.waiting.push({ key, turnMs, isChange: yieldMs === 0, order: this.#order++ });
    }
    this.serve();
  }

  addAfter(key: string, delayMs: number, lane: Lane): void {
    if (this.stopped) return;
    const dueMs = this.nowMs + delayMs;
    const present = this.delayed.find((entry) => entry.key === key);
    if (present !== undefined && present.dueMs <= dueMs) return;
    this.cancelDelayed(key);
    const yieldMs = lane === "change" ? 0 : Math.min(delayMs, MAX_YIELD_MS);
    this.delayed.push({ key, yieldMs, dueMs, order: this.#order++ });
  }

  /** With random numbers of one half: three quarters of the ceiling. */
  retry(key: string, minDelayMs: number, maxDelayMs: number): number {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    const delayMs = Math.max(minDelayMs, 0.75 * Math.min(maxDelayMs, 1_000 * 2 ** (failures - 1)));
    this.addAfter(key, delayMs, "change");
    return delayMs;
  }

  forget(key: string): void {
    this.failures.delete(key);
    this.cancelDelayed(key);
  }

  take(): void {
    if (this.stopped) return;
    this.takers += 1;
    this.serve();
  }

  done(key: string): void {
    this.working = this.working.filter((entry) => entry.key !== key);
    const again = this.dirty.find((entry) => entry.key === key);
    this.dirty = this.dirty.filter((entry) => entry.key !== key);
    if (again !== undefined) this.put(key, again.yieldMs);
    this.serve();
  }

  abandon(key: string): void {
    this.working = this.working.map((entry) => (entry.key === key ? { ...entry, abandoned: true } : entry));
    this.serve();
  }

  limit(maxInWork: number | undefined): void {
    this.maxInWork = maxInWork;
    this.serve();
  }

  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      const due = this.delayed
        .filter((entry) => entry.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (due === undefined) break;
      this.nowMs = due.dueMs;
      this.delayed = this.delayed.filter((entry) => entry !== due);
      this.put(due.key, due.yieldMs);
    }
    this.nowMs = untilMs;
  }

  stop(): void {
    this.stopped = true;
    this.waiting = [];
    this.delayed = [];
    this.dirty = [];
    this.takers = 0;
  }

  load(): QueueLoad {
    const tookMs = this.working.map(({ sinceMs }) => this.nowMs - sinceMs);
    const unfinishedMs = tookMs.reduce((sum, ms) => sum + ms, 0);
    return { waiting: this.waiting.length, unfinishedMs, longestMs: Math.max(0, ...tookMs) };
  }

  isInWork(key: string): boolean {
    return this.working.some((entry) => entry.key === key);
  }

  cancelDelayed(key: string): void {
    this.delayed = this.delayed.filter((entry) => entry.key !== key);
  }

  serve(): void {
    for (let next = this.next(); this.takers > 0 && next !== undefined; next = this.next()) {
      const { key } = next;
      this.waiting = this.waiting.filter((entry) => entry.key !== key);
      this.cancelDelayed(key);
      this.working.push({ key, sinceMs: this.nowMs, abandoned: false });
      this.taken.push(key);
      this.takers -= 1;
    }
  }

  /** In turn; a change before a refresh of the same turn. */
  next(): Waiting | undefined {
    const [first] = [...this.waiting].sort(
      (a, b) => a.turnMs - b.turnMs || Number(b.isChange) - Number(a.isChange) || a.order - b.order,
    );
    if (this.maxInWork === undefined) return first;
    const inWork = this.working.filter(({ abandoned }) => !abandoned).length;
    if (inWork >= this.maxInWork) return undefined;
    const [firstChange] = this.waiting
      .filter(({ isChange }) => isChange)
      .sort((a, b) => a.turnMs - b.turnMs || a.order - b.order);
    return firstChange ?? (inWork === 0 ? first : undefined);
  }
}
