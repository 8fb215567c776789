// The only place that writes Secrets. Every write refuses to meet a Secret that it has not seen: creates fail where
// one exists, changes and deletions carry uid and resourceVersion.

import type { ObjectName } from "../../core/object-key.ts";
import type { LiveSecret } from "../../core/sync/live-secret.ts";
import { parseLiveSecret } from "../../core/sync/live-secret.ts";
import type { SecretBody } from "../../core/sync/plan-secret.ts";
import { parseMeta } from "../../core/spec/parse-meta.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { ApiError } from "../../kubernetes/api-error.ts";
import { collectionPath, objectPath, resources } from "../../kubernetes/resource-path.ts";
import type { KubernetesClient } from "../../kubernetes/rest-client.ts";

/** The Secret as it is after a write. */
export interface WrittenSecret {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Answers to writes come as metadata only: the values need not travel back. */
const METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

export interface TargetWriter {
  /** Undefined: there is none. */
  read(name: ObjectName, signal: AbortSignal): Promise<Result<LiveSecret | undefined, ApiError>>;
  create(
    name: ObjectName,
    body: SecretBody,
    manager: string,
    signal: AbortSignal,
  ): Promise<Result<WrittenSecret, ApiError>>;
  change(
    name: ObjectName,
    body: SecretBody,
    manager: string,
    signal: AbortSignal,
  ): Promise<Result<WrittenSecret, ApiError>>;
  remove(name: ObjectName, seen: WrittenSecret, signal: AbortSignal): Promise<Result<undefined, ApiError>>;
}

export function createTargetWriter(client: KubernetesClient): TargetWriter {
  const path = (name: ObjectName): string => objectPath(resources.secrets, name);
  return {
    async read(name, signal) {
      const answer = await client.call({ method: "GET", path: path(name) }, signal);
      if (!answer.ok) return answer.error.kind === "notFound" ? ok(undefined) : answer;
      const live = parseLiveSecret(answer.value);
      return live === undefined ? failed(malformedAnswer()) : ok(live);
    },
    async create(name, body, manager, signal) {
      const collection = collectionPath(resources.secrets, name.namespace);
      const query = { fieldManager: manager };
      return written(
        await client.call({ method: "POST", path: collection, query, body, accept: METADATA_ONLY }, signal),
      );
    },
    async change(name, body, manager, signal) {
      const query = { fieldManager: manager };
      const contentType = "application/merge-patch+json";
      return written(
        await client.call(
          { method: "PATCH", path: path(name), query, body, contentType, accept: METADATA_ONLY },
          signal,
        ),
      );
    },
    async remove(name, seen, signal) {
      const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: seen };
      const answer = await client.call({ method: "DELETE", path: path(name), body }, signal);
      return answer.ok || answer.error.kind === "notFound" ? ok(undefined) : answer;
    },
  };
}

function written(answer: Result<unknown, ApiError>): Result<WrittenSecret, ApiError> {
  if (!answer.ok) return answer;
  const meta = parseMeta(answer.value);
  return meta.ok ? ok({ uid: meta.value.uid, resourceVersion: meta.value.resourceVersion }) : failed(malformedAnswer());
}

function malformedAnswer(): ApiError {
  return {
    kind: "malformed",
    status: undefined,
    reason: undefined,
    failure: undefined,
    retryAfterMs: undefined,
    causes: [],
    quotaExceeded: false,
    namespaceTerminating: false,
    ambiguous: true,
  };
}
