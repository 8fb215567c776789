// The whole pipeline, from what a store answered to keys and values, and the sentences where it fails.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RemoteSecret } from "../../../../src/core/provider/port.ts";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import type { FindReference, RemoteReference, RewriteRule, Source } from "../../../../src/core/spec/external-secret.ts";
import { createPayloadParser } from "../../../../src/core/value/parse-payload.ts";
import { describeEntry } from "../../../../src/core/value/render-failure.ts";
import { renderSource, type RenderOptions, type SourceReading } from "../../../../src/core/value/render-source.ts";
import { anyCharacter } from "../../../support/any-character.ts";

const CANARY = "canary-7f3a";
const store = { kind: "SecretStore", name: "vault" } as const;
const conversion = { conversionStrategy: "Default", decodingStrategy: "None", nullBytePolicy: "Ignore" } as const;
const plainRef: RemoteReference = {
  ...conversion,
  key: "app/db",
  version: undefined,
  property: undefined,
  metadataPolicy: "None",
};

const dataSource = (ref: Partial<RemoteReference> = {}): Source => ({
  kind: "data",
  store,
  secretKey: "password",
  remoteRef: { ...plainRef, ...ref },
});
const extractSource = (ref: Partial<RemoteReference> = {}, rewrite: readonly RewriteRule[] = []): Source => ({
  kind: "extract",
  store,
  remoteRef: { ...plainRef, ...ref },
  rewrite,
});
const findSource = (find: Partial<FindReference> = {}, rewrite: readonly RewriteRule[] = []): Source => ({
  kind: "find",
  store,
  find: { ...conversion, path: "app", name: undefined, tags: {}, ...find },
  rewrite,
});

const slashToDash: RewriteRule = {
  pattern: {
    source: "/",
    test: (text) => text.includes("/"),
    replaceAll: (text, target) => text.replaceAll("/", target),
  },
  target: "-",
};

const remote = (text: string, form: RemoteSecret["form"] = "document"): RemoteSecret => ({
  form,
  payload: SecretValue.ofUtf8(text),
  version: undefined,
});
const one = (text: string, form?: RemoteSecret["form"]): SourceReading => ({ kind: "one", secret: remote(text, form) });
const many = (secrets: Readonly<Record<string, string>>, form?: RemoteSecret["form"]): SourceReading => ({
  kind: "many",
  secrets: new Map(Object.entries(secrets).map(([key, text]) => [key, remote(text, form)])),
});

function rendered(source: Source, reading: SourceReading, options?: Partial<RenderOptions>): unknown {
  const result = renderSource(source, reading, options);
  if (!result.ok) return result.error;
  return Object.fromEntries(Array.from(result.value, ([key, value]) => [key, value.revealUtf8()]));
}

