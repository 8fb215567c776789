import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import type { NamePattern } from "../../../../src/core/provider/port.ts";
import { parseAnchoredPattern, parsePattern } from "../../../../src/core/spec/name-pattern.ts";
import { patternSize } from "../../../../src/core/spec/pattern-size.ts";

function pattern(source: string, parse = parsePattern): NamePattern {
  const parsed = parse(source, "path");
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

test.each([
  { source: "^db-", text: "db-main", matches: true },
  { source: "^db-", text: "my-db-main", matches: false },
  { source: "db", text: "my-db-main", matches: true },
  { source: "(?i)DB", text: "my-db-main", matches: true },
])("$source matches $text anywhere: $matches", ({ source, text, matches }) => {
  expect(pattern(source).test(text)).toBe(matches);
});

test.each([
  { source: "prod", text: "prod", matches: true },
  { source: "prod", text: "nonprod", matches: false },
  { source: "a|b", text: "a", matches: true },
  { source: "a|b", text: "ax", matches: false },
  { source: "a|b", text: "xb", matches: false },
  { source: "prod$", text: "prod\n", matches: false },
  { source: "^team-.*$", text: "team-a", matches: true },
])("$source matches $text as a whole: $matches", ({ source, text, matches }) => {
  const anchored = pattern(source, parseAnchoredPattern);
  expect(anchored.test(text)).toBe(matches);
  expect(anchored.source).toBe(source);
});

// Answers of Go 1.26 regexp.ReplaceAllString.
test.each([
  { source: "-", text: "a-b-c", target: "_", becomes: "a_b_c" },
  { source: "(a)(b)?", text: "xaby", target: "$1x", becomes: "xy" },
  { source: "(a)(b)?", text: "xaby", target: "${1}x", becomes: "xaxy" },
  { source: "(a)(b)?", text: "xay", target: "[$2]", becomes: "x[]y" },
  { source: "a", text: "xay", target: "$0$0", becomes: "xaay" },
  { source: "a", text: "xay", target: "$$1", becomes: "x$1y" },
  { source: "a", text: "xay", target: "$&", becomes: "x$&y" },
  { source: "a", text: "xay", target: "$9", becomes: "xy" },
  { source: "(a)", text: "xay", target: "$01", becomes: "xy" },
  { source: "(?P<n>a)", text: "xay", target: "${n}!$n.$<n>", becomes: "xa!a.$<n>y" },
  { source: "(?P<n>a)", text: "xay", target: "$constructor", becomes: "xy" },
  { source: "a", text: "xay", target: "${1", becomes: "x${1y" },
  { source: "a", text: "xay", target: "$", becomes: "x$y" },
  { source: "a", text: "xay", target: "\\$1", becomes: "x\\y" },
  { source: "a*", text: "baac", target: "-", becomes: "-b-c-" },
  { source: "", text: "abc", target: "-", becomes: "-a-b-c-" },
  { source: "^", text: "abc", target: "x", becomes: "xabc" },
  { source: "é", text: "café", target: "e", becomes: "cafe" },
])("$source with $target makes of $text what Go makes: $becomes", ({ source, text, target, becomes }) => {
  expect(pattern(source).replaceAll(text, target)).toBe(becomes);
});

test.each(["(", "(?=a)", "(?<!a)b", "a**", "\\1", "[z-a]", "a{3,2}"])(
  "the invalid %s is refused without its text",
  (source) => {
    const message = "invalid regular expression: give an RE2 pattern";
    expect(parsePattern(source, "spec.x")).toEqual({ ok: false, error: { path: "spec.x", message } });
    expect(parseAnchoredPattern(source, "spec.x")).toEqual({ ok: false, error: { path: "spec.x", message } });
  },
);

test("parentheses that only the anchors would close are refused", () => {
  expect(parseAnchoredPattern("a)|(b", "spec.x").ok).toBe(false);
});

test.each(["a{1001}", "a{500}".repeat(2), "((a{10}){10}){10}", "(a?){999}", `(${"a".repeat(200)}){9}`])(
  "%s is refused as too large before it is compiled",
  (source) => {
    expect(parsePattern(source, "spec.x")).toMatchObject({ ok: false, error: { message: /^too large/ } });
  },
);

test.each([
  "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
  "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
  "(?:[a-z]{1,63}\\.){1,3}com",
])("%s is not too large", (source) => {
  expect(parsePattern(source, "spec.x").ok).toBe(true);
});

test("the judged size is never less than the compiled one", () => {
  const atoms = [
    "a",
    ".",
    "\\d",
    "\\pL",
    "\\p{Greek}",
    "[a-z]",
    "[^]a]",
    "[[:alpha:]]",
    "\\Qx(\\E",
    "\\(",
    "é",
    "|",
    "^",
    "$",
    "{",
    "}",
  ];
  const { pattern: patterns } = fc.letrec<{ pattern: string; group: string }>((tie) => ({
    pattern: fc
      .array(fc.oneof({ maxDepth: 3 }, fc.constantFrom(...atoms), tie("group")))
      .map((parts) => parts.join("")),
    group: fc
      .tuple(tie("pattern"), fc.constantFrom("", "?", "*", "+", "{3}", "{2,}", "{0,4}", "{7}"))
      .map(([inner, count]) => `(${inner})${count}`),
  }));
  fc.assert(
    fc.property(patterns, (source) => {
      fc.pre(source.length <= 200 && patternSize(source) < 5_000);
      const compiled = compile(source);
      if (compiled === undefined) return;
      expect(compiled.programSize()).toBeLessThanOrEqual(patternSize(source));
    }),
    { numRuns: 300 },
  );
});

function compile(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source);
  } catch {
    return undefined;
  }
}
