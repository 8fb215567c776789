// One life of an operator process: it hears nothing while it is stopped, everything at once when it goes on, and nothing
// any more when it is dead. What it asked for goes on without it.

import type { CancelTimer, Clock } from "../../src/core/clock.ts";
import type { Dice } from "./chance.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** The wall clock of the machine, which people and NTP set. */
export interface WallClock {
  offsetMs: number;
}

interface Message {
  readonly kind: "timer" | "network";
  readonly hear: () => void;
}

const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Between two messages that were held up: something else may come between them. */
const CATCH_UP_GAP_MS = 0.01;

export class VirtualProcess {
  readonly #time: VirtualTime;
  readonly #wall: WallClock;
  readonly #dice: Dice;
  readonly #timers = new Set<CancelTimer>();
  #state: "running" | "stopped" | "dead" = "running";
  #heldUp: Message[] = [];

  constructor(time: VirtualTime, wall: WallClock, dice: Dice) {
    this.#time = time;
    this.#wall = wall;
    this.#dice = dice;
  }

  get isAlive(): boolean {
    return this.#state !== "dead";
  }

  get isStopped(): boolean {
    return this.#state === "stopped";
  }

  readonly clock: Clock = {
    nowMs: () => EPOCH_MS + this.#time.nowMs + this.#wall.offsetMs,
    monotonicMs: () => this.#time.nowMs,
    setTimer: (delayMs, fire) => this.#setTimer(delayMs, fire),
  };

  /** Has the process hear of something from outside, now or when it goes on. */
  deliver(hear: () => void): void {
    this.#hear({ kind: "network", hear });
  }

  /** SIGSTOP. */
  stop(): void {
    if (this.#state === "running") this.#state = "stopped";
  }

  /** SIGCONT. Whether timers or sockets are served first is up to where the event loop stood. */
  goOn(): void {
    if (this.#state !== "stopped") return;
    this.#state = "running";
    const [messages, first] = [this.#heldUp, this.#dice.pick(["timer", "network", "inOrder"])];
    this.#heldUp = [];
    const ordered =
      first === "inOrder"
        ? messages
        : [...messages.filter(({ kind }) => kind === first), ...messages.filter(({ kind }) => kind !== first)];
    ordered.forEach((message, index) => this.#time.after(index * CATCH_UP_GAP_MS, () => this.#hear(message)));
  }

  /** SIGKILL. */
  kill(): void {
    this.#state = "dead";
    this.#heldUp = [];
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #hear(message: Message): void {
    if (this.#state === "running") message.hear();
    else if (this.#state === "stopped") this.#heldUp.push(message);
  }

  #setTimer(delayMs: number, fire: () => void): CancelTimer {
    if (this.#state === "dead") return () => undefined;
    let isPending = true;
    const hear = (): void => {
      if (isPending) fire();
      isPending = false;
    };
    const unplan = this.#time.after(delayMs, () => {
      this.#timers.delete(cancel);
      this.#hear({ kind: "timer", hear });
    });
    const cancel = (): void => {
      isPending = false;
      this.#timers.delete(cancel);
      unplan();
    };
    this.#timers.add(cancel);
    return cancel;
  }
}
