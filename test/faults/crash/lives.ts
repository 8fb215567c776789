// The one operator of a run and its successors: each is started when the one before it has ended.

import { setTimeout as pause } from "node:timers/promises";
import type { ProcessExit } from "../../testbed/process-table.ts";
import type { FaultWorld, Replica, WorldOptions } from "../fault-world.ts";

export interface Lives {
  /** The newest, which may be on its way up or down. */
  readonly current: Replica;
  /** Ended so far, by signals of ours. */
  readonly ended: number;
  /** Ends the newest, and starts the next one when it is gone. */
  replace(ending: Ending): void;
  /** Returns when the newest is ready. Throws where it does not come up. */
  settled(): Promise<void>;
}

export interface Ending {
  readonly signal: "SIGKILL" | "SIGTERM";
  /** Default: at once, before this returns. */
  readonly afterMs?: number;
  /** Done before the next one starts. What it throws, `settled` throws. */
  readonly meanwhile?: (exit: ProcessExit) => Promise<void>;
}

export async function startLives(world: FaultWorld, options: WorldOptions = {}): Promise<Lives> {
  let current = await world.startOperator(options);
  let ended = 0;
  let coming: Promise<void> = Promise.resolve();
  const end = (signal: Ending["signal"]): void => {
    // Not by the guardian: asking it takes as long as the operator's next few steps.
    process.kill(current.pid, signal);
    ended += 1;
  };
  const succeed = async ({ signal, afterMs, meanwhile }: Ending): Promise<void> => {
    if (afterMs === undefined) end(signal);
    else await pause(afterMs).then(() => end(signal));
    const exit = await current.exited;
    try {
      await meanwhile?.(exit);
    } finally {
      current = await world.launchOperator(options);
    }
  };
  return {
    get current() {
      return current;
    },
    get ended() {
      return ended;
    },
    replace(ending) {
      coming = succeed(ending);
      coming.catch(() => undefined);
    },
    async settled() {
      await coming;
      await current.waitReady();
    },
  };
}
