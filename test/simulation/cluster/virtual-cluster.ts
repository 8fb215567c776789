// The objects of a cluster and their history, with the rules of the API server for writes: one counter for all
// versions, no second object of a name, and preconditions that hold. Nothing is ever late here: that is the network's.

import { recordOf, textOf } from "../../../src/core/unknown.ts";
import { nextManagedFields, type OwnedContent } from "./field-ownership.ts";
import { mergePatch, textMap } from "./merge-patch.ts";
import { type ObjectRef, refKey } from "./object-path.ts";
import { type Json, type Meta, Revision } from "./revision.ts";

/** Who changed an object. */
export type Author =
  | { readonly kind: "person" | "garbageCollector" }
  | {
      readonly kind: "operator";
      readonly replica: number;
      /** Counts the lives of the replica's process. */
      readonly life: number;
      readonly sentAtMs: number;
      /** Field manager. */
      readonly manager: string;
    };

export interface Change {
  readonly version: number;
  readonly ref: ObjectRef;
  readonly previous: Revision | undefined;
  /** Undefined: deleted. */
  readonly current: Revision | undefined;
  /** What a watch shows of it: the object, or its last state under the version of its end. */
  readonly shown: Revision;
  readonly author: Author;
}

export type WriteAnswer =
  | { readonly ok: true; readonly revision: Revision }
  | { readonly ok: false; readonly status: number; readonly reason: string; readonly field?: string };

interface ResourceKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Its generation rises with its spec. */
  readonly hasSpec: boolean;
}

const kinds: Readonly<Record<string, ResourceKind>> = {
  secrets: { apiVersion: "v1", kind: "Secret", hasSpec: false },
  namespaces: { apiVersion: "v1", kind: "Namespace", hasSpec: false },
  leases: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", hasSpec: false },
  externalsecrets: { apiVersion: "fairlead.dev/v1", kind: "ExternalSecret", hasSpec: true },
  secretstores: { apiVersion: "fairlead.dev/v1", kind: "SecretStore", hasSpec: true },
  clustersecretstores: { apiVersion: "fairlead.dev/v1", kind: "ClusterSecretStore", hasSpec: true },
};

/** The number of digits changes soon, which is where an order of texts goes wrong. */
const FIRST_VERSION = 960;

export class VirtualCluster {
  readonly #nowMs: () => number;
  readonly #objects = new Map<string, Map<string, Revision>>();
  /** As they were asked for last, until something of them changes. */
  readonly #lists = new Map<string, readonly Revision[]>();
  readonly #history = new Map<string, Change[]>();
  readonly #listeners: ((change: Change) => void)[] = [];
  /** Changes up to this version are forgotten. */
  #compacted = FIRST_VERSION;
  readonly #changed = new Map<string, number>();
  #version = FIRST_VERSION;
  #uids = 0;

