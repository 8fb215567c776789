// What the operators wrote, from the API server's audit log: each write with the replica whose token it bore.

import type { AuditMark } from "../../testbed/audit-trail.ts";
import type { KubernetesRequest } from "../../testbed/kubernetes-audit.ts";
import type { Rig } from "../../testbed/rig.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import { LEASE_NAME, type ReplicaWrite } from "../oracle/leaders.ts";

const WRITES = ["create", "update", "patch", "delete", "deletecollection"];
/** Asking for a token changes nothing in the cluster. */
const NO_WRITES = ["token"];
const US_PER_MS = 1000;
const POLL_MS = 250;

export function replicaWrites(
  requests: readonly KubernetesRequest[],
  replicaOfToken: ReadonlyMap<string, string>,
): readonly ReplicaWrite[] {
  return requests.flatMap((request) => {
    const replica = replicaOfToken.get(request.tokenId);
    if (replica === undefined || !WRITES.includes(request.verb) || NO_WRITES.includes(request.subresource)) return [];
    const { verb, resource, subresource, namespace, name, code } = request;
    const receivedAtUs = microseconds(request.at);
    const answeredAtUs = microseconds(request.answeredAt);
    return [{ replica, verb, resource, subresource, namespace, name, code, receivedAtUs, answeredAtUs }];
  });
}

/** `2026-01-31T12:00:00.123456Z`; Date knows milliseconds only. */
export function microseconds(time: string): number {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? "";
  const [seconds = ""] = time.split(/[.Z]/);
  return Date.parse(`${seconds}Z`) * US_PER_MS + Number(fraction.padEnd(6, "0").slice(0, 6));
}

export interface QuietOptions {
  readonly quietMs: number;
  readonly timeoutMs: number;
}

/** Waits until there was no write, renewals of the Lease aside, for so long. Throws with the last ones. */
export async function waitQuiet(
  rig: Pick<Rig, "audit">,
  replicaOfToken: ReadonlyMap<string, string>,
  { quietMs, timeoutMs }: QuietOptions,
): Promise<void> {
  let from: AuditMark = await rig.audit.kubernetes.mark();
  let lastWriteMs = performance.now();
  let seen: readonly ReplicaWrite[] = [];
  const probe = async (): Promise<true | undefined> => {
    const to = await rig.audit.kubernetes.mark();
    const fresh = replicaWrites(await rig.audit.kubernetes.between(from, to), replicaOfToken).filter(isNoRenewal);
    from = to;
    if (fresh.length > 0) lastWriteMs = performance.now();
    seen = [...seen, ...fresh];
    return performance.now() - lastWriteMs >= quietMs ? true : undefined;
  };
  try {
    await waitUntil(`${quietMs} ms without a write`, probe, { timeoutMs: quietMs + timeoutMs, intervalMs: POLL_MS });
  } catch (cause) {
    const shown = seen.slice(-10).map(({ verb, resource, subresource, namespace, name, code }) => {
      return `${verb} ${resource}/${subresource} ${namespace}/${name} ${code}`;
    });
    throw new Error(`The operator does not come to rest; it last wrote: ${shown.join("; ")}`, { cause });
  }
}

function isNoRenewal({ resource, name }: ReplicaWrite): boolean {
  return resource !== "leases" || name !== LEASE_NAME;
}
