// What each of the controllers is made of: its queue, the gate for its own writes, its workers, and their meters.

import type { Config } from "../config/config.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type ObjectKey, parseObjectKey } from "../core/object-key.ts";
import type { Metrics } from "../observability/metrics.ts";
import { type Controller, createController } from "../runtime/controller.ts";
import type { ReconcileResult } from "../runtime/reconcile-result.ts";
import type { ReconcileScopes } from "../runtime/reconcile-scope.ts";
import { stuckReason } from "../runtime/stuck.ts";
import { createWorkQueue, type WorkQueue } from "../runtime/work-queue.ts";
import { createWriteGate, type WriteGate } from "../runtime/write-gate.ts";

export interface ControllerDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scopes: ReconcileScopes;
}

export interface KeyedWork {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly gate: WriteGate;
}

export function createKeyedWork({ clock, random, metrics }: ControllerDeps, name: string): KeyedWork {
  const meters = metrics.queue(name);
  const queue = createWorkQueue({ clock, random, observer: meters });
  meters.observe(() => queue.load());
  return { name, queue, gate: createWriteGate({ clock, onOpen: (key) => queue.add(key, "change") }) };
}

export interface Work {
  readonly workers: number;
  readonly reconcile: (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;
}

export interface WiredController extends Pick<Controller, "start" | "stop"> {
  /** Why it makes no progress that it could make, in one clause; undefined: it does. */
  stuckReason(): string | undefined;
  shedLoad(isShedding: boolean): void;
}

/** Of its workers, a controller keeps so many while it sheds load. */
const SHARE_WHILE_SHEDDING = 0.25;

export function controllerOf(deps: ControllerDeps, keyed: KeyedWork, { workers, reconcile }: Work): WiredController {
  const { clock, random, log, scopes } = deps;
  const meters = deps.metrics.controller(keyed.name);
  const controller = createController({
    ...keyed,
    ...{ clock, random, log, scopes, workers },
    reconcile: (key, signal) => reconcile(parseObjectKey(key), signal),
    deadlineMs: deps.config.reconcileTimeoutMs,
    observer: meters,
  });
  meters.observeWorkers(workers, () => controller.work().active);
  const fewWorkers = Math.ceil(workers * SHARE_WHILE_SHEDDING);
  return {
    start: () => controller.start(),
    stop: (signal) => controller.stop(signal),
    stuckReason() {
      const reason = stuckReason(controller.work());
      return reason === undefined ? undefined : `${keyed.name}: ${reason}`;
    },
    shedLoad: (isShedding) => keyed.queue.limit(isShedding ? fewWorkers : undefined),
  };
}
