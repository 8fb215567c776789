// One text for one content, whatever way the store wrote it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../../src/core/value/canonical-json.ts";
import { anyCharacter } from "../../../support/any-character.ts";
import { parseJsonDocument } from "../../../../src/core/value/json-document.ts";

function canonical(text: string): string {
  const bytes = Buffer.from(text);
  const root = parseJsonDocument(bytes);
  if (!root.ok) throw new Error(root.error);
  return Buffer.from(canonicalJson(bytes, root.value)).toString();
}

test.each([
  ["whitespace goes", ' { "a" : [ 1 , { } , [ ] ] } ', '{"a":[1,{},[]]}'],
  [
    "names are sorted at every level",
    '{"b":1,"a":{"d":1,"c":[{"f":1,"e":2}]}}',
    '{"a":{"c":[{"e":2,"f":1}],"d":1},"b":1}',
  ],
  [
    "names are sorted by their UTF-8, not by UTF-16 units",
    '{"😀":1,"\ue000":2,"é":3,"z":4}',
    '{"z":4,"é":3,"\ue000":2,"😀":1}',
  ],
  ["a prefix comes first", '{"ab":1,"a":2,"":3}', '{"":3,"a":2,"ab":1}'],
  ["the last of duplicate names holds", '{"a":{"x":1},"a":{"y":2}}', '{"a":{"y":2}}'],
  ["numbers stay as written", "[1.0,1e5,-0,12345678901234567890,0.10]", "[1.0,1e5,-0,12345678901234567890,0.10]"],
  ["literals stay", "[true,false,null]", "[true,false,null]"],
  ["needless escapes go", String.raw`["\u0041\/\u00e9\ud83d\ude00"]`, '["A/é😀"]'],
  [
    "needed escapes are the shortest",
    String.raw`["\u0022\u005c\u0008\u000c\u000a\u000d\u0009"]`,
    String.raw`["\"\\\b\f\n\r\t"]`,
  ],
  [
    "other control characters keep their number",
    String.raw`["\u0000\u001F\u000b\u007f"]`,
    `["\\u0000\\u001f\\u000b\u007f"]`,
  ],
  ["nothing is escaped for HTML", String.raw`["<\u003c>&"]`, '["<<>&"]'],
  ["names are escaped too", String.raw`{"a\"\u005C\n\u0001":1}`, String.raw`{"a\"\\\n\u0001":1}`],
  ["a lone surrogate becomes U+FFFD", String.raw`["\ud800"]`, '["\ufffd"]'],
])("%s", (_, text, expected) => {
  expect(canonical(text)).toBe(expected);
});

test("says the same as what it was made from, and is its own canonical form", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: anyCharacter }), fc.nat(2), (json, indent) => {
      // JSON.stringify writes lone surrogates as escapes: U+FFFD is what they become, see above.
      const text = JSON.stringify(JSON.parse(json), undefined, indent).replaceAll(/\\ud[89a-f]../g, "\\ufffd");
      const result = canonical(text);
      expect(JSON.parse(result)).toEqual(JSON.parse(text));
      expect(canonical(result)).toBe(result);
    }),
  );
});

test("does not depend on the order of members", () => {
  const members = fc.uniqueArray(fc.tuple(fc.string({ unit: anyCharacter }), fc.integer()), {
    selector: ([name]) => name.toWellFormed(),
  });
  fc.assert(
    fc.property(members, (entries) => {
      const text = (list: typeof entries) =>
        `{${list.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
      expect(canonical(text(entries.toReversed()))).toBe(canonical(text(entries)));
    }),
  );
});
