// What the oracle wants, against results worked out by hand: an oracle that is wrong would call good Secrets bad.

import { describe, expect, test } from "vitest";
import { encoded, secretOf, SELF, siteOf, situationOf } from "./builders.ts";
import { expectationOf } from "./oracle.ts";

const site = siteOf();
const store = { secretStoreRef: { name: "vault" } };
const password = [{ secretKey: "password", remoteRef: { key: "team/app/db", property: "password" } }];

function dataOf(spec: object, situation = situationOf()): unknown {
  const expected = expectationOf({ ...store, ...spec }, site, situation);
  if (expected.kind !== "content") return expected;
  return Object.fromEntries(
    Object.entries(expected.data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]),
  );
}

function one(remoteRef: object, more: object = {}): unknown {
  return dataOf({ data: [{ secretKey: "k", remoteRef, ...more }] });
}

describe("one entry", () => {
  test.each([
    { given: "a property", ref: { key: "team/app/db", property: "password" }, then: "new-x" },
    { given: "a pinned version", ref: { key: "team/app/db", property: "password", version: "1" }, then: "old-x" },
    { given: "a key with mount and data", ref: { key: "kv/data/team/app/db", property: "port" }, then: "5432" },
    { given: "an empty property", ref: { key: "team/find/db-1", property: "" }, then: '{"password":"one-x"}' },
    { given: "null", ref: { key: "team/app/db", property: "nothing" }, then: "" },
    { given: "a path", ref: { key: "team/app/db", property: "nested.list.1.in" }, then: "one-x" },
    { given: "a name with a dot", ref: { key: "team/app/db", property: "dotted.name" }, then: "dotted-x" },
    {
      given: "an object, its members sorted",
      ref: { key: "team/app/db", property: "nested" },
      then: '{"deep":{"leaf":"leaf-x","more":"more-x"},"list":["zero-x",{"in":"one-x"}]}',
    },
    {
      given: "base64",
      ref: { key: "team/app/coded", property: "standard", decodingStrategy: "Base64" },
      then: "bytes: >>>???-x",
    },
    {
      given: "URL-safe base64",
      ref: { key: "team/app/coded", property: "url", decodingStrategy: "Base64URL" },
      then: "bytes: >>>???-x",
    },
    {
      given: "text that is no base64 under Auto",
      ref: { key: "team/app/coded", property: "text", decodingStrategy: "Auto" },
      then: "no base64!-x",
    },
    { given: "custom metadata", ref: { key: "team/find/db-1", property: "tier", metadataPolicy: "Fetch" }, then: "db" },
  ])("$given", ({ ref, then }) => {
    expect(one(ref)).toEqual({ k: then });
  });

  test.each([
    { given: "no such key", ref: { key: "team/nope" }, then: ["SecretNotFound"] },
    { given: "a deleted key", ref: { key: "team/app/gone" }, then: ["SecretDeletedRemotely"] },
    { given: "a destroyed key", ref: { key: "team/app/destroyed" }, then: ["SecretDestroyed"] },
    { given: "another team's key", ref: { key: "other/db" }, then: ["AccessDenied"] },
    { given: "a denied key", ref: { key: "team/denied/key" }, then: ["AccessDenied"] },
    { given: "no such property", ref: { key: "team/app/db", property: "nope" }, then: ["PropertyNotFound"] },
    { given: "no such version", ref: { key: "team/app/db", version: "3" }, then: ["VersionNotFound"] },
    { given: "a version that is none", ref: { key: "team/app/db", version: "latest" }, then: ["InvalidReference"] },
    { given: "a key that leads out", ref: { key: "team/../x" }, then: ["InvalidReference"] },
    {
      given: "plain text under Base64",
      ref: { key: "team/app/coded", property: "text", decodingStrategy: "Base64" },
      then: ["MalformedPayload"],
    },
    {
      given: "NUL under Fail",
      ref: { key: "team/app/nul", property: "text", nullBytePolicy: "Fail" },
      then: ["MalformedPayload"],
    },
  ])("$given is not served: $then", ({ ref, then }) => {
    expect(one(ref)).toEqual({ kind: "kept", reasons: then });
  });

  test.each([
    { given: "that is not there", ref: { name: "nowhere" }, then: ["StoreNotFound"] },
    { given: "that fails", ref: { name: "locked" }, then: ["Unauthenticated"] },
  ])("of a store $given", ({ ref, then }) => {
    expect(one({ key: "team/app/db" }, { sourceRef: { storeRef: ref } })).toEqual({ kind: "kept", reasons: then });
  });

  test("reasons of several entries may be summed up", () => {
    const data = [
      ...password,
      { secretKey: "b", remoteRef: { key: "team/nope" } },
      { secretKey: "c", remoteRef: { key: "x" } },
    ];
    expect(dataOf({ data })).toEqual({
      kind: "kept",
      reasons: ["SecretNotFound", "AccessDenied", "SecretSyncedError"],
    });
  });
});

