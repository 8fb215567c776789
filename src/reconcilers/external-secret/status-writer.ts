// Publishes the outcome of a sync: one patch of `/status` if it differs, one Event if the outcome moved.

import type { Clock } from "../../core/clock.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import { failed, type Result } from "../../core/result.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { nextStatus } from "../../core/status/next-status.ts";
import { transitionEvent } from "../../core/status/transition-event.ts";
import type { WrittenStatus } from "../../core/status/written-status.ts";
import { API_VERSION } from "../../core/sync/names.ts";
import type { SyncReport } from "../../core/sync/report.ts";
import { type ApiError, errorFromFailure } from "../../kubernetes/api-error.ts";
import type { EventRecorder } from "../../kubernetes/event-recorder.ts";
import { resources } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";
import type { Limiter } from "../../refresh/limiter.ts";
import { writeStatus } from "../write-status.ts";

export interface StatusWriterDeps {
  readonly client: KubernetesClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** Lets at most 50 status writes a second through. */
  readonly limitOutage: Limiter;
}

/** One outcome to be told. */
export interface StatusTask {
  readonly record: ExternalSecretRecord;
  /** What status says now. */
  readonly previous: ExternalSecretStatus | undefined;
  readonly report: SyncReport;
  /** True: only if the object is still as `record` shows it. */
  readonly isPinned: boolean;
}

type Written = Result<WrittenStatus<ExternalSecretStatus> | undefined, ApiError>;

interface Change {
  readonly next: ExternalSecretStatus;
  readonly written: Written;
}

export interface StatusWriter {
  /** The status as written; undefined if there was nothing to write. */
  publish(task: StatusTask, signal: AbortSignal): Promise<Written>;
  /** The same for an outage of the store: at most 50 a second, and no Event, which the store has already. */
  publishOutage(task: StatusTask, signal: AbortSignal): Promise<Written>;
  /** Tells of something that status has no place for. */
  warn(record: ExternalSecretRecord, reason: string, message: string): void;
}

export function createStatusWriter({ client, events, clock, limitOutage }: StatusWriterDeps): StatusWriter {
  const about = ({ meta }: ExternalSecretRecord) => ({
    apiVersion: API_VERSION,
    kind: "ExternalSecret",
    namespace: meta.namespace,
    name: meta.name,
    uid: meta.uid,
    resourceVersion: meta.resourceVersion,
  });
  const write = async ({ record, previous, report, isPinned }: StatusTask, signal: AbortSignal): Promise<Change> => {
    const next = nextStatus(previous, report, clock.nowMs());
    const object = { type: resources.externalSecrets, meta: record.meta, isPinned };
    return { next, written: await writeStatus(client, object, { previous, next }, signal) };
  };
  return {
    async publish(task, signal) {
      const { next, written } = await write(task, signal);
      const event = written.ok && written.value !== undefined ? transitionEvent(task.previous, next) : undefined;
      if (event !== undefined) events.record(about(task.record), event);
      return written;
    },
    async publishOutage(task, signal) {
      try {
        return (await limitOutage(() => write(task, signal), signal)).written;
      } catch (error) {
        // The limiter gives up what still waits for its turn when the signal fires.
        if (signal.aborted) return failed(errorFromFailure("aborted", undefined, false));
        throw error;
      }
    },
    warn: (record, reason, message) => events.record(about(record), { type: "Warning", reason, message }),
  };
}
