// The JSON reader against the grammar, against JSON.parse on arbitrary documents, and against arbitrary bytes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  booleanValue,
  type JsonNode,
  member,
  numberValue,
  parseJsonDocument,
  rawBytes,
  stringBytes,
  textValue,
} from "../../../../src/core/value/json-document.ts";
import { anyCharacter } from "../../../support/any-character.ts";
import { MAX_JSON_DEPTH } from "../../../../src/core/value/json-scanner.ts";

const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");

function parsed(bytes: Uint8Array): JsonNode {
  const result = parseJsonDocument(bytes);
  if (!result.ok) throw new Error(`not parsed: ${result.error}`);
  return result.value;
}

/** The document as JSON.parse would give it, with Maps for objects. */
function plain(bytes: Uint8Array, node: JsonNode): unknown {
  switch (node.kind) {
    case "object":
      return new Map(Array.from(node.members, ([name, child]) => [name, plain(bytes, child)]));
    case "array":
      return node.items.map((item) => plain(bytes, item));
    case "string":
      return textValue(bytes, node);
    case "number":
      return numberValue(bytes, node);
    case "true":
    case "false":
      return booleanValue(node);
    case "null":
      return null;
  }
}

function withMaps(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(withMaps);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([name, child]) => [name.toWellFormed(), withMaps(child)]));
}

function jsonParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: withMaps(JSON.parse(text)) };
  } catch {
    return undefined;
  }
}

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("parseJsonDocument", () => {
  test.each([
    ["{}"],
    ["[]"],
    ['""'],
    ["0"],
    ["-0"],
    ["-1.5e+10"],
    ["2E-3"],
    ["10"],
    ["true"],
    ["false"],
    ["null"],
    [' \t\r\n{ "a" : [ 1 , 2 ] , "b" : { } } \n'],
    ["[ ]"],
    [String.raw`"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`],
    ['"é€😀\u007f\u2028"'],
    ['{"__proto__": 1, "constructor": 2, "": 3}'],
    ['{"a":1,"b":2,"a":3}'],
  ])("reads %s as JSON.parse does", (text) => {
    const bytes = utf8(text);
    expect(plain(bytes, parsed(bytes))).toEqual(jsonParse(text)?.value);
  });

  test.each([
    [""],
    [" "],
    ["\ufeff1"],
    ["{"],
    ["}"],
    ["["],
    ["]"],
    ["[1"],
    ["[1,"],
    ["[1,]"],
    ["[,1]"],
    ["[1 2]"],
    ["[1}"],
    ['{"a"}'],
    ['{"a":}'],
    ['{"a":1'],
    ['{"a":1,'],
    ['{"a":1,}'],
    ['{,"a":1}'],
    ['{"a" 1}'],
    ['{"a":1]'],
    ["{a:1}"],
    ["{'a':1}"],
    ["{1:1}"],
    ['"'],
    ['"a'],
    ['"\t"'],
    ['"\u001f"'],
    [String.raw`"\"`],
    [String.raw`"\x"`],
    [String.raw`"\U0041"`],
    [String.raw`"\u004"`],
    [String.raw`"\u004g"`],
    [String.raw`"\u00:0"`],
    ["01"],
    ["-"],
    ["-a"],
    ["+1"],
    [".5"],
    ["1."],
    ["1.e5"],
    ["1e"],
    ["1e+"],
    ["1e+-1"],
    ["0x10"],
    ["1 1"],
    ["nul"],
    ["nulL"],
    ["True"],
    ["truefalse"],
    ["NaN"],
    ["\u00a01"],
    ["\v1"],
    ["1\0"],
    ["//\n1"],
  ])("refuses %j", (text) => {
    expect(jsonParse(text)).toBeUndefined();
    expect(parseJsonDocument(utf8(text))).toEqual({ ok: false, error: "notJson" });
  });

  test.each([
    ["a lone continuation byte", [0x22, 0x80, 0x22]],
    ["an overlong form", [0x22, 0xc0, 0xaf, 0x22]],
    ["an encoded surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a cut sequence", [0x22, 0xe2, 0x82, 0x22]],
    ["a code point above U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ])("refuses %s as no UTF-8", (_, bytes) => {
    expect(parseJsonDocument(Uint8Array.from(bytes))).toEqual({ ok: false, error: "notUtf8" });
  });

  test("reads as many levels as the limit, and no more", () => {
    expect(parseJsonDocument(utf8(nested(MAX_JSON_DEPTH)))).toMatchObject({ ok: true });
    expect(parseJsonDocument(utf8(nested(MAX_JSON_DEPTH + 1)))).toEqual({ ok: false, error: "tooDeep" });
    expect(parseJsonDocument(utf8('{"a":'.repeat(MAX_JSON_DEPTH + 1)))).toEqual({ ok: false, error: "tooDeep" });
  });

  test("counts levels, not siblings", () => {
    expect(parseJsonDocument(utf8(`[${Array(1000).fill("[{}]").join()}]`))).toMatchObject({ ok: true });
  });

  test("does not exhaust the stack on a million brackets", () => {
    expect(parseJsonDocument(utf8("[".repeat(1_000_000)))).toEqual({ ok: false, error: "tooDeep" });
  });

  test("equals JSON.parse on arbitrary documents", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: anyCharacter }), fc.nat(3), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent);
        const bytes = utf8(text);
        expect(plain(bytes, parsed(bytes))).toEqual(jsonParse(text)?.value);
      }),
    );
  });

  test("accepts a damaged document exactly when JSON.parse does", () => {
    const patch = fc.constantFrom(
      "",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "\\u",
      "0",
      "-",
      ".",
      "e",
      "t",
      " ",
      "\n",
      "\0",
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(2), patch, (json, position, removed, inserted) => {
        const at = position % (json.length + 1);
        const text = (json.slice(0, at) + inserted + json.slice(at + removed)).toWellFormed();
        const bytes = utf8(text);
        const result = parseJsonDocument(bytes);
        const expected = jsonParse(text);
        expect(result.ok).toBe(expected !== undefined);
        if (result.ok) expect(plain(bytes, result.value)).toEqual(expected?.value);
      }),
      { numRuns: 1000 },
    );
  });

  test("never throws, whatever the bytes", () => {
    const jsonBytes = fc
      .array(fc.constantFrom(...utf8('{}[]",:\\u0019dDeE+-. truefalsn\x00\x80\xff')))
      .map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), jsonBytes), (bytes) => {
        const result = parseJsonDocument(bytes);
        if (!result.ok) expect(["notUtf8", "notJson", "tooDeep"]).toContain(result.error);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("readers of nodes", () => {
  const bytes = utf8(
    String.raw`{ "text": "a\u00e9b", "plain": "secret", "big": 12345678901234567890, "one": 1.0, "yes": true, "no": false, "nothing": null, "list": [1] }`,
  );
  const root = parsed(bytes);

  test("member gives the child by its decoded name", () => {
    expect(member(parsed(utf8(String.raw`{"\u0061":1}`)), "a")).toMatchObject({ kind: "number" });
  });

  test("member takes the last of several children with one name", () => {
    const document = utf8(String.raw`{"a":{"x":1},"\u0061":{"y":2}}`);
    const child = member(parsed(document), "a");
    expect(child && plain(document, child)).toEqual(new Map([["y", 2]]));
  });

  test.each([["missing"], ["toString"], ["__proto__"]])("member gives undefined for %s", (name) => {
    expect(member(root, name)).toBeUndefined();
  });

  test("member gives undefined where there is no object", () => {
    expect(member(undefined, "a")).toBeUndefined();
    expect(member(member(root, "list"), "0")).toBeUndefined();
    expect(member(member(root, "text"), "length")).toBeUndefined();
  });

  test("textValue reads strings only", () => {
    expect(textValue(bytes, member(root, "text"))).toBe("aéb");
    expect(textValue(utf8('""'), parsed(utf8('""')))).toBe("");
    for (const name of ["big", "yes", "nothing", "list", "missing"]) {
      expect(textValue(bytes, member(root, name))).toBeUndefined();
    }
  });

  test("textValue keeps a byte order mark", () => {
    const document = utf8('"\ufeffa"');
    expect(textValue(document, parsed(document))).toBe("\ufeffa");
  });

  test("numberValue reads numbers only", () => {
    expect(numberValue(bytes, member(root, "one"))).toBe(1);
    for (const name of ["text", "yes", "nothing", "missing"])
      expect(numberValue(bytes, member(root, name))).toBeUndefined();
  });

  test("booleanValue reads booleans only", () => {
    expect(booleanValue(member(root, "yes"))).toBe(true);
    expect(booleanValue(member(root, "no"))).toBe(false);
    for (const name of ["text", "one", "nothing", "missing"]) expect(booleanValue(member(root, name))).toBeUndefined();
  });

  test.each([
    ["big", "12345678901234567890"],
    ["one", "1.0"],
    ["text", String.raw`"a\u00e9b"`],
    ["list", "[1]"],
  ])("rawBytes gives %s as it is written", (name, text) => {
    const node = member(root, name);
    expect(node && Buffer.from(rawBytes(bytes, node)).toString()).toBe(text);
  });

  test("rawBytes and stringBytes give memory of their own", () => {
    const document = utf8('{"plain":"secret"}');
    const node = parsed(document);
    const raw = rawBytes(document, node);
    const value = stringBytes(document, member(node, "plain"));
    document.fill(0);
    expect(Buffer.from(raw).toString()).toBe('{"plain":"secret"}');
    expect(value && Buffer.from(value).toString()).toBe("secret");
  });

  test("nodes are right in a view into a larger buffer", () => {
    const view = Buffer.from('xxx{"a":"b\\n"}yyy').subarray(3, 14);
    expect(textValue(view, member(parsed(view), "a"))).toBe("b\n");
  });

  test.each([
    [String.raw`"\ud800"`, "\ufffd"],
    [String.raw`"\udc00x"`, "\ufffdx"],
    [String.raw`"\ud800\ud83d\ude00"`, "\ufffd😀"],
    [String.raw`"\ud83d\u0041"`, "\ufffdA"],
    [String.raw`"\ud83d\n"`, "\ufffd\n"],
    [String.raw`"\ud83dude00"`, "\ufffdude00"],
    [String.raw`"\ud83d\ud83d"`, "\ufffd\ufffd"],
    [String.raw`"\ude00\ud83d"`, "\ufffd\ufffd"],
    [String.raw`"\udc00\udc00"`, "\ufffd\ufffd"],
    [String.raw`"\udbff\udfff\ue000\udfff"`, "\u{10ffff}\ue000\ufffd"],
    [String.raw`"\uDBFF\uDFFF"`, "\u{10ffff}"],
    [String.raw`"\ud800\udc00"`, "\u{10000}"],
    [String.raw`"\u007f\u0080\u07ff\u0800\uffff\ud7ff\ue000"`, "\u007f\u0080\u07ff\u0800\uffff\ud7ff\ue000"],
    [String.raw`"\u0000\uABCD\uabcd\u09aF"`, "\0\uabcd\uabcd\u09af"],
    [String.raw`"\\u0041"`, String.raw`\u0041`],
    [String.raw`"\/\b\f\n\r\t\"\\"`, '/\b\f\n\r\t"\\'],
  ])("a string %s decodes as in Go", (text, expected) => {
    const document = utf8(text);
    expect(textValue(document, parsed(document))).toBe(expected);
  });
});
