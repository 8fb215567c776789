// Writes the status of one of our objects: one merge patch of what differs, none if nothing does.

import { failed, ok, type Result } from "../core/result.ts";
import { parseMeta } from "../core/spec/parse-meta.ts";
import type { ObjectMeta } from "../core/spec/records.ts";
import { statusPatch } from "../core/status/patch-status.ts";
import type { WrittenStatus } from "../core/status/written-status.ts";
import type { ApiError, ApiErrorKind } from "../kubernetes/api-error.ts";
import { objectPath, type ResourceType } from "../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../kubernetes/rest-client.ts";
import { isProvedAbsent } from "../kubernetes/proved-absence.ts";

export interface StatusOwner {
  readonly type: ResourceType;
  readonly meta: ObjectMeta;
  /** True: only on the object as `meta` shows it. Else on any state of it, because nobody but us writes its status. */
  readonly isPinned?: boolean;
}

export interface StatusChange<S> {
  readonly previous: S | undefined;
  readonly next: S;
}

/** The status as written; undefined: there was nothing to write. */
export async function writeStatus<S extends object>(
  client: KubernetesClient,
  { type, meta, isPinned = false }: StatusOwner,
  { previous, next }: StatusChange<S>,
  signal: AbortSignal,
): Promise<Result<WrittenStatus<S> | undefined, ApiError>> {
  const patch = statusPatch(previous, next);
  if (patch === undefined) return ok(undefined);
  // The uid is a precondition: a status must not land on a new object of the same name.
  const { uid, resourceVersion } = meta;
  const body = { ...patch, metadata: isPinned ? { uid, resourceVersion } : { uid } };
  const path = objectPath(type, meta, "status");
  const answer = await client.call(
    { method: "PATCH", path, body, contentType: "application/merge-patch+json" },
    signal,
  );
  if (!answer.ok) return failed(answer.error);
  const after = parseMeta(answer.value);
  return ok({
    status: next,
    basedOn: resourceVersion,
    resourceVersion: (after.ok ? after.value : meta).resourceVersion,
  });
}

/**
 * What a status that was not written means: `gone`, there is no such object any more; `raced`, it is not the object that
 * we saw; `refused`, this status will never be taken; `denied`, we may not; `failed`, it may work soon.
 */
export type StatusFailure = "gone" | "raced" | "refused" | "denied" | "failed";

const failures: Readonly<Record<ApiErrorKind, StatusFailure>> = {
  alreadyExists: "raced",
  conflict: "raced",
  gone: "raced",
  notFound: "failed",
  forbidden: "denied",
  invalid: "refused",
  tooLarge: "refused",
  badRequest: "refused",
  unauthorized: "failed",
  throttled: "failed",
  unavailable: "failed",
  malformed: "failed",
  aborted: "failed",
};

export function statusFailure(error: ApiError): StatusFailure {
  if (isProvedAbsent(error)) return "gone";
  // A changed uid is refused as a changed field (apiserver, rest.BeforeUpdate).
  const isOther = error.kind === "invalid" && error.causes.some(({ field }) => field === "metadata.uid");
  return isOther ? "raced" : failures[error.kind];
}
