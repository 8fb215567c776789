// Bugs put in on purpose, one at a time: what the simulation must find. One that it does not find shows a hole in it.

import { believesOldEvents, forgetsDeletions, readsOnePage, resumesForEver } from "./bugs/cache-bugs.ts";
import { losesRetries, losesWakeUps, neverForgivesFailures, sharesKeys } from "./bugs/queue-bugs.ts";
import { blanksOnError, takesErrorsForAbsence } from "./bugs/reading-bugs.ts";
import {
  createsOverOthers,
  dropsKeys,
  insists,
  publishesFirst,
  takesTheLease,
  trustsLostAnswers,
  writesFromStaleReads,
} from "./bugs/write-bugs.ts";
import type { Sabotage } from "./sabotage.ts";

export interface SeededBug {
  readonly name: string;
  /** Asked once for each life of a replica. */
  readonly sabotage: () => Sabotage;
}

export const seededBugs: readonly SeededBug[] = [
  { name: "lost wake-up", sabotage: () => ({ queue: losesWakeUps }) },
  { name: "two workers on a key", sabotage: () => ({ queue: sharesKeys }) },
  { name: "lost retry", sabotage: () => ({ queue: losesRetries }) },
  { name: "backoff without end", sabotage: () => ({ queue: neverForgivesFailures }) },
  { name: "410 taken for a lost connection", sabotage: () => ({ client: resumesForEver }) },
  { name: "first page taken for the list", sabotage: () => ({ client: readsOnePage }) },
  { name: "old event believed", sabotage: () => ({ client: believesOldEvents }) },
  { name: "relist that forgets deletions", sabotage: () => ({ client: forgetsDeletions }) },
  { name: "write from a stale read", sabotage: () => ({ client: writesFromStaleReads }) },
  { name: "conflict overruled", sabotage: () => ({ client: insists }) },
  { name: "lost answer taken for success", sabotage: () => ({ client: trustsLostAnswers }) },
  { name: "create over a foreign Secret", sabotage: () => ({ client: createsOverOthers }) },
  { name: "status before the Secret", sabotage: () => ({ client: publishesFirst }) },
  { name: "keys left out of a write", sabotage: () => ({ client: dropsKeys }) },
  { name: "error taken for absence", sabotage: () => ({ provider: takesErrorsForAbsence }) },
  { name: "blank on a store error", sabotage: () => ({ provider: blanksOnError }) },
  { name: "write after the lease", sabotage: () => ({ fence: (client) => client }) },
  { name: "lease without precondition", sabotage: () => ({ electionClient: takesTheLease }) },
];
