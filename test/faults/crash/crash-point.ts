// Where a run is struck: one of the calls of the operator that change something, known by what it does and not by its
// place in the order, so that the same one is found again in the next run.

import { optionalTextAt, parseJson } from "../../testbed/json.ts";
import { isWrite } from "../proxy/faults.ts";
import type { RequestFacts } from "../proxy/rule.ts";

export const positions = ["before", "committed", "answered"] as const;
/** Before the server sees the call; when it has done it and nobody knows; right after its answer was passed on. */
export type CrashPosition = (typeof positions)[number];

/** A call of the operator; `id` says what it does, without the names' common beginning. */
export interface Call {
  readonly server: "kubernetes" | "vault";
  readonly id: string;
}

export interface CallPoint extends Call {
  /** Which of the calls that do the same, from 1. */
  readonly occurrence: number;
}

export interface CrashPoint extends CallPoint {
  readonly position: CrashPosition;
}

/** A write to an object of the run whose names begin with `prefix`; undefined: none. */
export function writeOf(request: RequestFacts, prefix: string): Call | undefined {
  if (!isWrite(request)) return undefined;
  const { verb, resource, subresource } = request;
  const body = request.name === "" || resource === "events" ? parseBody(request.body) : undefined;
  const name = resource === "events" ? optionalTextAt(body, "involvedObject", "name") : nameOf(request, body);
  if (name?.startsWith(prefix) !== true) return undefined;
  const what =
    resource === "events" ? `events ${optionalTextAt(body, "reason") ?? ""} of` : joined(resource, subresource);
  return { server: "kubernetes", id: `${verb} ${what} ${name.slice(prefix.length)}` };
}

/** A login, or the reading of a remote secret of the run. */
export function storeCallOf({ path }: Pick<RequestFacts, "path">, prefix: string): Call | undefined {
  if (path.endsWith("/login")) return { server: "vault", id: "login" };
  const name = path.split("/").at(-1) ?? "";
  if (!path.includes("/data/") || !name.startsWith(prefix)) return undefined;
  return { server: "vault", id: `read ${name.slice(prefix.length)}` };
}

/** Each call with its number among those that do the same. */
export function numbered(calls: readonly Call[]): readonly CallPoint[] {
  const counts = new Map<string, number>();
  return calls.map((call) => {
    const key = `${call.server} ${call.id}`;
    const occurrence = (counts.get(key) ?? 0) + 1;
    counts.set(key, occurrence);
    return { ...call, occurrence };
  });
}

/** The calls that all of the runs made. */
export function common(runs: readonly (readonly CallPoint[])[]): readonly CallPoint[] {
  const [first = [], ...others] = runs;
  return first.filter((point) =>
    others.every((run) => run.some((other) => describeCall(other) === describeCall(point))),
  );
}

export function describeCall({ server, id, occurrence }: CallPoint): string {
  return `${server}: ${id}${occurrence > 1 ? ` (${occurrence})` : ""}`;
}

export function describePoint(point: CrashPoint): string {
  return `${describeCall(point)}, ${point.position}`;
}

function nameOf({ name }: RequestFacts, body: unknown): string | undefined {
  return name === "" ? optionalTextAt(body, "metadata", "name") : name;
}

function joined(resource: string, subresource: string): string {
  return subresource === "" ? resource : `${resource}/${subresource}`;
}

function parseBody(body: Buffer): unknown {
  return body.length === 0 ? undefined : parseJson(body.toString("utf8"));
}