describe("renderSource", () => {
  test.each([
    {
      given: "data, whole document",
      source: dataSource(),
      reading: one('{"b":1, "a":"x"}'),
      then: { password: '{"a":"x","b":1}' },
    },
    { given: "data, whole blob", source: dataSource(), reading: one(" x ", "blob"), then: { password: " x " } },
    {
      given: "data, property",
      source: dataSource({ property: "a.b" }),
      reading: one('{"a":{"b":1.0}}'),
      then: { password: "1.0" },
    },
    {
      given: "data, decoded property",
      source: dataSource({ property: "a", decodingStrategy: "Base64" }),
      reading: one('{"a":"QUI="}'),
      then: { password: "AB" },
    },
    { given: "extract", source: extractSource(), reading: one('{"user":"u","n":1}'), then: { user: "u", n: "1" } },
    { given: "extract of a blob", source: extractSource(), reading: one('{"user":"u"}', "blob"), then: { user: "u" } },
    { given: "extract of nothing", source: extractSource(), reading: one("{}"), then: {} },
    {
      given: "extract of a nested object",
      source: extractSource({ property: "db" }),
      reading: one('{"db":{"user":"u"},"other":1}'),
      then: { user: "u" },
    },
    {
      given: "extract of JSON within a string",
      source: extractSource({ property: "db" }),
      reading: one(String.raw`{"db":"{\"user\":\"u\"}"}`),
      then: { user: "u" },
    },
    {
      given: "extract, converted by Default",
      source: extractSource(),
      reading: one('{"a/b":"x"}'),
      then: { a_b: "x" },
    },
    {
      given: "extract, converted by Unicode",
      source: extractSource({ conversionStrategy: "Unicode" }),
      reading: one('{"a/b":"x","a b":"y"}'),
      then: { a_U002f_b: "x", a_U0020_b: "y" },
    },
    {
      given: "extract, rewritten and so not converted",
      source: extractSource({ conversionStrategy: "Unicode" }, [slashToDash]),
      reading: one('{"a/b":"x"}'),
      then: { "a-b": "x" },
    },
    {
      given: "extract, decoded",
      source: extractSource({ decodingStrategy: "Auto" }),
      reading: one('{"a":"QUI=","b":"p@ss"}'),
      then: { a: "AB", b: "p@ss" },
    },
    {
      given: "find: each key gives its whole secret",
      source: findSource(),
      reading: many({ "app/a": '{"y":1,"x":2}', "app/b": "{}" }),
      then: { app_a: '{"x":2,"y":1}', app_b: "{}" },
    },
    { given: "find of blobs", source: findSource(), reading: many({ a: " plain " }, "blob"), then: { a: " plain " } },
    {
      given: "find, rewritten",
      source: findSource({}, [slashToDash]),
      reading: many({ "app/a": "{}" }),
      then: { "app-a": "{}" },
    },
    {
      given: "find, decoded",
      source: findSource({ decodingStrategy: "Base64" }),
      reading: many({ a: "QUI=" }, "blob"),
      then: { a: "AB" },
    },
    { given: "find without a result", source: findSource(), reading: many({}), then: {} },
  ])("$given", ({ source, reading, then }) => {
    expect(rendered(source, reading)).toEqual(then);
  });

  test.each([
    {
      given: "a misspelt property",
      source: dataSource({ property: "passwrod" }),
      reading: one(`{"password":"${CANARY}","host":"h"}`),
      reason: "PropertyNotFound",
      message: 'property "passwrod" of app/db was not found in store vault; it has: host, password',
    },
    {
      given: "a property where none can be shown",
      source: dataSource({ property: "a" }),
      reading: one(`{"${CANARY} ":1}`),
      reason: "PropertyNotFound",
      message: 'property "a" of app/db was not found in store vault; correct it, or add it there',
    },
    {
      given: "a missing property of an extract, which names no others",
      source: extractSource({ property: "a" }),
      reading: one('{"b":1}'),
      reason: "PropertyNotFound",
      message: 'property "a" of app/db was not found in store vault; correct it, or add it there',
    },
    {
      given: "a query",
      source: dataSource({ property: "list.#.name" }),
      reading: one('{"list":[]}'),
      reason: "InvalidReference",
      message:
        'property "list.#.name" of app/db in store vault is a query, wildcard, pipe or modifier, which is not supported; name one place, such as users.0.name, or escape the character by a backslash',
    },
    {
      given: "a property of a blob that is no JSON",
      source: dataSource({ property: "a" }),
      reading: one(CANARY, "blob"),
      reason: "MalformedPayload",
      message: "app/db in store vault is not JSON; store a JSON object there, or leave property out to take it whole",
    },
    {
      given: "a property of a JSON string",
      source: dataSource({ property: "a" }),
      reading: one(`"${CANARY}"`, "blob"),
      reason: "MalformedPayload",
      message:
        "app/db in store vault is not a JSON object; store a JSON object there, or leave property out to take it whole",
    },
    {
      given: "a document that is no JSON",
      source: dataSource(),
      reading: one("["),
      reason: "MalformedPayload",
      message: "app/db in store vault is not JSON; correct it there",
    },
    {
      given: "an extract of an array",
      source: extractSource(),
      reading: one(`["${CANARY}"]`, "blob"),
      reason: "MalformedPayload",
      message:
        "app/db in store vault is not a JSON object; extract needs a JSON object: store one there, or read it by data",
    },
    {
      given: "an extract of a scalar property",
      source: extractSource({ property: "a" }),
      reading: one(`{"a":"${CANARY}"}`),
      reason: "MalformedPayload",
      message:
        'property "a" of app/db in store vault is not JSON; extract needs a JSON object: store one there, or read it by data',
    },
    {
      given: "an extract of a deep document",
      source: extractSource(),
      reading: one('{"a":'.repeat(65), "blob"),
      reason: "MalformedPayload",
      message:
        "app/db in store vault is JSON nested deeper than 64 levels; extract needs a JSON object: store one there, or read it by data",
    },
    {
      given: "an extract of bytes",
      source: extractSource(),
      reading: {
        kind: "one",
        secret: { form: "blob", payload: SecretValue.ofBytes(Uint8Array.of(255)), version: undefined },
      },
      reason: "MalformedPayload",
      message:
        "app/db in store vault is not UTF-8 text; extract needs a JSON object: store one there, or read it by data",
    },
    {
      given: "names that collide by conversion",
      source: extractSource(),
      reading: one(`{"a/b":"${CANARY}","a b":"y"}`),
      reason: "MalformedPayload",
      message:
        "two values of app/db in store vault have the key a_b; give them different keys by rewrite or conversionStrategy Unicode",
    },
    {
      given: "names that rewrite leaves illegal",
      source: extractSource({}, [slashToDash]),
      reading: one(`{"a b!":"${CANARY}","":"y","ok":"z"}`),
      reason: "MalformedPayload",
      message:
        '2 of the keys of app/db in store vault cannot be a key of a Secret, such as ""; rename them there, or by rewrite',
    },
    {
      given: "an illegal name, shown cleaned and cut",
      source: extractSource({}, [slashToDash]),
      reading: one(`{" \u202e\\n09azAZ-._${"x".repeat(60)}":"${CANARY}"}`),
      reason: "MalformedPayload",
      message: `1 of the keys of app/db in store vault cannot be a key of a Secret, such as "???09azAZ-._${"x".repeat(27)}…"; rename them there, or by rewrite`,
    },
    {
      given: "found keys that collide",
      source: findSource(),
      reading: many({ "a/b": "{}", "a b": "{}" }),
      reason: "MalformedPayload",
      message:
        "two values of find(path=app) in store vault have the key a_b; give them different keys by rewrite or conversionStrategy Unicode",
    },
    {
      given: "a found document that is no JSON",
      source: findSource(),
      reading: many({ "app/a": "{}", "app/b": CANARY }),
      reason: "MalformedPayload",
      message: "app/b in store vault is not JSON; correct it there",
    },
    {
      given: "no base64",
      source: dataSource({ decodingStrategy: "Base64", property: "a" }),
      reading: one(`{"a":"${CANARY}"}`),
      reason: "MalformedPayload",
      message:
        "the value for password from app/db in store vault is not padded standard base64; correct it there, or the decodingStrategy",
    },
    {
      given: "no URL-safe base64",
      source: extractSource({ decodingStrategy: "Base64URL" }),
      reading: one(`{"ok":"QUI=","bad":"+${CANARY}"}`),
      reason: "MalformedPayload",
      message:
        "the value for bad from app/db in store vault is not padded URL-safe base64; correct it there, or the decodingStrategy",
    },
    {
      given: "a NUL byte",
      source: findSource({ nullBytePolicy: "Fail" }),
      reading: many({ a: `${CANARY}\0` }, "blob"),
      reason: "MalformedPayload",
      message:
        "the value for a from find(path=app) in store vault has a NUL byte, which nullBytePolicy Fail refuses; store text there, or set Ignore",
    },
  ] satisfies { given: string; source: Source; reading: SourceReading; reason: string; message: string }[])(
    "$given: $reason",
    ({ source, reading, reason, message }) => {
      expect(rendered(source, reading)).toEqual({ reason, message });
    },
  );

  test("names of existing properties can be switched off", () => {
    const failure = rendered(dataSource({ property: "b" }), one('{"a":1}'), { showsNames: false });
    expect(failure).toEqual({
      reason: "PropertyNotFound",
      message: 'property "b" of app/db was not found in store vault; correct it, or add it there',
    });
  });

  test("a cluster store is called one", () => {
    const source: Source = { ...dataSource(), store: { kind: "ClusterSecretStore", name: "shared" } };
    expect(describeEntry(source)).toBe("app/db in cluster store shared");
  });

  test("messages stay short and printable, however long the names are", () => {
    const name = fc.string({ unit: anyCharacter, maxLength: 1500 });
    fc.assert(
      fc.property(name, name, fc.string({ maxLength: 253 }), (key, property, storeName) => {
        const long: Source = { ...dataSource({ key, property }), store: { ...store, name: storeName } };
        const result = renderSource(long, one(`{"${"n".repeat(40)}":1}`));
        fc.pre(!result.ok);
        expect(result.error.message.length).toBeLessThanOrEqual(512);
        expect(result.error.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test("a parser that sources share is used by each of them", () => {
    const secret = remote('{"a":"1","b":"2"}');
    const parse = createPayloadParser();
    const parsed: SecretValue[] = [];
    const counting: RenderOptions["parse"] = (payload) => {
      parsed.push(payload);
      return parse(payload);
    };
    const reading: SourceReading = { kind: "one", secret };
    for (const source of [
      dataSource({ property: "a" }),
      dataSource(),
      extractSource(),
      extractSource({ property: "nope" }),
    ]) {
      renderSource(source, reading, { parse: counting });
    }
    renderSource(findSource(), { kind: "many", secrets: new Map([["k", secret]]) }, { parse: counting });
    expect(parsed).toEqual([secret.payload, secret.payload, secret.payload, secret.payload, secret.payload]);
  });

  test("a reading of the wrong kind is a mistake of ours and throws", () => {
    expect(() => renderSource(dataSource(), many({}))).toThrow("was given the reading of a find");
    expect(() => renderSource(extractSource(), many({}))).toThrow("was given the reading of a find");
    expect(() => renderSource(findSource(), one("{}"))).toThrow("was given the reading of one secret");
  });

  test("no payload makes it throw, and no failure shows a value", () => {
    const text = fc.string().map((suffix) => CANARY + suffix);
    const payload = fc.oneof(
      fc.uint8Array(),
      fc.json().map((json) => Buffer.from(json)),
      text.map((value) => Buffer.from(value)),
      text.map((value) => Buffer.from(JSON.stringify({ a: value, b: [value] }))),
    );
    const source = fc.constantFrom(
      dataSource(),
      dataSource({ property: "a", decodingStrategy: "Base64" }),
      dataSource({ property: "b.0.c", nullBytePolicy: "Fail" }),
      extractSource(),
      extractSource({ property: "a" }, [slashToDash]),
    );
    fc.assert(
      fc.property(source, payload, fc.constantFrom("document", "blob"), (from, bytes, form) => {
        const secret = { form, payload: SecretValue.ofBytes(bytes), version: undefined };
        const result = renderSource(from, { kind: "one", secret });
        if (result.ok) return;
        expect(["PropertyNotFound", "MalformedPayload"]).toContain(result.error.reason);
        expect(result.error.message).not.toContain(CANARY);
      }),
      { numRuns: 500 },
    );
  });
});
