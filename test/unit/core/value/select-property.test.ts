// What a data entry takes from a remote secret.
import { describe, expect, test } from "vitest";
import type { RemoteSecret } from "../../../../src/core/provider/port.ts";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { selectProperty } from "../../../../src/core/value/select-property.ts";

const remote = (form: RemoteSecret["form"], text: string): RemoteSecret => ({
  form,
  payload: SecretValue.ofUtf8(text),
  version: undefined,
});

function selected(secret: RemoteSecret, property?: string): unknown {
  const result = selectProperty(secret, property);
  return result.ok ? result.value.revealUtf8() : result.error;
}

const document = String.raw`{ "z": 1, "text": "a\u00e9\nb", "big": 12345678901234567890, "one": 1.0, "yes": true, "no": false, "nul": null, "none": "",
  "object": { "b": "<\u003c>", "a": [ 1.50 ] }, "list": [ "x", { "y": 2 } ], "app.port": 5432, "app": { "port": 1, "host": "h" } }`;

describe("selectProperty", () => {
  test.each([
    ["text", "aé\nb"],
    ["big", "12345678901234567890"],
    ["one", "1.0"],
    ["yes", "true"],
    ["no", "false"],
    ["nul", ""],
    ["none", ""],
    ["object", '{"a":[1.50],"b":"<<>"}'],
    ["object.a", "[1.50]"],
    ["list", '["x",{"y":2}]'],
    ["list.0", "x"],
    ["list.1.y", "2"],
    ["app.port", "5432"],
    ["app.host", "h"],
  ])("takes %s out of a document and out of a blob alike", (property, expected) => {
    expect(selected(remote("document", document), property)).toBe(expected);
    expect(selected(remote("blob", document), property)).toBe(expected);
  });

  test("takes a document whole as its canonical JSON", () => {
    expect(selected(remote("document", ' { "b" : 1.0, "a" : "\\u0041" } '))).toBe('{"a":"A","b":1.0}');
  });

  test.each([[' { "b" : 1 } '], ["no JSON at all"], [""]])("takes a blob whole as it is stored: %j", (text) => {
    expect(selected(remote("blob", text))).toBe(text);
  });

  test("takes a binary blob whole, byte by byte", () => {
    const payload = SecretValue.ofBytes(Uint8Array.of(0, 255, 254, 13, 10));
    const result = selectProperty({ form: "blob", payload, version: undefined }, undefined);
    expect(result.ok && result.value.equals(payload)).toBe(true);
  });

  test("indexes an array at the top", () => {
    expect(selected(remote("blob", '["a", "b"]'), "1")).toBe("b");
  });

  test.each([
    ["text", "not JSON", { kind: "malformed", problem: "notJson" }],
    ["an empty blob", "", { kind: "malformed", problem: "notJson" }],
    ["a JSON string", '"text"', { kind: "malformed", problem: "notObject" }],
    ["a JSON number", "12345", { kind: "malformed", problem: "notObject" }],
    ["null", "null", { kind: "malformed", problem: "notObject" }],
    ["deep nesting", "[".repeat(65), { kind: "malformed", problem: "tooDeep" }],
  ])("finds no property in %s", (_, text, failure) => {
    expect(selected(remote("blob", text), "password")).toEqual(failure);
  });

  test("finds no property in bytes that are no UTF-8", () => {
    const payload = SecretValue.ofBytes(Uint8Array.of(0x22, 0xff, 0x22));
    expect(selected({ form: "blob", payload, version: undefined }, "a")).toEqual({
      kind: "malformed",
      problem: "notUtf8",
    });
  });

  test("a document that is no JSON is malformed even as a whole", () => {
    expect(selected(remote("document", "{"))).toEqual({ kind: "malformed", problem: "notJson" });
  });

  test("a query is told apart from a miss", () => {
    expect(selected(remote("document", document), "list.#.y")).toEqual({ kind: "unsupportedPath" });
  });

  test("a miss names at most ten properties, sorted", () => {
    const names = Array.from({ length: 12 }, (_, index) => `key${String(index).padStart(2, "0")}`);
    const text = JSON.stringify(Object.fromEntries(names.toReversed().map((name) => [name, "canary"])));
    expect(selected(remote("document", text), "nope")).toEqual({ kind: "notFound", existing: names.slice(0, 10) });
  });

  test.each([
    ["a space", "a b"],
    ["nothing", ""],
    ["a letter outside ASCII", "é"],
    ["a line break at the end", "a\n"],
    ["41 characters", "a".repeat(41)],
    ["a slash", "a/b"],
  ])("a miss does not name a property with %s", (_, name) => {
    const text = JSON.stringify({ [name]: 1, ["b".repeat(40)]: 1, "Az09._-": 1 });
    expect(selected(remote("document", text), "nope")).toEqual({
      kind: "notFound",
      existing: ["Az09._-", "b".repeat(40)],
    });
  });

  test("a miss in an array names nothing", () => {
    expect(selected(remote("blob", '[{"a":1}]'), "nope")).toEqual({ kind: "notFound", existing: [] });
  });

  test("an empty property is a name, not the whole", () => {
    expect(selected(remote("document", '{"":"e"}'), "")).toBe("e");
    expect(selected(remote("blob", '{"a":1}'), "")).toEqual({ kind: "notFound", existing: ["a"] });
  });
});
