// The one operator of a run and its successors: each is started when the one before it has ended.

import type { ProcessExit } from "../../testbed/process-table.ts";
import type { FaultWorld, Replica, WorldOptions } from "../fault-world.ts";

export interface Lives {
  /** The newest, which may be on its way up or down. */
  readonly current: Replica;
  /** Ended so far, by signals of ours. */
  readonly ended: number;
  /**
   * Ends the newest at once with the signal, and starts the next one when it is gone and `meanwhile` is over. What is
   * thrown there, `settled` throws.
   */
  replace(signal: "SIGKILL" | "SIGTERM", meanwhile?: (exit: ProcessExit) => Promise<void>): void;
  /** Returns when the newest is ready. Throws where it does not come up. */
  settled(): Promise<void>;
}

export async function startLives(world: FaultWorld, options: WorldOptions = {}): Promise<Lives> {
  let current = await world.startOperator(options);
  let ended = 0;
  let coming: Promise<void> = Promise.resolve();
  const succeed = async (meanwhile: (exit: ProcessExit) => Promise<void>): Promise<void> => {
    const exit = await current.exited;
    try {
      await meanwhile(exit);
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
    replace(signal, meanwhile = () => Promise.resolve()) {
      // Not by the guardian: asking it takes as long as the operator's next few steps.
      process.kill(current.pid, signal);
      ended += 1;
      coming = succeed(meanwhile);
      coming.catch(() => undefined);
    },
    async settled() {
      await coming;
      await current.waitReady();
    },
  };
}
