// What the parsers of one spec share: the problems found, in the order of the document (the first one is reported), and
// the size of its patterns so far.

import type { NamePattern } from "../provider/port.ts";
import type { Result } from "../result.ts";
import { patternSize } from "./pattern-size.ts";
import type { SpecError } from "./records.ts";

/** Bounds the time that one spec takes from all others: some 0.1 s to compile its patterns. */
const MAX_TOTAL_PATTERN_SIZE = 10_000;

/** Filled while one spec is parsed, then dropped. */
export interface ParseContext {
  readonly problems: SpecError[];
  patternSize: number;
}

export function parseContext(): ParseContext {
  return { problems: [], patternSize: 0 };
}

/** The compiled pattern; undefined if it has a problem, which is then noted. `parse` is one of name-pattern.ts. */
export function readPattern(
  parse: (source: string, path: string) => Result<NamePattern, SpecError>,
  source: string,
  path: string,
  context: ParseContext,
): NamePattern | undefined {
  if (context.patternSize > MAX_TOTAL_PATTERN_SIZE) {
    context.problems.push({ path, message: "too many regular expressions: use fewer or smaller ones" });
    return undefined;
  }
  const pattern = parse(source, path);
  if (pattern.ok) {
    context.patternSize += patternSize(source);
    return pattern.value;
  }
  context.problems.push(pattern.error);
  return undefined;
}
