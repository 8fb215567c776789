// Cuts the bytes of a watch stream into lines, and reads as much of a line as rules ask for.

import { isRecord, optionalTextAt } from "../../testbed/json.ts";
import type { WatchFrame } from "./rule.ts";

const NEWLINE = 0x0a;

export interface LineCutter {
  /** Complete lines, each with its newline, in one piece or as many. */
  push(chunk: Buffer): Buffer | undefined;
  /** What came after the last newline. */
  rest(): Buffer;
}

/** Holds back at most one unfinished line; lines are cut at newline bytes, never inside of a character. */
export function createLineCutter(): LineCutter {
  let pieces: Buffer[] = [];
  return {
    push(chunk) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        pieces.push(chunk);
        return undefined;
      }
      const lines = Buffer.concat([...pieces, chunk.subarray(0, end)]);
      pieces = end < chunk.length ? [chunk.subarray(end)] : [];
      return lines;
    },
    rest: () => Buffer.concat(pieces),
  };
}

/** One Buffer for each line, its newline included; a last line may have none. */
export function splitLines(lines: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < lines.length;) {
    const newline = lines.indexOf(NEWLINE, start);
    const end = newline === -1 ? lines.length : newline + 1;
    found.push(lines.subarray(start, end));
    start = end;
  }
  return found;
}

/** Bytes that are no JSON object give a frame of no type. */
export function parseFrame(raw: Buffer): WatchFrame {
  const event = jsonOf(raw);
  const text = (...path: readonly string[]): string => optionalTextAt(event, ...path) ?? "";
  return {
    type: text("type"),
    namespace: text("object", "metadata", "namespace"),
    name: text("object", "metadata", "name"),
    resourceVersion: text("object", "metadata", "resourceVersion"),
    raw,
  };
}

function jsonOf(raw: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(raw.toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // A rule sent something broken on purpose, and another one sees it.
  }
}

/** A watch event as a line. */
export function frameOf(type: string, object: unknown): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}
