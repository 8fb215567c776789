// I4: two leaders never write. Who wrote is told by the credential of each replica in the API server's audit log, which
// the operator cannot choose; what the Lease said is told by its revisions. A write counts only if it was committed.
//
// A write of replica A is wrong if it reached the API server after the Lease was somebody else's: after another replica's
// write to the Lease was answered, or after A's own release of it was seen, and before A's next write to the Lease.
// Arrival is what is compared, because a write on its way when the Lease changes hands is caught by its preconditions.

import { optionalTextAt, valueAt } from "../../testbed/json.ts";
import type { Revision } from "./revision.ts";
import type { Violation } from "./violation.ts";

/** A write that a replica sent and that reached the API server. */
export interface ReplicaWrite {
  readonly replica: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** HTTP status. */
  readonly code: number;
  /** Microseconds since 1970, by the API server's clock. */
  readonly receivedAtUs: number;
  readonly answeredAtUs: number;
}

export const LEASE_NAME = "fairlead";

const FIRST_REFUSAL = 400;
const US_PER_MS = 1000;

/** Without any write to the Lease nobody elects: nothing is judged. */
export function judgeLeaders(writes: readonly ReplicaWrite[], revisions: readonly Revision[]): readonly Violation[] {
  const committed = writes.filter(({ code }) => code < FIRST_REFUSAL);
  const leases = committed.filter(isLeaseWrite).toSorted((one, other) => one.answeredAtUs - other.answeredAtUs);
  const releases = releasesOf(revisions);
  if (leases.length === 0) return [];
  return [
    ...committed.filter((write) => !isLeaseWrite(write)).flatMap((write) => misdeed(write, leases, releases)),
    ...judgeTransitions(revisions),
  ];
}

function isLeaseWrite({ resource, name, verb }: ReplicaWrite): boolean {
  return resource === "leases" && (name === LEASE_NAME || verb === "create");
}

function misdeed(
  write: ReplicaWrite,
  leases: readonly ReplicaWrite[],
  releases: readonly Release[],
): readonly Violation[] {
  const held = leases.findLast(({ answeredAtUs }) => answeredAtUs <= write.receivedAtUs);
  // Its own write to the Lease may be on its way: it was received before, and will be answered.
  const isBecoming = leases.some(
    (lease) =>
      lease.replica === write.replica &&
      lease.receivedAtUs <= write.receivedAtUs &&
      lease.answeredAtUs >= write.receivedAtUs,
  );
  if (isBecoming) return [];
  const object = `${write.namespace}/${write.name}`;
  const doing = `${write.replica} wrote (${write.verb} ${write.resource}${write.subresource === "" ? "" : `/${write.subresource}`})`;
  if (held === undefined) return [{ invariant: "I4", object, what: `${doing} before anybody held the Lease` }];
  if (held.replica !== write.replica) {
    return [{ invariant: "I4", object, what: `${doing} while ${held.replica} held the Lease` }];
  }
  const released = releases.find(
    (release) =>
      release.replica === write.replica &&
      release.seenAtUs > held.receivedAtUs &&
      release.seenAtUs < write.receivedAtUs,
  );
  return released === undefined ? [] : [{ invariant: "I4", object, what: `${doing} after it had released the Lease` }];
}

interface Release {
  readonly replica: string;
  /** At or after its commit. */
  readonly seenAtUs: number;
}

function releasesOf(revisions: readonly Revision[]): readonly Release[] {
  const leases = leaseRevisions(revisions);
  return leases.flatMap((lease, index) => {
    const before = leases[index - 1];
    const replica = before === undefined ? "" : holderOf(before);
    return holderOf(lease) === "" && replica !== "" ? [{ replica, seenAtUs: lease.seenAtMs * US_PER_MS }] : [];
  });
}

/** The holder changes only together with `leaseTransitions`. A Lease that is made anew starts again. */
function judgeTransitions(revisions: readonly Revision[]): readonly Violation[] {
  const byUid = Map.groupBy(leaseRevisions(revisions), ({ uid }) => uid);
  return [...byUid.values()].flatMap(judgeTransitionsOf);
}

function judgeTransitionsOf(leases: readonly Revision[]): readonly Violation[] {
  return leases.flatMap((lease, index): readonly Violation[] => {
    const before = leases[index - 1];
    if (before === undefined || holderOf(lease) === "" || holderOf(lease) === lastHolder(leases.slice(0, index))) {
      return [];
    }
    const rise = transitionsOf(lease) - transitionsOf(before);
    const object = `${lease.namespace}/${lease.name}`;
    const what = `its holder became ${holderOf(lease)} with leaseTransitions rising by ${rise}`;
    return rise === 1 ? [] : [{ invariant: "I4", object, what, at: lease.order }];
  });
}

function leaseRevisions(revisions: readonly Revision[]): readonly Revision[] {
  return revisions
    .filter(({ kind, name, change }) => kind === "Lease" && name === LEASE_NAME && change !== "DELETED")
    .toSorted((one, other) => one.order - other.order);
}

function lastHolder(leases: readonly Revision[]): string {
  return leases.map(holderOf).findLast((holder) => holder !== "") ?? "";
}

function holderOf(lease: Revision): string {
  return optionalTextAt(lease.object, "spec", "holderIdentity") ?? "";
}

function transitionsOf(lease: Revision): number {
  return Number(valueAt(lease.object, "spec", "leaseTransitions") ?? 0);
}
