// Records every revision of every object that the invariants are about, directly from the API server. Judges nothing.

import { isRecord, type JsonRecord, listAt, optionalTextAt, textAt, valueAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import type { Rig } from "../../testbed/rig.ts";
import { waitUntil } from "../../testbed/wait-until.ts";
import { countOperations, type OperationCounts } from "./counts.ts";
import { recordedKinds, type RecordedKind, type Revision } from "./revision.ts";
import { followResource, type WatchedChange } from "./watch-stream.ts";

export interface Recorder extends AsyncDisposable {
  /** All revisions since it started, what it found then (as ADDED) included, in order of commit. */
  revisions(): readonly Revision[];
  /** Those of one object. */
  of(kind: RecordedKind, namespace: string, name: string): readonly Revision[];
  /** The newest state of an object as far as recorded; undefined: there is none. */
  current(kind: RecordedKind, namespace: string, name: string): Revision | undefined;
  /** Waits until all that was committed before this call is recorded. */
  caughtUp(): Promise<void>;
  /** How often the objects of a namespace were created, changed and deleted: see counts.ts. */
  counts(namespace: string): ReadonlyMap<string, OperationCounts>;
  /** How often it had to list again, because the API server no longer knew what lay between: revisions may be missing. */
  readonly gaps: number;
  stop(): Promise<void>;
}

const CAUGHT_UP_TIMEOUT_MS = 30_000;
const kinds: readonly RecordedKind[] = [
  "Secret",
  "Event",
  "Lease",
  "ExternalSecret",
  "SecretStore",
  "ClusterSecretStore",
];

/** Returns when it has the first state of all kinds. */
export async function startRecorder(rig: Pick<Rig, "api" | "handle">): Promise<Recorder> {
  const tape = createTape();
  const ended = new AbortController();
  let gaps = 0;
  const listed = kinds.map((kind) => {
    const first = Promise.withResolvers<undefined>();
    const running = followResource({
      server: rig.handle.kubernetes,
      api: rig.api,
      path: recordedKinds[kind],
      signal: ended.signal,
      onChange: (change) => tape.note(kind, change),
      onList: (objects, isFirst) => {
        if (!isFirst) gaps += 1;
        tape.compare(kind, objects);
        first.resolve(undefined);
      },
    });
    return { first: first.promise, running };
  });
  await Promise.all(listed.map(({ first }) => first));
  const stop = async (): Promise<void> => {
    ended.abort();
    await Promise.all(listed.map(({ running }) => running));
  };
  return {
    revisions: tape.revisions,
    of: tape.of,
    current: (kind, namespace, name) => {
      const last = tape.of(kind, namespace, name).at(-1);
      return last?.change === "DELETED" ? undefined : last;
    },
    caughtUp: () => catchUp(rig, tape),
    counts: (namespace) => countOperations(tape.revisions(), namespace),
    get gaps() {
      return gaps;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Tape {
  revisions(): readonly Revision[];
  of(kind: RecordedKind, namespace: string, name: string): readonly Revision[];
  note(kind: RecordedKind, change: WatchedChange): void;
  /** Notes what a list shows to have happened since. */
  compare(kind: RecordedKind, objects: readonly JsonRecord[]): void;
  /** Whether everything that a list shows is recorded. */
  covers(kind: RecordedKind, objects: readonly JsonRecord[], listOrder: number): boolean;
}

function createTape(): Tape {
  const all: Revision[] = [];
  const byObject = new Map<string, Revision[]>();
  const keep = (revision: Revision): void => {
    const id = idOf(revision.kind, revision.namespace, revision.name);
    const known = byObject.get(id) ?? [];
    // After a list the watch may show once more what the list has shown.
    if ((known.at(-1)?.order ?? 0) >= revision.order) return;
    known.push(revision);
    byObject.set(id, known);
    all.push(revision);
  };
  const last = (kind: RecordedKind, object: JsonRecord): Revision | undefined =>
    byObject.get(idOf(kind, namespaceOf(object), textAt(object, "metadata", "name")))?.at(-1);
  const missingIn = (kind: RecordedKind, objects: readonly JsonRecord[]): readonly Revision[] => {
    const uids = new Set(objects.map((object) => optionalTextAt(object, "metadata", "uid")));
    const newest = [...byObject.values()].flatMap((known) => known.slice(-1));
    return newest.filter(
      (revision) => revision.kind === kind && revision.change !== "DELETED" && !uids.has(revision.uid),
    );
  };
  return {
    revisions: () => all.toSorted((one, other) => one.order - other.order),
    of: (kind, namespace, name) => [...(byObject.get(idOf(kind, namespace, name)) ?? [])],
    note: (kind, change) => keep(revisionOf(kind, change)),
    compare(kind, objects) {
      for (const gone of missingIn(kind, objects)) {
        keep({ ...gone, change: "DELETED", order: gone.order + UNSEEN_DELETION, seenAtMs: Date.now() });
      }
      for (const object of objects) {
        const known = last(kind, object);
        const change = known === undefined || known.change === "DELETED" ? "ADDED" : "MODIFIED";
        keep(revisionOf(kind, { change, object }));
      }
    },
    covers: (kind, objects, listOrder) =>
      missingIn(kind, objects).every(({ order }) => order > listOrder) &&
      objects.every((object) => (last(kind, object)?.order ?? 0) >= orderOf(object)),
  };
}

/** A list that shows something gone does not say when: at some time after its last known revision. */
const UNSEEN_DELETION = 0.5;

function revisionOf(kind: RecordedKind, { change, object }: WatchedChange): Revision {
  const isSecret = kind === "Secret";
  const metadata = without(recordAt(object, "metadata"), "managedFields");
  // kubectl apply copies the data of Secrets that people make into an annotation: not the operator's doing.
  const annotations = without(recordAt(metadata, "annotations"), "kubectl.kubernetes.io/last-applied-configuration");
  return {
    kind,
    change,
    namespace: namespaceOf(object),
    name: textAt(object, "metadata", "name"),
    uid: textAt(object, "metadata", "uid"),
    order: orderOf(object),
    seenAtMs: Date.now(),
    object: { ...(isSecret ? without(object, "data") : object), metadata: { ...metadata, annotations } },
    data: isSecret ? decoded(recordAt(object, "data")) : new Map(),
  };
}

function without(record: JsonRecord, field: string): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
}

function decoded(data: JsonRecord): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(String(text), "base64").toString("utf8")]),
  );
}

function recordAt(value: unknown, field: string): JsonRecord {
  const found = valueAt(value, field);
  return isRecord(found) ? found : {};
}

function orderOf(object: JsonRecord): number {
  return Number(textAt(object, "metadata", "resourceVersion"));
}

function namespaceOf(object: JsonRecord): string {
  return optionalTextAt(object, "metadata", "namespace") ?? "";
}

function idOf(kind: RecordedKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** A list is consistent: what it shows was committed before this call, and nothing that was is absent from it. */
async function catchUp({ api }: Pick<Rig, "api">, tape: Tape): Promise<void> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const answer = await ok(api.get(recordedKinds[kind]));
      return {
        kind,
        objects: listAt(answer, "items").filter(isRecord),
        order: orderOf({ metadata: valueAt(answer, "metadata") }),
      };
    }),
  );
  const probe = (): Promise<true | undefined> =>
    Promise.resolve(lists.every(({ kind, objects, order }) => tape.covers(kind, objects, order)) ? true : undefined);
  await waitUntil("the recorder has caught up", probe, { timeoutMs: CAUGHT_UP_TIMEOUT_MS, intervalMs: 10 });
}
