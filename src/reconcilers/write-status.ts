// Writes the status of one of our objects: one merge patch of what differs, none if nothing does.

import { failed, ok, type Result } from "../core/result.ts";
import { parseMeta } from "../core/spec/parse-meta.ts";
import type { ObjectMeta } from "../core/spec/records.ts";
import { statusPatch } from "../core/status/patch-status.ts";
import type { WrittenStatus } from "../core/status/written-status.ts";
import type { ApiError } from "../kubernetes/api-error.ts";
import { objectPath, type ResourceType } from "../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";

export interface StatusOwner {
  readonly type: ResourceType;
  readonly meta: ObjectMeta;
}

export interface StatusChange<S> {
  readonly previous: S | undefined;
  readonly next: S;
}

/** The status as written; undefined: there was nothing to write. */
export async function writeStatus<S extends object>(
  client: KubernetesClient,
  { type, meta }: StatusOwner,
  { previous, next }: StatusChange<S>,
  signal: AbortSignal,
): Promise<Result<WrittenStatus<S> | undefined, ApiError>> {
  const patch = statusPatch(previous, next);
  if (patch === undefined) return ok(undefined);
  // The uid is a precondition: a status must not land on a new object of the same name.
  const body = { ...patch, metadata: { uid: meta.uid } };
  const path = objectPath(type, meta, "status");
  const answer = await client.call(
    { method: "PATCH", path, body, contentType: "application/merge-patch+json" },
    signal,
  );
  if (!answer.ok) return failed(answer.error);
  const after = parseMeta(answer.value);
  return ok({ status: next, resourceVersion: (after.ok ? after.value : meta).resourceVersion });
}
