// From what was read for each source to the one rendering of the Secret and one report per entry. A rendering exists
// only if every source succeeded, or is confirmed absent and a deletion policy leaves it out.

import { failed, ok, type Result } from "../result.ts";
import type { SecretValue } from "../secret-value.ts";
import type { RemoteVersion } from "../provider/port.ts";
import type { Source } from "../spec/external-secret.ts";
import type { EntryId } from "../status/external-secret-status.ts";
import { createPayloadParser } from "../value/parse-payload.ts";
import { type RenderOptions, renderSource, type SourceReading } from "../value/render-source.ts";
import { entryId, entryText, sourceText } from "./entries.ts";
import type { EntryReport, SyncFailure } from "./report.ts";

export interface ReadFailure extends SyncFailure {
  /** The store said clearly that it is absent: the only failure that a deletion policy may meet. */
  readonly isAbsent: boolean;
}

export interface SourceRead {
  readonly source: Source;
  readonly reading: Result<SourceReading, ReadFailure>;
}

export interface EntryFailure {
  readonly entry: EntryId;
  readonly failure: SyncFailure;
}

export interface Assembly {
  readonly entries: readonly EntryReport[];
  /** Empty: `rendering` is complete. */
  readonly failures: readonly EntryFailure[];
  readonly rendering: ReadonlyMap<string, SecretValue>;
  /** Which source filled each key. */
  readonly provenance: ReadonlyMap<string, string>;
  /** Distinct remote secrets that were read, those that a `find` found one by one. */
  readonly remoteCount: number;
}

/** Ids of what is absent as a whole: to be confirmed before a deletion policy may act. */
export function absentEntries(reads: readonly SourceRead[]): readonly string[] {
  return reads.filter(({ reading }) => isAbsent(reading)).map(({ source }) => entryText(entryId(source)));
}

function isAbsent(reading: Result<SourceReading, ReadFailure>): boolean {
  return reading.ok ? isEmptyFind(reading.value) : reading.error.isAbsent;
}

function isEmptyFind(reading: SourceReading): boolean {
  return reading.kind === "many" && reading.secrets.size === 0;
}

export interface AssembleOptions {
  /** Whether PropertyNotFound may name properties that exist. */
  readonly showsNames: boolean;
}

/** `leaveOut` names the entries that are confirmed absent under a deletion policy. */
export function assemble(
  reads: readonly SourceRead[],
  leaveOut: ReadonlySet<string>,
  options: AssembleOptions,
): Assembly {
  const parse = createPayloadParser();
  const entries = new Map<string, EntryReport>();
  const rendering = new Map<string, SecretValue>();
  const provenance = new Map<string, string>();
  for (const read of reads) {
    const entry = entryId(read.source);
    const id = entryText(entry);
    const rendered = renderRead(read, { parse, ...options });
    const isLeftOut = leaveOut.has(id) && isAbsent(read.reading);
    entries.set(id, joined(entries.get(id), reportOf(entry, read, rendered, isLeftOut)));
    if (!rendered.ok) continue;
    for (const [key, value] of rendered.value) {
      rendering.set(key, value);
      provenance.set(key, sourceText(read.source));
    }
  }
  const reports = [...entries.values()];
  const failures = reports.flatMap((entry) =>
    entry.read.ok || entry.leftOut ? [] : [{ entry: idOf(entry), failure: entry.read.error }],
  );
  return { entries: reports, failures, rendering, provenance, remoteCount: countRemotes(reads) };
}

function countRemotes(reads: readonly SourceRead[]): number {
  const remotes = reads.flatMap(({ source, reading }) => {
    if (!reading.ok) return [];
    const keys = source.kind === "find" ? foundKeys(reading.value) : [source.remoteRef.key];
    return keys.map((key) => JSON.stringify([source.store.kind, source.store.name, key]));
  });
  return new Set(remotes).size;
}

function foundKeys(reading: SourceReading): readonly string[] {
  return reading.kind === "many" ? [...reading.secrets.keys()] : [];
}

function renderRead(
  { source, reading }: SourceRead,
  options: RenderOptions,
): Result<ReadonlyMap<string, SecretValue>, SyncFailure> {
  if (!reading.ok) return reading;
  const rendered = renderSource(source, reading.value, options);
  if (rendered.ok && source.kind === "extract" && rendered.value.size === 0) {
    const { key } = source.remoteRef;
    return failed({
      reason: "MalformedPayload",
      message: `${key} in store ${source.store.name} holds no properties to extract`,
    });
  }
  return rendered;
}

function reportOf(
  entry: EntryId,
  { source, reading }: SourceRead,
  rendered: Result<ReadonlyMap<string, SecretValue>, SyncFailure>,
  leftOut: boolean,
): EntryReport {
  const expected = source.kind === "data" ? [source.secretKey] : [];
  const secretKeys = rendered.ok ? [...rendered.value.keys()].sort() : expected;
  const read = rendered.ok && reading.ok ? ok(versionOf(reading.value)) : rendered.ok ? ok(undefined) : rendered;
  return { ...entry, secretKeys, read, leftOut };
}

function versionOf(reading: SourceReading): RemoteVersion | undefined {
  return reading.kind === "one" ? reading.secret.version : undefined;
}

/** Several sources of one entry: the first failure speaks for it, and one that is not left out before one that is. */
function joined(known: EntryReport | undefined, next: EntryReport): EntryReport {
  if (known === undefined) return next;
  const secretKeys = [...new Set([...known.secretKeys, ...next.secretKeys])].sort();
  const speaks = known.read.ok || (known.leftOut && !next.leftOut && !next.read.ok) ? next : known;
  return { ...next, secretKeys, read: speaks.read, leftOut: known.leftOut && next.leftOut };
}

function idOf({ storeKind, store, key, pinnedVersion }: EntryReport): EntryId {
  return { storeKind, store, key, ...(pinnedVersion === undefined ? {} : { pinnedVersion }) };
}
