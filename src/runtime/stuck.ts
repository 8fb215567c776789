// When a controller makes no progress that it could make: what liveness asks.

import type { ControllerWork } from "./controller.ts";

/** Each reconcile is told to end after a minute at most; one that runs so long will not, and its object is not served. */
const STUCK_MS = 30 * 60_000;

/** One clause; undefined: it makes progress, has nothing to do, or does not run. */
export function stuckReason({ workers, active, abandoned, waiting, longestMs }: ControllerWork): string | undefined {
  if (workers === undefined) return undefined;
  if (abandoned >= workers) return `${abandoned} reconciles do not end`;
  if (longestMs > STUCK_MS) return "a reconcile has not ended for half an hour";
  if (waiting > 0 && active === 0) return "keys wait and no worker takes them";
  return undefined;
}
