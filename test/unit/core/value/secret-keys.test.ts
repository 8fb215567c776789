// From names of a store to keys of a Secret: conversion, rewriting, collisions, illegal keys.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import type { RewriteRule } from "../../../../src/core/spec/external-secret.ts";
import { convertKey } from "../../../../src/core/value/convert-key.ts";
import { rewriteKey } from "../../../../src/core/value/rewrite-keys.ts";
import { anyCharacter } from "../../../support/any-character.ts";
import { secretKeys } from "../../../../src/core/value/secret-keys.ts";

const same = (name: string): string => name;

/** RE2 and its replacement syntax have their own tests: here a JavaScript pattern stands in. */
function rule(source: string, target: string): RewriteRule {
  const expression = new RegExp(source, "gsu");
  const pattern = {
    source,
    test: (text: string) => text.search(expression) >= 0,
    replaceAll: (text: string, replacement: string) => text.replaceAll(expression, replacement),
  };
  return { pattern, target };
}

function keysOf(names: readonly string[], rename: (name: string) => string = same): unknown {
  const result = secretKeys(new Map(names.map((name) => [name, SecretValue.ofUtf8(`value of ${name}`)])), rename);
  return result.ok ? Array.from(result.value, ([key, value]) => [key, value.revealUtf8()]) : result.error;
}

describe("convertKey", () => {
  test.each([
    ["plain-1_2.X", "plain-1_2.X", "plain-1_2.X"],
    ["app/db password", "app_db_password", "app_U002f_db_U0020_password"],
    ["a\nb\0", "a_b_", "a_U000a_b_U0000_"],
    ["é", "_", "_U00e9_"],
    ["中😀", "__", "_U4e2d__U1f600_"],
    ["\u{10ffff}", "_", "_U10ffff_"],
    ["a:b@c", "a_b_c", "a_U003a_b_U0040_c"],
    ["", "", ""],
  ])("%j becomes %j by Default and %j by Unicode", (name, byDefault, byUnicode) => {
    expect(convertKey(name, "Default")).toBe(byDefault);
    expect(convertKey(name, "Unicode")).toBe(byUnicode);
  });

  test("makes legal characters of any name, one for each by Default", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (name) => {
        expect(convertKey(name, "Default")).toMatch(/^[-._a-zA-Z0-9]*$/);
        expect(convertKey(name, "Unicode")).toMatch(/^[-._a-zA-Z0-9]*$/);
        expect(convertKey(name, "Default").length).toBe(Array.from(name).length);
      }),
    );
  });
});

describe("rewriteKey", () => {
  test.each([
    ["replaces every match", "a-b-c", [rule("-", "_")], "a_b_c"],
    ["puts groups in", "db-user", [rule("^(db)-(.*)$", "$2.$1")], "user.db"],
    ["applies rules in order, each to what the last one made", "a", [rule("a", "b"), rule("b", "c")], "c"],
    ["does not apply an earlier rule again", "b", [rule("a", "x"), rule("b", "a")], "a"],
    ["leaves what does not match", "a", [rule("b", "c")], "a"],
    ["makes an empty key", "abc", [rule("^.*$", "")], ""],
  ])("%s", (_, name, rules, expected) => {
    expect(rewriteKey(name, rules)).toBe(expected);
  });

  test("stops where rules blow the text up", () => {
    const doubling = Array.from({ length: 64 }, () => rule("^(.*)$", "$1$1"));
    expect(rewriteKey("ab", doubling).length).toBe(8192);
  });

  test("still shortens a text of 4096 characters, and leaves a longer one", () => {
    expect(rewriteKey("a".repeat(4096), [rule("a+", "b")])).toBe("b");
    expect(rewriteKey("a".repeat(4097), [rule("a+", "b")])).toBe("a".repeat(4097));
  });
});

describe("secretKeys", () => {
  test("gives each value its new key, in order", () => {
    expect(keysOf(["b", "a"], (name) => `x.${name}`)).toEqual([
      ["x.b", "value of b"],
      ["x.a", "value of a"],
    ]);
  });

  test("an empty map stays empty", () => {
    expect(keysOf([])).toEqual([]);
  });

  test("names the first key, in order, that two names become", () => {
    expect(keysOf(["z/1", "z 1", "a/1", "b", "a 1"], (name) => convertKey(name, "Default"))).toEqual({
      kind: "collision",
      key: "a_1",
    });
  });

  test("swapped names do not collide", () => {
    expect(keysOf(["a", "b"], (name) => (name === "a" ? "b" : "a"))).toEqual([
      ["b", "value of a"],
      ["a", "value of b"],
    ]);
  });

  test.each([["a"], ["." + "a"], ["-"], ["_"], ["a.."], ["A9-_."], ["a".repeat(253)]])("%s is a key", (name) => {
    expect(keysOf([name])).toHaveLength(1);
    expect(keysOf([name])).toEqual([[name, `value of ${name}`]]);
  });

  test.each([[""], ["."], [".."], ["..a"], ["a/b"], ["a b"], ["é"], ["a\n"], ["a".repeat(254)]])(
    "%j is no key",
    (name) => {
      expect(keysOf([name])).toEqual({ kind: "illegal", count: 1, example: name });
    },
  );

  test("counts the illegal keys and gives the first in order", () => {
    expect(keysOf(["ok", "z z", "a b", "m/m"])).toEqual({ kind: "illegal", count: 3, example: "a b" });
  });

  test("illegal keys come before collisions", () => {
    expect(keysOf(["a", "b"], () => "")).toEqual({ kind: "illegal", count: 2, example: "" });
  });
});