describe("many keys", () => {
  test("extract converts names, and data wins", () => {
    const dataFrom = [{ extract: { key: "team/app/all" } }];
    const data = [{ secretKey: "plain", remoteRef: { key: "team/app/db", property: "port" } }];
    expect(dataOf({ dataFrom, data })).toEqual({ plain: "5432", with_space: "b-x", sl_ash: "c-x", _n_code: "d😀-x" });
  });

  test("names that become one are not served", () => {
    const expected = { kind: "kept", reasons: ["MalformedPayload"] };
    expect(dataOf({ dataFrom: [{ extract: { key: "team/app/collide" } }] })).toEqual(expected);
  });

  test("find takes what matches by name and tags, under rewritten names", () => {
    const find = { path: "team/find", name: { regexp: "db" }, tags: { tier: "db" } };
    const rewrite = [{ regexp: { source: "^.*/([^/]+)$", target: "$1" } }, { regexp: { source: "-", target: "_" } }];
    expect(dataOf({ dataFrom: [{ find, rewrite }] })).toEqual({
      db_1: '{"password":"one-x"}',
      db_2: '{"password":"two-x"}',
    });
  });

  test("find without a match is SecretNotFound, or SecretRetained where there is a Secret", () => {
    const spec = { dataFrom: [{ find: { path: "team/find", name: { regexp: "^none$" } } }] };
    expect(dataOf(spec)).toEqual({ kind: "kept", reasons: ["SecretNotFound"] });
    const before = new Map([[SELF.name, secretOf({ a: "b" })]]);
    expect(dataOf(spec, situationOf({ before }))).toEqual({ kind: "left", reasons: ["SecretRetained"] });
  });

  test("a pattern that it cannot judge is beyond it", () => {
    expect(dataOf({ dataFrom: [{ find: { path: "team/find", name: { regexp: "\\pL" } } }] })).toMatchObject({
      kind: "beyond",
    });
  });
});

describe("the Secret that is there", () => {
  const foreign = secretOf(
    { theirs: "x" },
    { controllerUid: undefined, mark: undefined, writers: { other: ["theirs"] } },
  );
  const target = (fields: object) => ({ target: { name: "s", ...fields }, data: password });

  test.each([
    {
      given: "somebody else's, under Owner",
      live: foreign,
      fields: {},
      then: { kind: "kept", reasons: ["TargetNotOwned", "TargetConflict"] },
    },
    {
      given: "given to us",
      live: { ...foreign, adopter: SELF.name },
      fields: {},
      then: { kind: "content", isWhole: true },
    },
    {
      given: "somebody else's, under Merge",
      live: foreign,
      fields: { creationPolicy: "Merge" },
      then: { kind: "content", isWhole: false },
    },
    {
      given: "of another controller",
      live: { ...foreign, controllerUid: "c" },
      fields: { creationPolicy: "Merge" },
      then: { kind: "kept" },
    },
    {
      given: "immutable with other data",
      live: secretOf({ a: "b" }, { immutable: true }),
      fields: {},
      then: { kind: "kept", reasons: ["TargetImmutable"] },
    },
    {
      given: "immutable with the same data",
      live: secretOf({ password: "new-x" }, { immutable: true }),
      fields: {},
      then: { kind: "content", immutable: true },
    },
    {
      given: "of another type",
      live: secretOf({ a: "b" }),
      fields: { template: { type: "t" } },
      then: { kind: "kept", reasons: ["TargetImmutable"] },
    },
    {
      given: "under None",
      live: foreign,
      fields: { creationPolicy: "None" },
      then: { kind: "left", reasons: ["SecretSynced"] },
    },
    {
      given: "absent under Merge",
      live: undefined,
      fields: { creationPolicy: "Merge" },
      then: { kind: "left", reasons: ["SecretMissing"] },
    },
    {
      given: "absent, of a type that needs keys",
      live: undefined,
      fields: { template: { type: "kubernetes.io/tls" } },
      then: { kind: "kept", reasons: ["TargetRejected"] },
    },
  ])("$given", ({ live, fields, then }) => {
    const before = new Map(live === undefined ? [] : [["s", live]]);
    expect(expectationOf({ ...store, ...target(fields) }, site, situationOf({ before }))).toMatchObject(then);
  });

  test("of an ExternalSecret that made it once is left alone", () => {
    const situation = situationOf({ wasMade: true, before: new Map([["s", secretOf({ a: "b" })]]) });
    const spec = { ...store, ...target({}), refreshPolicy: "CreatedOnce" };
    expect(expectationOf(spec, site, situation)).toEqual({ kind: "left", reasons: ["SecretSynced"] });
    expect(expectationOf(spec, site, { ...situation, before: new Map([["s", foreign]]) })).toMatchObject({
      kind: "kept",
    });
  });

  test.each([
    { deletionPolicy: "Retain", then: { kind: "kept", reasons: ["SecretNotFound"] } },
    { deletionPolicy: "Delete", then: { kind: "removed", isGone: true } },
    { deletionPolicy: "Merge", then: { kind: "removed", isGone: false, keys: ["a"] } },
  ])("meets deletionPolicy $deletionPolicy only when the absence is confirmed", ({ deletionPolicy, then }) => {
    const before = new Map([[SELF.name, secretOf({ a: "b" })]]);
    const spec = { ...store, target: { deletionPolicy }, data: [{ secretKey: "a", remoteRef: { key: "team/nope" } }] };
    expect(expectationOf(spec, site, situationOf({ before }))).toEqual({ kind: "kept", reasons: ["SecretNotFound"] });
    expect(expectationOf(spec, site, situationOf({ before, isForced: true }))).toMatchObject(then);
  });

  test("is whole data in base64", () => {
    expect(expectationOf({ ...store, data: password }, site, situationOf())).toMatchObject({
      target: SELF.name,
      data: encoded({ password: "new-x" }),
    });
  });
});
