// What the store held: every version of every remote secret that the run has written, in order. The oracle compares
// Secrets with it by content; nothing of it comes from the operator.

import { isRecord, type JsonRecord, parseJson } from "../../testbed/json.ts";

export interface RemoteVersion {
  /** Rises by one with each write to any remote secret: orders versions where their numbers start again. */
  readonly serial: number;
  /** The store's number of it. */
  readonly version: number;
  readonly values: JsonRecord;
}

export interface RemoteHistory {
  /** `path` with the mount and without `data/`, for example kv/team-a/db. */
  put(path: string, version: number, values: JsonRecord): void;
  /** All versions of the remote secret that a reference names: with or without mount and `data/`. By full path. */
  versionsOf(key: string): ReadonlyMap<string, readonly RemoteVersion[]>;
  /** The newest version of a full path. */
  newest(path: string): RemoteVersion | undefined;
}

export function createRemoteHistory(): RemoteHistory {
  const versions = new Map<string, RemoteVersion[]>();
  let serial = 0;
  return {
    put(path, version, values) {
      serial += 1;
      const known = versions.get(path) ?? [];
      known.push({ serial, version, values });
      versions.set(path, known);
    },
    versionsOf(key) {
      const wanted = fullPath(key);
      return new Map([...versions].filter(([path]) => path === wanted || withoutMount(path) === wanted));
    },
    newest: (path) => versions.get(path)?.at(-1),
  };
}

/** Drops `data/` after the mount, as `vault kv` users write it. */
export function fullPath(key: string): string {
  const [mount = "", second, ...rest] = key.split("/");
  return second === "data" ? [mount, ...rest].join("/") : key;
}

function withoutMount(path: string): string {
  return path.slice(path.indexOf("/") + 1);
}

/** Whether a Secret's text is the value of a property, or, without one, of the whole remote secret as JSON. */
export function isValueOf(text: string, values: JsonRecord, property: string | undefined): boolean {
  if (property === undefined) return sameJson(text, values);
  const value = values[property];
  return typeof value === "string" ? text === value : value !== undefined && sameJson(text, value);
}

function sameJson(text: string, value: unknown): boolean {
  try {
    return canonical(parseJson(text)) === canonical(value);
  } catch {
    return false; // Not JSON at all.
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
}
