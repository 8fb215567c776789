// A cluster in memory for the few calls that reconcilers make: it keeps objects, resourceVersions and who wrote which
// field, checks preconditions, and counts writes. Its watch is a callback, so that a test decides when news arrives.

import { failed, ok, type Result } from "../../src/core/result.ts";
import { recordOf } from "../../src/core/unknown.ts";
import { type ApiError, errorFromFailure, errorFromStatus } from "../../src/kubernetes/api-error.ts";
import type { ApiCall, KubernetesClient } from "../../src/kubernetes/rest-client.ts";
import { noStatusFacts, type StatusReason } from "../../src/kubernetes/status-body.ts";

export type Json = Record<string, unknown>;
type Answer = Result<unknown, ApiError>;

const STATUS_REASONS: ReadonlyMap<number, StatusReason> = new Map([
  [403, "Forbidden"],
  [404, "NotFound"],
  [409, "Conflict"],
  [422, "Invalid"],
]);
const FIELDS = ["labels", "annotations"] as const;

export interface Backup {
  readonly objects: ReadonlyMap<string, Json>;
  readonly version: number;
}

export class FakeCluster implements KubernetesClient {
  readonly objects = new Map<string, Json>();
  /** `METHOD kind/name` of each write that was sent. */
  readonly writes: string[] = [];
  /** The same of each read, with `metadata` behind it where no more was asked for. */
  readonly reads: string[] = [];
  /** Told of each change: the object, or its last state when it went. */
  onChange: (path: string, previous: Json | undefined, current: Json | undefined) => void = () => undefined;
  /** Answers instead of the cluster, once, when it returns something. */
  intercept: (call: ApiCall) => Answer | undefined = () => undefined;
  /** True: what was asked is done, but the answer is lost. */
  loses: (call: ApiCall) => boolean = () => false;
  /** A mutating admission webhook: gives an object that a write makes another content. */
  admit: (path: string, object: Json) => Json = (_, object) => object;
  #version = 100;

  call(call: ApiCall): Promise<Answer> {
    const sent = `${call.method} ${call.path.split("/").slice(-2).join("/")}`;
    if (call.method !== "GET") this.writes.push(sent);
    else this.reads.push(call.accept?.includes("PartialObjectMetadata") === true ? `${sent} metadata` : sent);
    const answer = this.intercept(call) ?? this.#answer(call);
    return Promise.resolve(this.loses(call) ? unanswered(call) : structuredClone(answer));
  }

  watch(): never {
    throw new Error("the fake cluster has no watch");
  }

  close(): void {
    // Nothing is open.
  }

  get(path: string): Json | undefined {
    return this.objects.get(path);
  }

  /** As kubectl would: creates or merges, as field manager `kubectl`. */
  apply(path: string, object: Json): Json {
    const existing = this.objects.get(path);
    const value = existing === undefined ? this.#created(path, object) : this.#merged(existing, object);
    return this.#store(path, this.#owned(value, object, "kubectl"));
  }

  remove(path: string): void {
    const previous = this.objects.get(path);
    if (previous === undefined) return;
    this.objects.delete(path);
    this.#version += 1;
    const gone = { ...previous, metadata: { ...recordOf(previous["metadata"]), resourceVersion: `${this.#version}` } };
    this.onChange(path, gone, undefined);
  }

  /** All objects as they are now, to go back to. */
  backup(): Backup {
    return { objects: new Map(this.objects), version: this.#version };
  }

  /** As etcd from a backup: versions go back too. Tells what a relist would. */
  restore({ objects, version }: Backup): void {
    const before = new Map(this.objects);
    this.objects.clear();
    for (const [path, object] of objects) this.objects.set(path, object);
    this.#version = version;
    for (const path of new Set([...before.keys(), ...objects.keys()])) {
      const [previous, current] = [before.get(path), objects.get(path)];
      if (previous !== current) this.onChange(path, previous, current);
    }
  }

  #answer({ method, path, body, query }: ApiCall): Answer {
    const manager = String(query?.["fieldManager"] ?? "unknown");
    const target = path.replace(/\/status$/, "");
    const existing = this.objects.get(target);
    if (method === "POST") return this.#create(path, recordOf(body), manager);
    if (existing === undefined) return refused(404);
    switch (method) {
      case "GET":
        return ok(existing);
      case "DELETE":
        return this.#delete(target, recordOf(recordOf(body)["preconditions"]));
      case "PATCH":
      case "PUT":
        return this.#patch({ target, existing, body: recordOf(body), manager, isStatus: target !== path });
    }
  }

