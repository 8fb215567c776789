// How often each object was made, changed and deleted: Sieve's second oracle. A disturbed run is compared with the
// undisturbed one; what differs, beyond what the fault explains, was done twice or not at all.

import type { RecordedKind, Revision } from "./revision.ts";

export interface OperationCounts {
  readonly created: number;
  readonly changed: number;
  readonly deleted: number;
}

const KINDS: readonly RecordedKind[] = ["Secret", "ExternalSecret", "Event"];

/** Of one namespace, by KIND/NAME; an Event counts under its reason and the name of its object. */
export function countOperations(
  revisions: readonly Revision[],
  namespace: string,
): ReadonlyMap<string, OperationCounts> {
  const own = revisions.filter((revision) => revision.namespace === namespace && KINDS.includes(revision.kind));
  const grouped = Map.groupBy(own, (revision) => `${revision.kind}/${nameOf(revision)}`);
  return new Map([...grouped].map(([id, all]) => [id, countsOf(all)]));
}

function nameOf({ kind, name, object }: Revision): string {
  const involved = object["involvedObject"];
  const about = typeof involved === "object" && involved !== null && "name" in involved ? String(involved.name) : name;
  return kind === "Event" ? `${String(object["reason"])}/${about}` : name;
}

function countsOf(revisions: readonly Revision[]): OperationCounts {
  const count = (change: Revision["change"]): number =>
    revisions.filter((revision) => revision.change === change).length;
  return { created: count("ADDED"), changed: count("MODIFIED"), deleted: count("DELETED") };
}
