// Requests for the Lease, each answered in the words of the election machine.

import type { Clock } from "../../core/clock.ts";
import type { ObjectName } from "../../core/object-key.ts";
import { type ApiError, describeApiError } from "../../kubernetes/api-error.ts";
import { collectionPath, objectPath, resources } from "../../kubernetes/resource-path.ts";
import type { ApiCall, KubernetesClient } from "../../kubernetes/rest-client.ts";
import type { ElectionInput } from "./election-state.ts";
import { leaseBody, type LeaseClaim, parseLease } from "./lease.ts";

export interface LeaseClientOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly lease: ObjectName;
  /** Told why a request failed, where it is not for a change by somebody else. */
  readonly onFailure: (what: "read" | "write" | "release", cause: string) => void;
}

export interface LeaseClient {
  read(signal: AbortSignal): Promise<ElectionInput>;
  write(claim: LeaseClaim, signal: AbortSignal): Promise<ElectionInput>;
  /** False if it could not be: it then runs out by itself. */
  release(claim: LeaseClaim): Promise<boolean>;
}

/** Two tries fit before the leader's time is over. */
const REQUEST_DEADLINE_MS = 4_000;
const RELEASE_DEADLINE_MS = 2_000;

export function createLeaseClient({ client, clock, lease: name, onFailure }: LeaseClientOptions): LeaseClient {
  const path = objectPath(resources.leases, name);
  const writeCall = (claim: LeaseClaim): ApiCall => {
    const body = leaseBody(claim, name, clock.nowMs());
    return claim.over === undefined
      ? { method: "POST", path: collectionPath(resources.leases, name.namespace), body }
      : { method: "PUT", path, body };
  };
  return {
    async read(signal) {
      const answer = await client.call({ method: "GET", path, deadlineMs: REQUEST_DEADLINE_MS }, signal);
      if (answer.ok) {
        const lease = parseLease(answer.value);
        if (lease !== undefined) return { kind: "read", lease };
      } else if (answer.error.kind === "notFound") return { kind: "read", lease: undefined };
      onFailure("read", answer.ok ? NO_LEASE : describeApiError(answer.error));
      return { kind: "readFailed" };
    },
    async write(claim, signal) {
      const answer = await client.call({ ...writeCall(claim), deadlineMs: REQUEST_DEADLINE_MS }, signal);
      const lease = answer.ok ? parseLease(answer.value) : undefined;
      if (lease !== undefined) return { kind: "written", lease };
      if (!answer.ok && isConflict(answer.error)) return { kind: "writeFailed", why: "conflict" };
      onFailure("write", answer.ok ? NO_LEASE : describeApiError(answer.error));
      return { kind: "writeFailed", why: "other" };
    },
    async release(claim) {
      const never = new AbortController().signal;
      const answer = await client.call({ ...writeCall(claim), deadlineMs: RELEASE_DEADLINE_MS }, never);
      if (!answer.ok) onFailure("release", describeApiError(answer.error));
      return answer.ok;
    },
  };
}

const NO_LEASE = "the answer is no Lease";

/** It is not as we saw it: changed, made, or deleted by somebody else. */
function isConflict({ kind }: ApiError): boolean {
  return kind === "conflict" || kind === "alreadyExists" || kind === "notFound";
}
