// Publishes the outcome of a sync: one patch of `/status` if it differs, one Event if the outcome moved.

import type { Clock } from "../../core/clock.ts";
import type { ExternalSecretRecord } from "../../core/spec/records.ts";
import { parseMeta } from "../../core/spec/parse-meta.ts";
import { compareResourceVersions } from "../../core/resource-version.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { ExternalSecretStatus } from "../../core/status/external-secret-status.ts";
import { nextStatus } from "../../core/status/next-status.ts";
import { statusPatch } from "../../core/status/patch-status.ts";
import { transitionEvent } from "../../core/status/transition-event.ts";
import type { SyncMemory } from "../../core/sync/memory.ts";
import { API_VERSION } from "../../core/sync/names.ts";
import type { SyncReport } from "../../core/sync/report.ts";
import type { ApiError } from "../../kubernetes/api-error.ts";
import type { EventRecorder } from "../../kubernetes/event-recorder.ts";
import { objectPath, resources } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";

export interface StatusWriterDeps {
  readonly client: KubernetesClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export interface StatusWriter {
  /** What status says now: our own last write, until the watch has caught up with it. */
  current(record: ExternalSecretRecord, memory: SyncMemory | undefined): ExternalSecretStatus | undefined;
  /** The status as written; undefined if there was nothing to write. */
  publish(
    record: ExternalSecretRecord,
    previous: ExternalSecretStatus | undefined,
    report: SyncReport,
    signal: AbortSignal,
  ): Promise<Result<SyncMemory["written"], ApiError>>;
  /** Tells of something that status has no place for. */
  warn(record: ExternalSecretRecord, reason: string, message: string): void;
}

export function createStatusWriter({ client, events, clock }: StatusWriterDeps): StatusWriter {
  const about = ({ meta }: ExternalSecretRecord) => ({
    apiVersion: API_VERSION,
    kind: "ExternalSecret",
    namespace: meta.namespace,
    name: meta.name,
    uid: meta.uid,
    resourceVersion: meta.resourceVersion,
  });
  return {
    current(record, memory) {
      const written = memory?.written;
      if (written === undefined) return record.status;
      return compareResourceVersions(record.meta.resourceVersion, written.resourceVersion) < 0
        ? written.status
        : record.status;
    },
    async publish(record, previous, report, signal) {
      const next = nextStatus(previous, report, clock.nowMs());
      const patch = statusPatch(previous, next);
      if (patch === undefined) return ok(undefined);
      // The uid is a precondition: a status must not land on a new object of the same name.
      const body = { ...patch, metadata: { uid: record.meta.uid } };
      const path = objectPath(resources.externalSecrets, record.meta, "status");
      const answer = await client.call(
        { method: "PATCH", path, body, contentType: "application/merge-patch+json" },
        signal,
      );
      if (!answer.ok) return failed(answer.error);
      const event = transitionEvent(previous, next);
      if (event !== undefined) events.record(about(record), event);
      const meta = parseMeta(answer.value);
      return ok({ status: next, resourceVersion: (meta.ok ? meta.value : record.meta).resourceVersion });
    },
    warn: (record, reason, message) => events.record(about(record), { type: "Warning", reason, message }),
  };
}