  #create(collection: string, body: Json, manager: string): Answer {
    if (collection.endsWith("/events")) return ok(body);
    const path = `${collection}/${String(recordOf(body["metadata"])["name"])}`;
    if (this.objects.has(path)) return refused(409, "AlreadyExists");
    return ok(this.#store(path, this.#owned(this.admit(path, this.#created(path, body)), body, manager)));
  }

  #patch(patch: { target: string; existing: Json; body: Json; manager: string; isStatus: boolean }): Answer {
    const { target, existing, body, manager } = patch;
    const [seen, live] = [recordOf(body["metadata"]), recordOf(existing["metadata"])];
    if (seen["uid"] !== undefined && seen["uid"] !== live["uid"]) return refused(409, "Conflict");
    if (seen["resourceVersion"] !== undefined && seen["resourceVersion"] !== live["resourceVersion"])
      return refused(409, "Conflict");
    const merged = this.#merged(existing, body);
    const next = patch.isStatus ? merged : this.admit(target, merged);
    if (JSON.stringify(next) === JSON.stringify(existing)) return ok(existing);
    return ok(this.#store(target, patch.isStatus ? next : this.#owned(next, body, manager, existing)));
  }

  #delete(path: string, seen: Json): Answer {
    const live = recordOf(this.objects.get(path)?.["metadata"]);
    if (seen["uid"] !== live["uid"] || seen["resourceVersion"] !== live["resourceVersion"])
      return refused(409, "Conflict");
    this.remove(path);
    return ok({});
  }

  #created(path: string, object: Json): Json {
    const metadata = { uid: `uid-${this.#version}`, creationTimestamp: "2026-01-01T00:00:00Z", generation: 1 };
    return { ...object, metadata: { ...metadata, name: path.split("/").at(-1), ...recordOf(object["metadata"]) } };
  }

  #merged(existing: Json, patch: Json): Json {
    return recordOf(mergePatch(existing, patch));
  }

  /** managedFields as the API server keeps them: who changed a value owns it, who wrote an equal one does not. */
  #owned(next: Json, body: Json, manager: string, before?: Json): Json {
    const metadata = recordOf(next["metadata"]);
    const entries = new Map(
      (Array.isArray(metadata["managedFields"]) ? metadata["managedFields"] : [])
        .map(recordOf)
        .map((entry) => [String(entry["manager"]), new Set(Object.keys(recordOf(entry["names"])))]),
    );
    const previous = flatFields(before ?? {});
    for (const [field, value] of flatFields(next)) {
      if (previous.get(field) === value || (before !== undefined && !flatFields(body).has(field))) continue;
      for (const names of entries.values()) names.delete(field);
      entries.set(manager, (entries.get(manager) ?? new Set<string>()).add(field));
    }
    const live = flatFields(next);
    const managedFields = [...entries].map(([name, names]) =>
      managedEntry(
        name,
        [...names].filter((field) => live.has(field)),
      ),
    );
    return { ...next, metadata: { ...metadata, managedFields } };
  }

  #store(path: string, value: Json): Json {
    const previous = this.objects.get(path);
    this.#version += 1;
    const current = { ...value, metadata: { ...recordOf(value["metadata"]), resourceVersion: `${this.#version}` } };
    this.objects.set(path, current);
    this.onChange(path, previous, current);
    return current;
  }
}

/** The connection broke after the request was sent. */
export function unanswered({ method }: Pick<ApiCall, "method">): Answer {
  return failed(errorFromFailure("unavailable", "reset", method !== "GET"));
}

export function refused(status: number, reason = STATUS_REASONS.get(status)): Answer {
  return failed(errorFromStatus(status, { ...noStatusFacts, reason }, { write: true }));
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(recordOf(target)));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function flatFields(object: Json): Map<string, unknown> {
  const metadata = recordOf(object["metadata"]);
  const maps = [{ name: "data", fields: object["data"] }, ...FIELDS.map((name) => ({ name, fields: metadata[name] }))];
  return new Map(
    maps.flatMap(({ name, fields }) =>
      Object.entries(recordOf(fields)).map(([key, value]): [string, unknown] => [`${name} ${key}`, value]),
    ),
  );
}

function managedEntry(manager: string, fields: readonly string[]): Json {
  const set = (kind: string): Json =>
    Object.fromEntries(
      fields.filter((f) => f.startsWith(`${kind} `)).map((f) => [`f:${f.slice(kind.length + 1)}`, {}]),
    );
  return {
    manager,
    names: Object.fromEntries(fields.map((field) => [field, true])),
    fieldsV1: {
      "f:data": set("data"),
      "f:metadata": { "f:labels": set("labels"), "f:annotations": set("annotations") },
    },
  };
}
