// Every member of an object becomes a value under its own name.
import { expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { extractKeys } from "../../../../src/core/value/extract-keys.ts";

function extracted(text: string): unknown {
  const result = extractKeys(SecretValue.ofUtf8(text));
  return result.ok ? Array.from(result.value, ([key, value]) => [key, value.revealUtf8()]) : result.error;
}

test("every kind of member becomes a value", () => {
  const text = String.raw`{"s":"x\ty","n":12345678901234567890,"f":1.0,"t":true,"z":null,"o":{"b":1,"a":2},"l":[1, 2],"\u0061 b":"odd"}`;
  expect(extracted(text)).toEqual([
    ["s", "x\ty"],
    ["n", "12345678901234567890"],
    ["f", "1.0"],
    ["t", "true"],
    ["z", ""],
    ["o", '{"a":2,"b":1}'],
    ["l", "[1,2]"],
    ["a b", "odd"],
  ]);
});

test("an empty object has no keys", () => {
  expect(extracted(" {} ")).toEqual([]);
});

test("of two members with one name the later holds", () => {
  expect(extracted('{"a":1,"a":2}')).toEqual([["a", "2"]]);
});

test.each([
  ["an array", "[1]", "notObject"],
  ["a string", '"{}"', "notObject"],
  ["null", "null", "notObject"],
  ["text", "password", "notJson"],
  ["nothing", "", "notJson"],
  ["a deep document", '{"a":'.repeat(65), "tooDeep"],
])("%s cannot be extracted", (_, text, problem) => {
  expect(extracted(text)).toBe(problem);
});
