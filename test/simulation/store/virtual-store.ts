// The remote store: keys whose values rotate, go away, are made anew or denied, behind several mounts. A value says
// where it comes from, so that whoever finds it in a Secret can tell how old it is.

import type { ProviderErrorKind } from "../../../src/core/provider/error.ts";

/** How a key begins again when it is made anew after it was removed. */
export interface RemoteVersion {
  readonly life: number;
  readonly version: number;
}

interface RemoteKey {
  readonly properties: readonly string[];
  current: RemoteVersion;
  isPresent: boolean;
  isDenied: boolean;
  /** When it was absent, the last time; `untilMs` undefined: it still is. */
  absence: { readonly sinceMs: number; readonly untilMs: number | undefined } | undefined;
}

export type Sight =
  | { readonly ok: true; readonly version: RemoteVersion; readonly fields: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly error: ProviderErrorKind };

export class VirtualStore {
  readonly #nowMs: () => number;
  readonly #keys = new Map<string, RemoteKey>();
  /** Set: everything fails so. */
  outage: ProviderErrorKind | undefined;
  /** Longest delay of a read beyond the usual, milliseconds. */
  slownessMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(mount: string, key: string, properties: readonly string[]): void {
    const current = { life: 1, version: 1 };
    const absence = undefined;
    this.#keys.set(id(mount, key), { properties, current, isPresent: true, isDenied: false, absence });
  }

  read(mount: string, key: string): Sight {
    if (this.outage !== undefined) return { ok: false, error: this.outage };
    const remote = this.#keys.get(id(mount, key));
    if (remote === undefined || !remote.isPresent) return { ok: false, error: "notFound" };
    if (remote.isDenied) return { ok: false, error: "accessDenied" };
    const { current, properties } = remote;
    return { ok: true, version: current, fields: fieldsOf({ mount, key, ...current }, properties) };
  }

  /** What it holds for the key, whatever it may say about it now. */
  versionOf(mount: string, key: string): RemoteVersion | undefined {
    return this.#keys.get(id(mount, key))?.current;
  }

  rotate(mount: string, key: string): void {
    this.#change(mount, key, (remote) => {
      remote.current = { ...remote.current, version: remote.current.version + 1 };
    });
  }

  deny(mount: string, key: string, isDenied: boolean): void {
    this.#change(mount, key, (remote) => {
      remote.isDenied = isDenied;
    });
  }

  remove(mount: string, key: string): void {
    this.#change(mount, key, (remote) => {
      if (remote.isPresent) remote.absence = { sinceMs: this.#nowMs(), untilMs: undefined };
      remote.isPresent = false;
    });
  }

  /** Versions begin again. */
  makeAnew(mount: string, key: string): void {
    this.#change(mount, key, (remote) => {
      if (remote.isPresent) return;
      remote.isPresent = true;
      if (remote.absence !== undefined) remote.absence = { ...remote.absence, untilMs: this.#nowMs() };
      remote.current = { life: remote.current.life + 1, version: 1 };
    });
  }

  /** How long its last absence took, if somebody who began to read `memoryMs` ago can have met it. */
  absentForMs(mount: string, key: string, memoryMs: number): number {
    const { absence } = this.#keys.get(id(mount, key)) ?? {};
    if (absence === undefined) return 0;
    const { sinceMs, untilMs = this.#nowMs() } = absence;
    return untilMs < this.#nowMs() - memoryMs ? 0 : untilMs - sinceMs;
  }

  #change(mount: string, key: string, change: (remote: RemoteKey) => void): void {
    const remote = this.#keys.get(id(mount, key));
    if (remote !== undefined) change(remote);
  }
}

function id(mount: string, key: string): string {
  return `${mount}/${key}`;
}

/** Where a value comes from. */
export interface Origin extends RemoteVersion {
  readonly mount: string;
  readonly key: string;
  readonly property: string;
}

function fieldsOf(origin: Omit<Origin, "property">, properties: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(properties.map((property) => [property, valueOf({ ...origin, property })]));
}

export function valueOf({ mount, key, property, life, version }: Origin): string {
  return `${mount}|${key}|${property}|${life}|${version}`;
}

/** Undefined: no store ever gave this value. */
export function originOf(value: string): Origin | undefined {
  const [mount, key, property, life, version, ...rest] = value.split("|");
  if (mount === undefined || key === undefined || property === undefined || version === undefined) return undefined;
  if (rest.length > 0 || !/^\d+$/.test(`${life ?? ""}${version}`)) return undefined;
  return { mount, key, property, life: Number(life), version: Number(version) };
}

/** Negative, 0 or positive as `a` was there before, with or after `b`. */
export function compareVersions(a: RemoteVersion, b: RemoteVersion): number {
  return a.life === b.life ? a.version - b.version : a.life - b.life;
}
