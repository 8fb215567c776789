// Keys as users write them, and what is sent for them. The rows follow ESO's buildPath; the property says that nothing
// that is accepted can leave its mount.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyText, requestPath, resolveFolder, resolveKey } from "../../../../src/providers/vault/key-path.ts";
import { anyCharacter } from "../../../support/any-character.ts";

const v2 = { path: "kv", version: "v2" } as const;
const deep = { path: "team/kv", version: "v2" } as const;
const v1 = { path: "kv", version: "v1" } as const;
const freeV2 = { path: undefined, version: "v2" } as const;
const freeV1 = { path: undefined, version: "v1" } as const;

describe("resolveKey", () => {
  test.each([
    { rules: v2, key: "app/db", mount: "kv", rest: "app/db" },
    { rules: v2, key: "kv/app/db", mount: "kv", rest: "app/db" },
    { rules: v2, key: "kv/data/app/db", mount: "kv", rest: "app/db" },
    { rules: v2, key: "data/app/db", mount: "kv", rest: "data/app/db" },
    { rules: v2, key: "kv/data", mount: "kv", rest: "data" },
    { rules: v2, key: "kv", mount: "kv", rest: "kv" },
    { rules: v2, key: "kvx/app", mount: "kv", rest: "kvx/app" },
    { rules: deep, key: "team/kv/data/app", mount: "team/kv", rest: "app" },
    { rules: deep, key: "team/app", mount: "team/kv", rest: "team/app" },
    { rules: v1, key: "kv/data/app/db", mount: "kv", rest: "data/app/db" },
    { rules: v1, key: "kv/app/db", mount: "kv", rest: "app/db" },
    { rules: freeV2, key: "secret/path/foo", mount: "secret", rest: "path/foo" },
    { rules: freeV2, key: "secret/data/foo", mount: "secret", rest: "foo" },
    { rules: freeV2, key: "secret/path/data/foo", mount: "secret/path", rest: "foo" },
    { rules: freeV1, key: "secret/data/foo", mount: "secret", rest: "data/foo" },
  ])("$key at mount $rules.path, KV $rules.version, is $rest of $mount", ({ rules, key, mount, rest }) => {
    expect(resolveKey(rules, key)).toEqual({ ok: true, value: { mount, key: rest } });
  });

  test.each([
    "",
    "/",
    "app/",
    "/app",
    "app//db",
    ".",
    "..",
    "app/..",
    "../sys/health",
    "app/./db",
    "a?b",
    "a#b",
    "a%2eb",
    "%2e%2e/sys/health",
    "a\\b",
    "a\nb",
    "a\u0000b",
    "a\u0085b",
    "a\u007fb",
    "a\ud800b",
  ])("the key %j is refused, with a text that does not quote it", (key) => {
    const answer = resolveKey(v2, key);
    expect(answer).toMatchObject({ ok: false, error: { kind: "invalidReference" } });
    if (!answer.ok && key.length > 2) expect(answer.error.detail).not.toContain(key);
  });

  test.each(["secret", "secret/data"])("without a mount in the store, %s names no secret", (key) => {
    expect(resolveKey(freeV2, key)).toMatchObject({ ok: false, error: { kind: "invalidReference" } });
  });
});

test("whatever key is accepted, the URL stays below its mount and says the same key", () => {
  const segment = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom("..", ".", "%2e", "a", "kv", "data", "a?b", "ü"),
  );
  const keys = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("/"));
  fc.assert(
    fc.property(keys, fc.constantFrom(v2, v1, deep, freeV2, freeV1), (key, rules) => {
      const place = resolveKey(rules, key);
      if (!place.ok) return;
      const url = new URL(`https://vault/v1/${requestPath(place.value.mount, place.value.key)}`);
      expect(decodeURIComponent(url.pathname)).toBe(`/v1/${place.value.mount}/${place.value.key}`);
      expect([url.host, url.search, url.hash]).toEqual(["vault", "", ""]);
      expect(url.pathname).toMatch(/^[A-Za-z0-9\-._~%/]*$/);
    }),
  );
});

test("keyText leads back to the place, also where a key begins like its mount", () => {
  const names = fc.array(fc.constantFrom("kv", "data", "team", "app"), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(names, fc.constantFrom(v2, v1, deep, freeV2), (segments, rules) => {
      const place = { mount: rules.path ?? "kv", key: segments.join("/") };
      expect(resolveKey(rules, keyText(rules, place))).toEqual({ ok: true, value: place });
    }),
  );
});

describe("resolveFolder", () => {
  test.each([
    { rules: v2, path: undefined, mount: "kv", rest: "" },
    { rules: v2, path: "", mount: "kv", rest: "" },
    { rules: v2, path: "kv", mount: "kv", rest: "" },
    { rules: v2, path: "app/", mount: "kv", rest: "app" },
    { rules: v2, path: "kv/data/app", mount: "kv", rest: "app" },
    { rules: freeV2, path: "secret", mount: "secret", rest: "" },
    { rules: freeV2, path: "secret/data", mount: "secret", rest: "" },
    { rules: freeV2, path: "secret/app", mount: "secret", rest: "app" },
  ])("$path at mount $rules.path is the folder $rest of $mount", ({ rules, path, mount, rest }) => {
    expect(resolveFolder(rules, path)).toEqual({ ok: true, value: { mount, key: rest } });
  });

  test.each([
    { rules: freeV2, path: undefined },
    { rules: v2, path: "app//" },
    { rules: v2, path: "../sys" },
    { rules: v2, path: "a?b" },
  ])("$path at mount $rules.path is refused", ({ rules, path }) => {
    expect(resolveFolder(rules, path)).toMatchObject({ ok: false, error: { kind: "invalidReference" } });
  });
});
