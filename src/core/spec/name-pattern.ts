// RE2 patterns of users: linear time on any input (V8's own engine can freeze for seconds), Go's rules for replacement.

import { type Matcher, RE2JS } from "re2js";
import type { NamePattern } from "../provider/port.ts";
import { failed, ok, type Result } from "../result.ts";
import { patternSize } from "./pattern-size.ts";
import type { SpecError } from "./records.ts";

/** Bounds the time of one match, which is this times the length of the text. A list of ten alternatives has size 100. */
const MAX_PATTERN_SIZE = 1_000;

/** `test` matches anywhere in the text. The error names `path` and never quotes the pattern or the library. */
export function parsePattern(source: string, path: string): Result<NamePattern, SpecError> {
  const pattern = compile(source, path);
  return pattern.ok ? ok(namePattern(source, pattern.value)) : pattern;
}

/** As parsePattern; `test` matches the whole text only. */
export function parseAnchoredPattern(source: string, path: string): Result<NamePattern, SpecError> {
  // Compiled alone first: `a)|(b` must not become valid by the parentheses.
  const alone = compile(source, path);
  const anchored = alone.ok ? compile(String.raw`\A(?:${source})\z`, path) : alone;
  return anchored.ok ? ok(namePattern(source, anchored.value)) : anchored;
}

function compile(expression: string, path: string): Result<RE2JS, SpecError> {
  if (patternSize(expression) > MAX_PATTERN_SIZE) {
    return failed({ path, message: "too large a regular expression: use fewer or smaller repetitions" });
  }
  try {
    return ok(RE2JS.compile(expression));
  } catch {
    // It throws for malformed patterns only; its text quotes the pattern and is dropped.
    return failed({ path, message: "invalid regular expression: give an RE2 pattern" });
  }
}

function namePattern(source: string, pattern: RE2JS): NamePattern {
  return {
    source,
    test: (text) => pattern.test(text),
    replaceAll: (text, target) => replaceAll(pattern, text, target),
  };
}

/** Go's `ReplaceAllString` (regexp/regexp.go, go1.26, replaceAll): an empty match right after a match is not replaced. */
function replaceAll(pattern: RE2JS, text: string, target: string): string {
  const matcher = pattern.matcher(text);
  const names = pattern.namedGroups();
  let replaced = "";
  let copied = 0;
  while (matcher.find()) {
    replaced += text.slice(copied, matcher.start());
    if (matcher.end() > copied || matcher.start() === 0) replaced += expand(target, matcher, names);
    copied = matcher.end();
  }
  return replaced + text.slice(copied);
}

/** Go's `Regexp.Expand`: `$1`, `$name`, `${name}`, `$$`; an unknown group is empty, any other `$` stays. */
function expand(target: string, matcher: Matcher, names: Readonly<Record<string, number>>): string {
  return target.replaceAll(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (whole: string, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      if (name === undefined) return whole.slice(1);
      const group = /^(0|[1-9][0-9]{0,8})$/.test(name)
        ? Number(name)
        : Object.hasOwn(names, name)
          ? names[name]
          : undefined;
      return group === undefined || group > matcher.groupCount() ? "" : (matcher.group(group) ?? "");
    },
  );
}
