// One collection of an API server as a model: objects, their history and its compaction, lists in pages, streams, and
// streamed lists that it serves, ignores or refuses. Nothing moves unless the test says so; what was given up goes on
// talking. The state at each version stays known, so that a cache can be compared with what was true at its version.

import { failed, ok, type Result } from "../../src/core/result.ts";
import type { ApiError } from "../../src/kubernetes/api-error.ts";
import type { ApiCall, KubernetesClient, WatchCall, WatchHandlers } from "../../src/kubernetes/rest-client.ts";
import { httpError, networkError } from "./scripted-client.ts";

/** Version by name. */
export type ModelState = ReadonlyMap<string, number>;

interface ModelStream {
  readonly handlers: WatchHandlers;
  readonly signal: AbortSignal;
  readonly resolve: (end: Result<undefined, ApiError>) => void;
  /** Sends only what is newer. */
  readonly fromVersion: number;
  readonly waiting: string[];
  readonly sent: string[];
  /** The next bookmark is the one that ends the initial events. */
  endDue: boolean;
}

interface Opening {
  readonly fromVersion: number;
  readonly waiting: string[] | ApiError;
  readonly endDue?: boolean;
}

interface ModelCall {
  readonly call: ApiCall;
  readonly signal: AbortSignal;
  readonly resolve: (answer: Result<unknown, ApiError>) => void;
}

interface ModelChange {
  readonly version: number;
  readonly type: string;
  readonly name: string;
}

export class ModelApiServer {
  streamedLists: "served" | "ignored" | "refused" = "served";
  down = false;
  #version = 10;
  #objects: ModelState = new Map();
  #history: readonly ModelChange[] = [];
  readonly #states = new Map<number, ModelState>([[10, new Map()]]);
  /** Of what is older nothing is known any more. */
  #oldest = 10;
  /** Nothing is written between a restore and the list that shows it: two histories of one version are not to be told apart. */
  #restored = false;
  readonly #streams = new Set<ModelStream>();
  readonly #calls = new Set<ModelCall>();

  readonly client: KubernetesClient = {
    watch: (call, handlers, signal) => this.#watch(call, handlers, signal),
    call: (call, signal) => this.#call(call, signal),
    close: () => undefined,
  };

  get state(): ModelState {
    return this.#objects;
  }

