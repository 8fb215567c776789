// What is looked at when a scenario is over: whether all is settled and quiet, and then all that was recorded.

import { computeKstatus } from "../../testbed/kstatus.ts";
import type { NamedText } from "../../testbed/leaks.ts";
import type { Rig } from "../../testbed/rig.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import type { FaultWorld, Workload } from "../fault-world.ts";
import { judgeHistory, judgeLeaks } from "../oracle/judge.ts";
import { judgeLeaders, type ReplicaWrite } from "../oracle/leaders.ts";
import type { RemoteHistory } from "../oracle/remote-history.ts";
import { controllerUid, objectId, type Revision } from "../oracle/revision.ts";
import type { Invariant, Violation } from "../oracle/violation.ts";

const GARBAGE_COLLECTED_MS = 60_000;
const QUIET_MS = 5_000;

/** I3 and I6: converges, comes to rest, and leaves nothing behind. The operators still run. */
export async function judgeSettling(
  world: FaultWorld,
  workloads: readonly Workload[],
  namespaces: ReadonlySet<string>,
): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const attempt = async (invariant: Invariant, object: string, act: () => Promise<unknown>): Promise<void> => {
    await act().catch((error: unknown) => violations.push({ invariant, object, what: messageOf(error) }));
  };
  for (const load of workloads) await attempt("I3", load.team.namespace, () => load.settled());
  await attempt("I6", "the operator", () => world.quiesce(QUIET_MS));
  await attempt("I3", "Secrets without their ExternalSecret", () => waitNoOrphans(world, namespaces));
  return violations;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function waitNoOrphans({ recorder }: FaultWorld, namespaces: ReadonlySet<string>): Promise<void> {
  const probe = (): Promise<true | undefined> => {
    const newest = newestOf(recorder.revisions().filter(({ namespace }) => namespaces.has(namespace)));
    const live = new Set(newest.filter(({ kind }) => kind === "ExternalSecret").map(({ uid }) => uid));
    const orphans = newest.filter((revision) => revision.kind === "Secret" && isOrphan(revision, live));
    return Promise.resolve(orphans.length === 0 ? true : undefined);
  };
  await waitUntil("garbage collection has removed them", probe, { timeoutMs: GARBAGE_COLLECTED_MS });
}

function isOrphan(secret: Revision, live: ReadonlySet<string>): boolean {
  const uid = controllerUid(secret);
  return uid !== undefined && !live.has(uid);
}

function newestOf(revisions: readonly Revision[]): readonly Revision[] {
  const byObject = Map.groupBy(revisions, (revision) => `${revision.kind}/${objectId(revision)}`);
  return [...byObject.values()].flatMap((all) => all.slice(-1)).filter(({ change }) => change !== "DELETED");
}

export interface Recorded {
  readonly rig: Rig;
  readonly world: Pick<FaultWorld, "recorder" | "expect" | "canary">;
  readonly remotes: RemoteHistory;
  readonly namespaces: ReadonlySet<string>;
  readonly writes: readonly ReplicaWrite[];
  /** Logs and metrics of the operators. */
  readonly outputs: readonly NamedText[];
  /** Requests with a value in the wrong place. */
  readonly leakingRequests: readonly string[];
  readonly isSettled: boolean;
}

/** All other invariants, by what was recorded. */
export async function judgeRecorded(recorded: Recorded): Promise<readonly Violation[]> {
  const { world, remotes, namespaces, isSettled } = recorded;
  await world.recorder.caughtUp();
  const all = world.recorder.revisions();
  const revisions = all.filter(({ namespace, kind }) => namespaces.has(namespace) && kind !== "Lease");
  const kstatus = await kstatusOf(recorded.rig, revisions);
  const leaks = recorded.leakingRequests.map((object): Violation => {
    return { invariant: "I8", object, what: "the request holds the value of a secret" };
  });
  return [
    ...judgeHistory({ revisions, remotes, expected: world.expect, isSettled, kstatus }),
    ...judgeLeaders(recorded.writes, all),
    ...judgeLeaks([...recorded.outputs, ...textsOf(revisions)], world.canary),
    ...leaks,
  ];
}

async function kstatusOf(rig: Rig, revisions: readonly Revision[]): Promise<ReadonlyMap<Revision, string>> {
  const asked = revisions.filter(({ kind, change }) => kind === "ExternalSecret" && change !== "DELETED");
  if (asked.length === 0) return new Map();
  const verdicts = await computeKstatus(
    rig.handle.binaries,
    asked.map(({ object }) => object),
  );
  return new Map(asked.map((revision, index) => [revision, verdicts[index]?.status ?? ""]));
}

/** Everything but the data of Secrets, once for each object. */
function textsOf(revisions: readonly Revision[]): readonly NamedText[] {
  const byObject = Map.groupBy(revisions, (revision) => `${revision.kind} ${objectId(revision)}`);
  return [...byObject].map(([where, same]) => ({
    where,
    text: same.map(({ object }) => JSON.stringify(object)).join("\n"),
  }));
}
