// Counts of requests, exactly: reads an append-only file of JSON lines between two marks. A mark is a request with a
// unique name that shows up in the log; since a server logs a request before it ends its answer, all requests answered
// before the mark stand before it, and a log that stopped working fails the mark instead of giving a count of 0.
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseJson } from "./json.ts";
import { waitUntil } from "./wait-until.ts";

/** A place in the log, valid in every process that uses the same rig. */
export interface AuditMark {
  /** First byte behind the marker's line. */
  readonly offset: number;
}

/** Each given field must equal, or be one of a list. */
export type AuditFilter<Entry> = { readonly [Field in keyof Entry]?: Entry[Field] | readonly Entry[Field][] };

export interface AuditTrail<Entry> {
  /** Before the first entry: since(start) gives everything since the rig came up. */
  readonly start: AuditMark;
  /** Makes a marker request and waits until the log holds it. Throws where it does not within 10 s. */
  mark(): Promise<AuditMark>;
  /** What was requested between the mark and now (a second mark is made). Markers are left out. */
  since(mark: AuditMark): Promise<readonly Entry[]>;
  /** What was requested between two marks. */
  between(from: AuditMark, to: AuditMark): Promise<readonly Entry[]>;
  /** How many requests since the mark fit the filter. */
  countSince(mark: AuditMark, filter: AuditFilter<Entry>): Promise<number>;
}

export interface AuditSource<Entry> {
  readonly logPath: string;
  /** Makes a request that leaves `marker` in exactly one or more lines of the log. */
  requestMarker(marker: string): Promise<void>;
  /** The entry of one line, or undefined where the line is not to be counted. */
  parseEntry(line: unknown): Entry | undefined;
}

const MARKER_PREFIX = "fairlead-mark-";
const MARKER_TIMEOUT_MS = 10_000;
const MARKER_POLL_MS = 20;

export function createAuditTrail<Entry extends object>(source: AuditSource<Entry>): AuditTrail<Entry> {
  const mark = async (): Promise<AuditMark> => {
    const marker = `${MARKER_PREFIX}${randomUUID()}`;
    const { size: searchFrom } = await stat(source.logPath);
    await source.requestMarker(marker);
    const probe = (): Promise<AuditMark | undefined> => findMarker(source.logPath, marker, searchFrom);
    const what = `the marker request in ${source.logPath}`;
    return waitUntil(what, probe, { timeoutMs: MARKER_TIMEOUT_MS, intervalMs: MARKER_POLL_MS });
  };
  const between = (from: AuditMark, to: AuditMark): Promise<readonly Entry[]> => readEntries(source, from, to);
  const since = async (from: AuditMark): Promise<readonly Entry[]> => between(from, await mark());
  return {
    start: { offset: 0 },
    mark,
    between,
    since,
    countSince: async (from, filter) => (await since(from)).filter((entry) => matchesFilter(entry, filter)).length,
  };
}

function matchesFilter<Entry extends object>(entry: Entry, filter: AuditFilter<Entry>): boolean {
  const fields = new Map<string, unknown>(Object.entries(entry));
  return Object.entries(filter).every(([field, wanted]) => {
    const value = fields.get(field);
    return Array.isArray(wanted) ? wanted.includes(value) : wanted === value;
  });
}

/** The end of the last complete line that holds the marker: a server may log a request and its answer apart. */
async function findMarker(path: string, marker: string, from: number): Promise<AuditMark | undefined> {
  let offset = from;
  let found: AuditMark | undefined;
  for await (const line of readLines(path, from)) {
    offset += Buffer.byteLength(line) + 1;
    if (line.includes(marker)) {
      found = { offset };
    }
  }
  // A last line without its line break was read while it was written: its end is not known yet.
  return found !== undefined && found.offset <= (await stat(path)).size ? found : undefined;
}

async function readEntries<Entry>(
  source: AuditSource<Entry>,
  from: AuditMark,
  to: AuditMark,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  if (to.offset <= from.offset) {
    return entries;
  }
  for await (const line of readLines(source.logPath, from.offset, to.offset)) {
    const entry = line.includes(MARKER_PREFIX) ? undefined : source.parseEntry(parseJson(line));
    if (entry !== undefined) {
      entries.push(entry);
    }
  }
  return entries;
}

/** Lines from the byte `from` up to, not including, the byte `to`. */
function readLines(path: string, from: number, to = Number.POSITIVE_INFINITY): AsyncIterable<string> {
  const input = createReadStream(path, { start: from, end: to - 1, encoding: "utf8" });
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}