  /** `nowMs`: milliseconds since 1970, for timestamps. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get version(): number {
    return this.#version;
  }

  get compactedVersion(): number {
    return this.#compacted;
  }

  /** Version of the last change of the resource. */
  changesOf(plural: string): number {
    return this.#changed.get(plural) ?? 0;
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  get(ref: Omit<ObjectRef, "subresource">): Revision | undefined {
    return this.#objects.get(ref.plural)?.get(refKey(ref));
  }

  /** In the order of their keys, as etcd has them. */
  list(plural: string): readonly Revision[] {
    const known = this.#lists.get(plural);
    if (known !== undefined) return known;
    const sorted = [...(this.#objects.get(plural) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const list = sorted.map(([, revision]) => revision);
    this.#lists.set(plural, list);
    return list;
  }

  /** Undefined: part of them is forgotten. */
  changesSince(plural: string, version: number): readonly Change[] | undefined {
    if (version < this.#compacted) return undefined;
    const changes = this.#history.get(plural) ?? [];
    let first = changes.length;
    while (first > 0 && (changes[first - 1]?.version ?? 0) > version) first -= 1;
    return changes.slice(first);
  }

  /** Forgets the history, as etcd does from time to time. */
  compact(): void {
    this.#compacted = this.#version;
    this.#history.clear();
  }

  /** Something of another resource changed. */
  skipVersion(): void {
    this.#version += 1;
  }

  create(ref: ObjectRef, body: Json, author: Author): WriteAnswer {
    const type = kinds[ref.plural];
    if (type === undefined) return refused(404, "NotFound");
    if (this.get(ref) !== undefined) return refused(409, "AlreadyExists");
    const { apiVersion, kind, metadata, status, ...value } = body;
    const wanted = recordOf(metadata);
    this.#uids += 1;
    const meta: Meta = {
      name: ref.name,
      namespace: ref.namespace,
      uid: `uid-${this.#uids}`,
      resourceVersion: "",
      generation: type.hasSpec ? 1 : 0,
      creationTimestamp: new Date(this.#nowMs()).toISOString().replace(/\.\d+Z$/, "Z"),
      labels: textMap(wanted["labels"]),
      annotations: textMap(wanted["annotations"]),
      ownerReferences: referencesOf(wanted["ownerReferences"]),
      managedFields: [],
    };
    const revision = new Revision(type, meta, value);
    return { ok: true, revision: this.#commit(ref, undefined, owned(undefined, revision, author), author) };
  }

  /** A merge patch; of the status alone where the subresource says so. */
  patch(ref: ObjectRef, body: Json, author: Author): WriteAnswer {
    const current = this.get(ref);
    if (current === undefined) return refused(404, "NotFound");
    const problem = preconditionProblem(current, recordOf(body["metadata"]));
    if (problem !== undefined) return problem;
    const { apiVersion, kind, metadata, status, ...value } = body;
    if (ref.subresource === "status") {
      const next = { ...current.value, status: mergePatch(recordOf(current.value["status"]), recordOf(status)) };
      return this.#update(ref, current, new Revision(current, current.meta, next), author);
    }
    const meta = patchedMeta(current.meta, recordOf(metadata));
    return this.#update(ref, current, new Revision(current, meta, mergePatch(current.value, value)), author);
  }

  replace(ref: ObjectRef, body: Json, author: Author): WriteAnswer {
    const current = this.get(ref);
    if (current === undefined) return refused(404, "NotFound");
    const problem = preconditionProblem(current, recordOf(body["metadata"]));
    if (problem !== undefined) return problem;
    const { apiVersion, kind, metadata, status, ...value } = body;
    return this.#update(ref, current, new Revision(current, current.meta, value), author);
  }

  remove(ref: ObjectRef, preconditions: Json, author: Author): WriteAnswer {
    const current = this.get(ref);
    if (current === undefined) return refused(404, "NotFound");
    const problem = preconditionProblem(current, preconditions);
    if (problem !== undefined) return refused(409, "Conflict");
    return { ok: true, revision: this.#commit(ref, current, undefined, author) };
  }

  #update(ref: ObjectRef, current: Revision, next: Revision, author: Author): WriteAnswer {
    if (isSameMeta(next, current) && isSameValue(next, current)) return { ok: true, revision: current };
    const hasNewSpec = current.meta.generation > 0 && !isSameJson(next.value["spec"], current.value["spec"]);
    const generation = current.meta.generation + (hasNewSpec ? 1 : 0);
    const revision = new Revision(next, { ...next.meta, generation }, next.value);
    return { ok: true, revision: this.#commit(ref, current, owned(current, revision, author), author) };
  }

  #commit(ref: ObjectRef, previous: Revision | undefined, next: Revision | undefined, author: Author): Revision {
    this.#version += 1;
    const current = next?.at(String(this.#version));
    const shown = current ?? previous?.at(String(this.#version));
    if (shown === undefined) throw new Error("nothing to commit");
    const objects = this.#objects.get(ref.plural) ?? new Map<string, Revision>();
    this.#objects.set(ref.plural, objects);
    if (current === undefined) objects.delete(refKey(ref));
    else objects.set(refKey(ref), current);
    this.#lists.delete(ref.plural);
    const change: Change = { version: this.#version, ref, previous, current, shown, author };
    const history = this.#history.get(ref.plural) ?? [];
    this.#history.set(ref.plural, history);
    history.push(change);
    this.#changed.set(ref.plural, this.#version);
    for (const listener of this.#listeners) listener(change);
    return shown;
  }
}

function isSameMeta({ meta: a }: Revision, { meta: b }: Revision): boolean {
  return a === b || isSameJson(a, b);
}

/** What no patch touched is the same object still. */
function isSameValue({ value: a }: Revision, { value: b }: Revision): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSameJson(a[name], b[name]));
}

function isSameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function refused(status: number, reason: string, field?: string): WriteAnswer {
  return { ok: false, status, reason, ...(field === undefined ? {} : { field }) };
}

/** The version is looked at before the uid, whose change counts as invalid: apiserver registry/generic/registry/store.go, Update. */
function preconditionProblem({ meta }: Revision, seen: Json): WriteAnswer | undefined {
  const version = textOf(seen["resourceVersion"]);
  if (version !== undefined && version !== meta.resourceVersion) return refused(409, "Conflict");
  const uid = textOf(seen["uid"]);
  return uid !== undefined && uid !== meta.uid ? refused(422, "Invalid", "metadata.uid") : undefined;
}

function patchedMeta(meta: Meta, patch: Json): Meta {
  return {
    ...meta,
    labels: textMap(mergePatch(meta.labels, recordOf(patch["labels"]))),
    annotations: textMap(mergePatch(meta.annotations, recordOf(patch["annotations"]))),
    ownerReferences:
      patch["ownerReferences"] === undefined ? meta.ownerReferences : referencesOf(patch["ownerReferences"]),
  };
}

function referencesOf(raw: unknown): readonly Json[] {
  return Array.isArray(raw) ? raw.map(recordOf) : [];
}

function owned(before: Revision | undefined, after: Revision, author: Author): Revision {
  if (after.kind !== "Secret") return after;
  const manager = author.kind === "operator" ? author.manager : "kubectl";
  const managedFields = nextManagedFields(after.meta.managedFields, contentOf(before), contentOf(after), manager);
  return new Revision(after, { ...after.meta, managedFields }, after.value);
}

function contentOf(revision: Revision | undefined): OwnedContent {
  if (revision === undefined) return { data: {}, labels: {}, annotations: {} };
  const { labels, annotations } = revision.meta;
  return { data: textMap(revision.value["data"]), labels, annotations };
}
