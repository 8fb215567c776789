// I6: once settled, the operator writes nothing. Renewals of the Lease are its pulse and do not count.

import { LEASE_NAME, type ReplicaWrite } from "./leaders.ts";
import type { Violation } from "./violation.ts";

/** `writes`: all that the API server received in a time in which none was due, refused ones included. */
export function judgeQuiet(
  writes: readonly Omit<ReplicaWrite, "receivedAtUs" | "answeredAtUs">[],
): readonly Violation[] {
  const loud = writes.filter(({ resource, name }) => resource !== "leases" || name !== LEASE_NAME);
  const grouped = Map.groupBy(loud, ({ verb, resource, subresource, namespace, name }) =>
    JSON.stringify([`${namespace}/${name}`, `${verb} ${resource}${subresource === "" ? "" : `/${subresource}`}`]),
  );
  return [...grouped.values()].flatMap((same) =>
    same.slice(0, 1).map((write) => ({
      invariant: "I6" as const,
      object: `${write.namespace}/${write.name}`,
      what: `${same.length} times ${write.verb} ${write.resource} (HTTP ${write.code}) when all was settled`,
    })),
  );
}
