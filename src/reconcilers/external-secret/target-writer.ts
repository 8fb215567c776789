// The only place that writes Secrets. Every write refuses to meet a Secret that it has not seen: creates fail where
// one exists, changes and deletions carry uid and resourceVersion.

import type { ObjectName } from "../../core/object-key.ts";
import type { LiveSecret } from "../../core/sync/live-secret.ts";
import { parseLiveSecret } from "../../core/sync/live-secret.ts";
import type { SecretBody } from "../../core/sync/secret-body.ts";
import { parseMeta } from "../../core/spec/parse-meta.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import { type ApiError, errorFromFailure } from "../../kubernetes/api-error.ts";
import { collectionPath, objectPath, resources } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";
import { metadataAccept } from "../../runtime/list-page.ts";
import { isProvedAbsent } from "../../kubernetes/proved-absence.ts";

/** Which Secret, in which state. */
export interface WrittenSecret {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Not sent: the ExternalSecret is gone, may not be looked at, or is not as we know it. */
export interface Withheld {
  readonly kind: "withheld";
  readonly why: "gone" | "denied" | "unclear";
  readonly retryAfterMs: number;
}

export type WriteRefusal = ApiError | Withheld;

export interface TargetWriter {
  /** Undefined: there is none. */
  read(name: ObjectName, signal: AbortSignal): Promise<Result<LiveSecret | undefined, ApiError>>;
  /** The same without its content. */
  glance(name: ObjectName, signal: AbortSignal): Promise<Result<WrittenSecret | undefined, ApiError>>;
  /** The Secret as the API server stored it: an admission plugin may have changed what was sent. */
  create(
    name: ObjectName,
    body: SecretBody,
    manager: string,
    signal: AbortSignal,
  ): Promise<Result<LiveSecret, WriteRefusal>>;
  change(
    name: ObjectName,
    body: SecretBody,
    manager: string,
    signal: AbortSignal,
  ): Promise<Result<LiveSecret, WriteRefusal>>;
  /** The resourceVersion that the answer tells, which is seldom one. */
  remove(name: ObjectName, seen: WrittenSecret, signal: AbortSignal): Promise<Result<string | undefined, WriteRefusal>>;
}

export function createTargetWriter(client: KubernetesClient): TargetWriter {
  const path = (name: ObjectName): string => objectPath(resources.secrets, name);
  return {
    async read(name, signal) {
      const answer = await client.call({ method: "GET", path: path(name) }, signal);
      return orAbsent(answer, (value) => parsed(value, false));
    },
    async glance(name, signal) {
      const answer = await client.call({ method: "GET", path: path(name), accept: metadataAccept.object }, signal);
      return orAbsent(answer, (value) => {
        const meta = parseMeta(value);
        if (!meta.ok) return failed(errorFromFailure("malformed", undefined, false));
        return ok({ uid: meta.value.uid, resourceVersion: meta.value.resourceVersion });
      });
    },
    async create(name, body, manager, signal) {
      const collection = collectionPath(resources.secrets, name.namespace);
      const query = { fieldManager: manager };
      const answer = await client.call({ method: "POST", path: collection, query, body }, signal);
      return answer.ok ? parsed(answer.value, true) : answer;
    },
    async change(name, body, manager, signal) {
      const query = { fieldManager: manager };
      const contentType = "application/merge-patch+json";
      const answer = await client.call({ method: "PATCH", path: path(name), query, body, contentType }, signal);
      return answer.ok ? parsed(answer.value, true) : answer;
    },
    async remove(name, seen, signal) {
      const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: seen };
      const answer = await client.call({ method: "DELETE", path: path(name), body }, signal);
      if (!answer.ok) return isProvedAbsent(answer.error) ? ok(undefined) : answer;
      const after = parseMeta(answer.value);
      return ok(after.ok && after.value.resourceVersion !== "" ? after.value.resourceVersion : undefined);
    },
  };
}

function orAbsent<T>(
  answer: Result<unknown, ApiError>,
  parse: (value: unknown) => Result<T, ApiError>,
): Result<T | undefined, ApiError> {
  if (answer.ok) return parse(answer.value);
  return isProvedAbsent(answer.error) ? ok(undefined) : answer;
}

function parsed(raw: unknown, isWrite: boolean): Result<LiveSecret, ApiError> {
  const live = parseLiveSecret(raw);
  return live === undefined ? failed(errorFromFailure("malformed", undefined, isWrite)) : ok(live);
}
