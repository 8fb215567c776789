import { expect, test } from "vitest";
import type { JsonRecord } from "../../testbed/json.ts";
import type { OperationCounts } from "../oracle/counts.ts";
import type { Revision } from "../oracle/revision.ts";
import { differences, type Outcome } from "./comparison.ts";
import { endStateOf } from "./end-state.ts";

const NAMESPACE = "team-1";

function revision(prefix: string, object: JsonRecord, more: Partial<Revision> = {}): Revision {
  return {
    kind: "Secret",
    change: "ADDED",
    namespace: NAMESPACE,
    name: `${prefix}one`,
    uid: "0d7a6c11-9d0a-4d0b-8f3e-2f6a3c1f0001",
    order: 1,
    seenAtMs: 0,
    object,
    data: new Map(),
    ...more,
  };
}

function stateOf(prefix: string, ...revisions: readonly Revision[]) {
  return endStateOf(revisions, { namespace: NAMESPACE, prefix });
}

function outcome(object: JsonRecord, counts: Readonly<Record<string, Partial<OperationCounts>>> = {}): Outcome {
  const none = { created: 0, changed: 0, deleted: 0 };
  const full = Object.entries(counts).map(([id, count]): [string, OperationCounts] => [id, { ...none, ...count }]);
  return { endState: new Map([["Secret/one", object]]), counts: new Map(full) };
}

test("two runs end in the same state though uids, times, versions and the beginning of names differ", () => {
  const objectOf = (prefix: string, uid: string, second: number): JsonRecord => ({
    metadata: {
      name: `${prefix}one`,
      uid,
      resourceVersion: String(second),
      creationTimestamp: `2026-01-01T00:00:0${second}Z`,
      ownerReferences: [{ kind: "ExternalSecret", name: `${prefix}one`, uid }],
      annotations: { "fairlead.dev/force-sync": String(second) },
    },
    status: {
      conditions: [{ message: `store ${prefix}store`, lastTransitionTime: `2026-01-01T00:00:0${second}.5Z` }],
      createdFor: uid,
    },
  });
  const first = stateOf("r1-", revision("r1-", objectOf("r1-", "0d7a6c11-9d0a-4d0b-8f3e-2f6a3c1f0001", 1)));
  const second = stateOf("r2-", revision("r2-", objectOf("r2-", "5d7a6c11-9d0a-4d0b-8f3e-2f6a3c1f0002", 2)));
  const counts = new Map();
  expect(differences({ endState: first, counts }, { endState: second, counts })).toEqual([]);
});

test("the state holds what is there in the end, with the values of Secrets", () => {
  const kept = revision("r1-", { metadata: {} }, { data: new Map([["password", "made up"]]) });
  const gone = revision("r1-", {}, { name: "r1-two", change: "DELETED" });
  const other = revision("r2-", {});
  expect(stateOf("r1-", kept, gone, other)).toEqual(
    new Map([["Secret/one", { data: { password: "made up" }, metadata: {} }]]),
  );
});

test.each([
  { given: "nothing", found: outcome({ type: "Opaque" }), wanted: [] },
  {
    given: "another field",
    found: outcome({ type: "tls" }),
    wanted: ['Secret/one.type is "tls", not "Opaque"'],
  },
  { given: "an object less", found: { ...outcome({}), endState: new Map() }, wanted: ["Secret/one is not there"] },
  {
    given: "an object more",
    found: { ...outcome({}), endState: new Map([...outcome({ type: "Opaque" }).endState, ["Secret/two", {}]]) },
    wanted: ["Secret/two is there"],
  },
])("what differs is said: $given", ({ found, wanted }) => {
  expect(differences(outcome({ type: "Opaque" }), found)).toEqual(wanted);
});

test.each([
  { given: "a Secret created twice", id: "Secret/one", count: { created: 2, changed: 1 }, differs: true },
  { given: "a Secret changed once more", id: "Secret/one", count: { created: 1, changed: 2 }, differs: true },
  { given: "a Secret deleted", id: "Secret/one", count: { created: 1, changed: 1, deleted: 1 }, differs: true },
  { given: "a status written once more", id: "ExternalSecret/one", count: { created: 1, changed: 2 }, differs: false },
  { given: "an Event that is lost", id: "Event/SecretSynced/one", count: {}, differs: false },
  { given: "an Event that came twice", id: "Event/SecretSynced/one", count: { created: 2 }, differs: true },
])("operations are counted: $given", ({ id, count, differs }) => {
  const reference = outcome({}, { [id]: id.startsWith("Event/") ? { created: 1 } : { created: 1, changed: 1 } });
  expect(differences(reference, outcome({}, { [id]: count }))).toHaveLength(differs ? 1 : 0);
});

test("an Event that a restart makes once more is allowed by name", () => {
  const id = "Event/SecretNotFound/three";
  const [once, twice] = [outcome({}, { [id]: { created: 1 } }), outcome({}, { [id]: { created: 2 } })];
  expect(differences(once, twice)).toHaveLength(1);
  expect(differences(once, twice, new Set([id]))).toEqual([]);
});
