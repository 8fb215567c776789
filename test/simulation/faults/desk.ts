// Holds the faults of the network that wait for their moment, carries them out on requests and lines that fit, and
// keeps count of all that fired.

import { API_FAULT_MS, type Calm } from "../calm.ts";
import type { Interference, Interferer, RequestFacts, StreamPiece, WatchLine } from "../network/interference.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { FaultKind } from "./kinds.ts";

/** A fault of calls that waits. */
export interface CallTrap {
  readonly kind: FaultKind;
  /** It is not one moment that it waits for: it has begun, and goes on until its end. */
  readonly isLasting?: boolean;
  readonly untilMs: number;
  readonly matches: (facts: RequestFacts) => boolean;
  readonly spring: (facts: RequestFacts) => Interference | undefined;
  left: number;
}

/** A fault of watch lines that waits. */
export interface LineTrap {
  readonly kind: FaultKind;
  readonly untilMs: number;
  readonly matches: (line: WatchLine) => boolean;
  readonly spring: (line: WatchLine) => readonly StreamPiece[];
  left: number;
}

/** Something that waits for a request to happen at, and happens without one in the end. */
interface Moment {
  readonly matches: (facts: RequestFacts) => boolean;
  readonly act: (facts: RequestFacts | undefined) => void;
}

interface Isolation {
  readonly replica: number;
  readonly untilMs: number;
  readonly isSilent: boolean;
}

export interface DeskParts {
  readonly time: VirtualTime;
  readonly calm: Calm;
  /** Told of each write that was carried out, Leases aside. */
  readonly onWrite: (facts: RequestFacts) => void;
  readonly onRequest: (facts: RequestFacts) => void;
  readonly onFinished: (facts: RequestFacts) => void;
  readonly onNote: ((text: string) => void) | undefined;
}

/** A call that nobody answers ends by its own deadline (rest-client.ts). */
const HANG_MS = 30_000;
const RECENT_LINES = 12;

export class FaultDesk implements Interferer {
  readonly fired = new Map<FaultKind, number>();
  readonly #parts: DeskParts;
  #calls: CallTrap[] = [];
  #lines: LineTrap[] = [];
  #isolations: Isolation[] = [];
  #moments: Moment[] = [];
  readonly #recent = new Map<string, string[]>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  get firedTimes(): number {
    let sum = 0;
    for (const times of this.fired.values()) sum += times;
    return sum;
  }

  trapCalls(trap: CallTrap): void {
    this.#calls.push(trap);
  }

  trapLines(trap: LineTrap): void {
    this.#lines.push(trap);
  }

  /** `act` comes with the next request that fits, or without one after `patienceMs`. */
  atRequest(matches: Moment["matches"], patienceMs: number, act: Moment["act"]): void {
    const moment: Moment = { matches, act };
    this.#moments.push(moment);
    this.#parts.time.after(patienceMs, () => {
      if (!this.#moments.includes(moment)) return;
      this.#moments = this.#moments.filter((other) => other !== moment);
      act(undefined);
    });
  }

  isolate(isolation: Isolation): void {
    this.#isolations.push(isolation);
  }

  /** Events of the resource that were sent not long ago, oldest first. */
  recentLines(plural: string): readonly string[] {
    return this.#recent.get(plural) ?? [];
  }

  /** Nothing waits for its moment any more. */
  clear(): void {
    this.#calls = this.#calls.filter(({ isLasting }) => isLasting === true);
    this.#lines = [];
    this.#moments = [];
  }

  /** It happened, and what it did is over at `overMs`. */
  count(kind: FaultKind, overMs = this.#parts.time.nowMs): void {
    this.fired.set(kind, (this.fired.get(kind) ?? 0) + 1);
    this.#parts.calm.allow(overMs + API_FAULT_MS, kind);
    this.#parts.calm.allowLook(overMs);
    this.#parts.calm.noteOver(overMs);
    this.#parts.onNote?.(`FAULT ${kind}, over at ${Math.round(overMs)}`);
  }

  onRequest(facts: RequestFacts): Interference | undefined {
    const { time, onRequest, onNote } = this.#parts;
    const { nowMs } = time;
    onRequest(facts);
    onNote?.(`replica ${facts.replica} asks: ${facts.isWatch ? "WATCH" : facts.method} ${facts.plural} ${facts.name}`);
    this.#seizeMoments(facts);
    for (const isolation of this.#isolations) {
      if (isolation.replica === facts.replica && nowMs < isolation.untilMs) return this.#isolated(isolation);
    }
    for (const trap of this.#calls) {
      if (trap.left > 0 && nowMs < trap.untilMs && trap.matches(facts)) return this.#spring(trap, facts);
    }
    return undefined;
  }

  onFinished(facts: RequestFacts): void {
    this.#parts.onFinished(facts);
  }

  onWritten(facts: RequestFacts): void {
    if (facts.plural !== "leases") this.#parts.onWrite(facts);
  }

  onLine(line: WatchLine): readonly StreamPiece[] {
    if (line.change !== undefined) this.#remember(line);
    for (const trap of this.#lines) {
      if (trap.left === 0 || this.#parts.time.nowMs >= trap.untilMs || !trap.matches(line)) continue;
      trap.left -= 1;
      this.count(trap.kind);
      return trap.spring(line);
    }
    return [{ kind: "line", text: line.text }];
  }

  #seizeMoments(facts: RequestFacts): void {
    if (this.#moments.length === 0) return;
    const seized = this.#moments.filter(({ matches }) => matches(facts));
    this.#moments = this.#moments.filter((moment) => !seized.includes(moment));
    for (const { act } of seized) act(facts);
  }

  #isolated({ isSilent }: Isolation): Interference {
    const { calm, time } = this.#parts;
    if (!isSilent) return { kind: "unreachable" };
    calm.noteOver(time.nowMs + HANG_MS);
    calm.allow(time.nowMs + HANG_MS + API_FAULT_MS, "a call that hung");
    return { kind: "lost", resetAfterMs: undefined };
  }

  #spring(trap: CallTrap, facts: RequestFacts): Interference | undefined {
    trap.left -= 1;
    const interference = trap.spring(facts);
    this.count(trap.kind, this.#parts.time.nowMs + durationMs(interference));
    return interference;
  }

  #remember({ plural, text }: WatchLine): void {
    const lines = this.#recent.get(plural) ?? [];
    this.#recent.set(plural, lines);
    lines.push(text);
    if (lines.length > RECENT_LINES) lines.shift();
  }
}

function durationMs(interference: Interference | undefined): number {
  switch (interference?.kind) {
    case "slow":
      return interference.thereMs + interference.backMs;
    case "lost":
    case "answerLost":
      return interference.resetAfterMs ?? HANG_MS;
    case "answered":
    case "unreachable":
    case undefined:
      return 0;
  }
}
