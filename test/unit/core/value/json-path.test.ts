// Paths into documents. The vectors were compared with tidwall/gjson v1.18.0; the ones that differ on purpose say so.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJsonDocument, type JsonNode } from "../../../../src/core/value/json-document.ts";
import { anyCharacter } from "../../../support/any-character.ts";
import { matchPath } from "../../../../src/core/value/json-path.ts";

const document = String.raw`{
  "host": "db", "x.y": "literal", "x": {"y": "nested"}, "0": "zero", "": "empty", "back\\slash": "bs", "n": 1.0, "nul": null,
  "a": {"b": "nested", "c": {"d": [10, {"e": "deep"}]}, "user@x": "at", "@type": "t", "c#": "sharp", "star*": "s"},
  "list": [1, "two", {"k": "v"}], "o": {"": "e"}, "q?": 1, "tag|x": 2, "#": 3, "dot.ted": {"k": "inner"}
}`;

function match(path: string, text = document): string {
  const bytes = Buffer.from(text);
  const root = parseJsonDocument(bytes);
  if (!root.ok) throw new Error(root.error);
  const found = matchPath(root.value, path);
  return found.kind === "found" ? textOf(bytes, found.node) : found.kind;
}

function textOf(bytes: Buffer, node: JsonNode): string {
  return bytes.subarray(node.start, node.end).toString();
}

describe("matchPath", () => {
  test.each([
    ["host", '"db"'],
    ["n", "1.0"],
    ["nul", "null"],
    ["a.b", '"nested"'],
    ["a.c.d.0", "10"],
    ["a.c.d.1.e", '"deep"'],
    ["list", '[1, "two", {"k": "v"}]'],
    ["list.1", '"two"'],
    ["list.01", '"two"'],
    ["list.2.k", '"v"'],
    ["0", '"zero"'],
    ["", '"empty"'],
    ["o.", '"e"'],
    ["x.y", '"literal"'],
    [String.raw`x\.y`, '"literal"'],
    [String.raw`dot\.ted.k`, '"inner"'],
    [String.raw`back\slash`, String.raw`"bs"`],
    [String.raw`back\\slash`, '"bs"'],
    [String.raw`\h\o\s\t`, '"db"'],
    ["a.user@x", '"at"'],
    ["a.c#", '"sharp"'],
    [String.raw`a.star\*`, '"s"'],
    ["a.star*", '"s"'],
    ["a.@type", '"t"'],
    [String.raw`a.\@type`, '"t"'],
    ["q?", "1"],
    ["tag|x", "2"],
    ["#", "3"],
    [String.raw`\#`, "3"],
  ])("%s leads to %s", (path, expected) => {
    expect(match(path)).toBe(expected);
  });

  test.each([
    ["nothing"],
    ["Host"],
    ["a.nothing"],
    ["nothing.b"],
    ["host.x"],
    ["nul.x"],
    ["n.0"],
    [".host"],
    ["a."],
    ["a..b"],
    ["list.3"],
    ["list.-1"],
    ["list.1.x"],
    ["list."],
    ["list.length"],
    ["list.1e0"],
    ["list.0x1"],
    ["list.99999999999999999999999"],
    ["a.__proto__"],
    ["toString"],
    ["a.user@y"],
    ["a.b#"],
    [String.raw`dot\.ted.nothing`],
    [String.raw`host\.x`],
    [String.raw`\*`],
    [String.raw`a.\@this`],
    // gjson drops a backslash at the end.
    [String.raw`host\ `.trimEnd()],
  ])("%s is missing", (path) => {
    expect(match(path)).toBe("missing");
  });

  test.each([
    ["ho*"],
    ["h?st"],
    ["a|b"],
    ["list.#"],
    ["list.#.k"],
    ['list.#(k=="v").k'],
    ["@this"],
    ["@reverse"],
    ["a.@keys"],
    ["a.[b]"],
    ["{host}"],
    ["!true"],
    ["a.!true"],
    ["nothing.#.x"],
    [String.raw`a.\xs*`],
    [String.raw`\\*`],
  ])("%s is not supported", (path) => {
    expect(match(path)).toBe("unsupported");
  });

  test("an array at the top is indexed", () => {
    expect(match("1", "[10, 20]")).toBe("20");
    expect(match("1.a", '[10, {"a": 5}]')).toBe("5");
    expect(match("2", "[10, 20]")).toBe("missing");
  });

  test("nothing leads into a scalar", () => {
    expect(match("length", '"text"')).toBe("missing");
    expect(match("", "1")).toBe("missing");
  });

  test("any member of any document is found by its escaped path", () => {
    const names = fc.array(
      fc.string({ unit: anyCharacter }).map((name) => name.toWellFormed()),
      { minLength: 1, maxLength: 5 },
    );
    const escaped = (name: string): string => name.replaceAll(/[\\.*?|#@!{[]/gu, String.raw`\$&`);
    fc.assert(
      fc.property(names, (path) => {
        const text = path.reduceRight<string>((inner, name) => `{${JSON.stringify(name)}:${inner}}`, "7");
        expect(match(path.map(escaped).join("."), text)).toBe("7");
      }),
    );
  });

  test("any value of an arbitrary document is found by its path, and equals what JSON.parse gives there", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.infiniteStream(fc.nat()), (json, choices) => {
        const path: string[] = [];
        let value: unknown = JSON.parse(json);
        while (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
          const children = Object.entries(value);
          const choice = children[Number(choices.next().value) % children.length];
          if (choice === undefined) break;
          path.push(choice[0].replaceAll(/[\\.*?|#@!{[]/gu, String.raw`\$&`));
          value = choice[1];
        }
        fc.pre(path.length > 1);
        expect(JSON.parse(match(path.join("."), json))).toEqual(value);
      }),
    );
  });

  test("no path throws, whatever it holds", () => {
    const part = fc.oneof(fc.string({ unit: anyCharacter }), fc.constantFrom("a", "c", "d", "0", "\\", ".", "*", "#"));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        expect(match(parts.join(""))).not.toBe("");
        expect(match(parts.join("."))).not.toBe("");
      }),
    );
  });
});