  /** Streams that the client has not given up. */
  get streams(): number {
    return [...this.#streams].filter(({ signal }) => !signal.aborted).length;
  }

  /** Calls that the client has not given up. */
  get calls(): number {
    return [...this.#calls].filter(({ signal }) => !signal.aborted).length;
  }

  stateAt(version: number): ModelState | undefined {
    return this.#states.get(version);
  }

  write(name: string, deleted: boolean): void {
    const known = this.#objects.has(name);
    if ((deleted && !known) || this.#restored) return;
    this.#version += 1;
    const objects = new Map(this.#objects);
    // A delete is sent with the version of the delete.
    const change = { version: this.#version, type: deleted ? "DELETED" : known ? "MODIFIED" : "ADDED", name };
    if (deleted) objects.delete(name);
    else objects.set(name, this.#version);
    this.#objects = objects;
    this.#states.set(this.#version, objects);
    this.#history = [...this.#history, change];
    for (const stream of this.#streams) if (change.version > stream.fromVersion) stream.waiting.push(eventLine(change));
  }

  compact(): void {
    this.#oldest = this.#version;
  }

  /** The version of a backup becomes the present; whoever was connected is cut. */
  restore(version: number): void {
    const objects = this.#states.get(version);
    if (objects === undefined || version === this.#version) return;
    this.#restored = true;
    this.end(networkError);
    this.#objects = objects;
    this.#history = this.#history.filter((change) => change.version <= version);
    for (const newer of this.#states.keys()) if (newer > version) this.#states.delete(newer);
    this.#version = version;
    this.#oldest = Math.min(this.#oldest, version);
  }

  /** The client has taken over what holds since the restore. */
  restoreSeen(): void {
    this.#restored = false;
  }

  deliver(lines: number): void {
    for (const stream of this.#streams) {
      for (const line of stream.waiting.splice(0, lines)) this.#send(stream, line);
    }
  }

  bookmark(): void {
    for (const stream of this.#streams) {
      if (this.#version <= stream.fromVersion && !stream.endDue) continue;
      stream.waiting.push(bookmarkLine(this.#version, stream.endDue));
      stream.endDue = false;
    }
  }

  /** Sends a line again that was sent already. */
  replay(at: number): void {
    for (const { sent, handlers } of this.#streams) {
      const line = sent[at % sent.length];
      if (line !== undefined) handlers.line(line);
    }
  }

  say(line: string): void {
    for (const stream of this.#streams) stream.handlers.line(line);
  }

  end(error: ApiError | undefined): void {
    for (const stream of this.#streams) stream.resolve(error === undefined ? ok(undefined) : failed(error));
    this.#streams.clear();
  }

  /** Answers all calls that wait. */
  answer(error?: ApiError): void {
    for (const { call, resolve } of this.#calls) resolve(error === undefined ? this.#page(call) : failed(error));
    this.#calls.clear();
  }

  #send(stream: ModelStream, line: string): void {
    stream.sent.push(line);
    stream.handlers.line(line);
  }

  #watch(call: WatchCall, handlers: WatchHandlers, signal: AbortSignal): Promise<Result<undefined, ApiError>> {
    const opened = this.#opening(call);
    if (!Array.isArray(opened.waiting)) return Promise.resolve(failed(opened.waiting));
    const { promise, resolve } = Promise.withResolvers<Result<undefined, ApiError>>();
    const { fromVersion, waiting, endDue = false } = opened;
    for (const stream of [...this.#streams].slice(0, -1)) this.#streams.delete(stream);
    this.#streams.add({ handlers, signal, resolve, fromVersion, waiting, sent: [], endDue });
    handlers.opened?.();
    return promise;
  }

  #opening({ query }: WatchCall): Opening {
    if (this.down) return { fromVersion: 0, waiting: networkError };
    const resumeAt = Number(query["resourceVersion"]);
    if (query["sendInitialEvents"] !== true) {
      const newer = this.#history.filter(({ version }) => version > resumeAt);
      return { fromVersion: resumeAt, waiting: resumeAt < this.#oldest ? httpError(410) : newer.map(eventLine) };
    }
    if (this.streamedLists === "refused") return { fromVersion: 0, waiting: httpError(422) };
    const all = [...this.#objects].map(([name, version]) => eventLine({ version, type: "ADDED", name })).reverse();
    const served = this.streamedLists === "served";
    const endDue = served && this.#version % 2 === 0; // Some say the end at once, some later.
    const end = served && !endDue ? [bookmarkLine(this.#version, true)] : [];
    const waiting = [...all.slice(0, 1), bookmarkLine(this.#version, false), ...all.slice(1), ...end];
    return { fromVersion: this.#version, waiting, endDue };
  }

  #call(call: ApiCall, signal: AbortSignal): Promise<Result<unknown, ApiError>> {
    if (this.down) return Promise.resolve(failed(networkError));
    const { promise, resolve } = Promise.withResolvers<Result<unknown, ApiError>>();
    this.#calls.add({ call, signal, resolve });
    return promise;
  }

  /** A continue token is the version of the list and how much of it was read. */
  #page({ query = {} }: ApiCall): Result<unknown, ApiError> {
    const [version = this.#version, start = 0] = String(query["continue"] ?? "")
      .split("/")
      .filter((part) => part !== "")
      .map(Number);
    const state = this.#states.get(version);
    if (state === undefined || (query["continue"] !== undefined && version < this.#oldest))
      return failed(httpError(410));
    const limit = query["limit"] === undefined ? Infinity : Math.min(2, Number(query["limit"]));
    const items = [...state]
      .slice(start, start + limit)
      .map(([name, objectVersion]) => modelObject(name, objectVersion));
    const more = start + limit < state.size ? `${version}/${start + limit}` : undefined;
    return ok({ metadata: { resourceVersion: String(version), continue: more }, items });
  }
}

function modelObject(name: string, version: number) {
  return { metadata: { namespace: "ns", name, uid: `uid-${name}`, resourceVersion: String(version) } };
}

function eventLine({ version, type, name }: ModelChange): string {
  return JSON.stringify({ type, object: modelObject(name, version) });
}

function bookmarkLine(version: number, ends: boolean): string {
  const annotations = ends ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  return JSON.stringify({
    type: "BOOKMARK",
    object: { metadata: { resourceVersion: String(version), ...annotations } },
  });
}
