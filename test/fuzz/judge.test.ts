// The harness must notice: each check is fed with a good observation, which passes, and with the same one tampered with,
// which must not.

import { describe, expect, test } from "vitest";
import { encoded, objectSaying, type Said, secretOf, SELF } from "./builders.ts";
import { codeOnlyRejections } from "./code-only-rejections.ts";
import { parserVerdict } from "./fuzz-client.ts";
import { judgeAgreement, judgeRefusal, judgeRejections, judgeSecrets, type Verdict } from "./judge.ts";
import { isReached, judgeLook } from "./judge-look.ts";
import type { Content, Expectation } from "./oracle.ts";
import type { SecretView } from "./secret-view.ts";

const wanted: Content = {
  kind: "content",
  target: "s",
  data: encoded({ a: "new", b: "two" }),
  isWhole: true,
  type: "Opaque",
  immutable: false,
  labels: { tier: "db" },
  annotations: {},
};
const kept: Expectation = { kind: "kept", reasons: ["SecretNotFound"] };
const before = secretOf({ a: "old" });
const good = secretOf({ a: "new", b: "two" }, { labels: { tier: "db", more: "x" } });

const tampered: readonly { readonly how: string; readonly target: SecretView | undefined }[] = [
  { how: "a value is another", target: { ...good, data: encoded({ a: "new", b: "TWO" }) } },
  { how: "a key is missing", target: { ...good, data: encoded({ a: "new" }) } },
  { how: "it is empty", target: { ...good, data: {} } },
  { how: "a key is too many", target: { ...good, data: { ...good.data, c: "" } } },
  { how: "it is not there", target: undefined },
  { how: "a label is missing", target: { ...good, labels: {} } },
  { how: "its type is another", target: { ...good, type: "example.com/other" } },
  { how: "it is immutable", target: { ...good, immutable: true } },
];

describe("a look at a Ready ExternalSecret", () => {
  test("passes where the Secret is as wanted", () => {
    expect(judgeLook(wanted, objectSaying(), { target: good, before })).toEqual([]);
    expect(isReached(wanted, objectSaying(), good)).toBe(true);
  });

  test.each(tampered)("is a violation where $how", ({ target }) => {
    const checks = judgeLook(wanted, objectSaying(), { target, before }).map(({ check }) => check);
    expect(checks).toContain("Current while the Secret differs");
    expect(isReached(wanted, objectSaying(), target)).toBe(false);
  });

  test("passes while the status is that of an earlier generation", () => {
    expect(judgeLook(wanted, objectSaying({ observedGeneration: 1 }), { target: before, before })).toEqual([]);
    expect(isReached(wanted, objectSaying({ observedGeneration: 1 }), good)).toBe(false);
  });

  test("is a violation where the spec cannot be served", () => {
    expect(judgeLook(kept, objectSaying(), { target: before, before })).toMatchObject([
      { check: "Current while the Secret differs", detail: "SecretSynced; not SecretNotFound" },
    ]);
  });

  test("does not repeat values", () => {
    const target = { ...good, data: encoded({ a: "made-up-value" }) };
    const text = JSON.stringify(judgeLook(wanted, objectSaying(), { target, before }));
    expect(text).not.toContain("made-up-value");
    expect(text).not.toContain(encoded({ a: "made-up-value" })["a"]);
  });
});

describe("a look while the status says that nothing is ready", () => {
  const notReady = objectSaying({ ready: "False", reason: "SecretNotFound" });

  test.each([
    { how: "it is as before", expected: wanted, target: before, then: [] },
    { how: "it is as wanted", expected: wanted, target: good, then: [] },
    { how: "it is half of it", expected: wanted, target: secretOf({ a: "new" }), then: ["a partial Secret"] },
    { how: "it is empty", expected: wanted, target: secretOf({}), then: ["a partial Secret"] },
    { how: "it must be kept, and is another", expected: kept, target: good, then: ["a partial Secret"] },
  ])("judges the Secret: $how", ({ expected, target, then }) => {
    expect(judgeLook(expected, notReady, { target, before }).map(({ check }) => check)).toEqual(then);
  });

  test("is what a spec that cannot be served comes to, for its reason only", () => {
    expect(isReached(kept, notReady, before)).toBe(true);
    expect(isReached(kept, objectSaying({ ready: "False", reason: "AccessDenied" }), before)).toBe(false);
  });
});

describe("the Secrets after a step", () => {
  const outcome = { self: SELF, targetName: "s" };
  const removed: Expectation = { kind: "removed", target: "s", isGone: true, keys: [] };
  const shared: Expectation = { ...wanted, isWhole: false };
  const foreign = secretOf({ theirs: "x", a: "old" }, { controllerUid: undefined, writers: { other: ["theirs"] } });
  const former = secretOf({ a: "old" });

  test.each<{
    how: string;
    expected: Expectation;
    from: SecretView;
    to: SecretView | undefined;
    then: readonly string[];
  }>([
    { how: "written as wanted", expected: wanted, from: before, to: good, then: [] },
    { how: "deleted", expected: wanted, from: before, to: undefined, then: ["the target was deleted"] },
    {
      how: "deleted and made again",
      expected: wanted,
      from: before,
      to: { ...good, uid: "another" },
      then: ["the target was deleted and made again"],
    },
    { how: "kept", expected: kept, from: before, to: before, then: [] },
    {
      how: "emptied though it must be kept",
      expected: kept,
      from: before,
      to: secretOf({}),
      then: ["the target was changed"],
    },
    {
      how: "deleted though it must be kept",
      expected: kept,
      from: before,
      to: undefined,
      then: ["the target was deleted"],
    },
    { how: "deleted by its policy", expected: removed, from: before, to: undefined, then: [] },
    {
      how: "shared, and a key of somebody else is gone",
      expected: shared,
      from: foreign,
      to: { ...foreign, data: encoded({ a: "new", b: "two" }) },
      then: ["key theirs of somebody else was changed"],
    },
  ])("the target $how", ({ expected, from, to, then }) => {
    const after = new Map(to === undefined ? [] : [["s", to]]);
    const found = judgeSecrets(expected, { ...outcome, before: new Map([["s", from]]), after });
    expect(found.map(({ detail }) => detail)).toEqual(then);
  });

  test.each<{
    how: string;
    expected: Expectation;
    from: SecretView;
    to: SecretView | undefined;
    then: readonly string[];
  }>([
    { how: "as before", expected: wanted, from: foreign, to: foreign, then: [] },
    { how: "changed", expected: wanted, from: foreign, to: { ...foreign, data: {} }, then: ["x was changed"] },
    { how: "deleted", expected: wanted, from: foreign, to: undefined, then: ["x was deleted"] },
    { how: "our former target, removed", expected: wanted, from: former, to: undefined, then: [] },
    {
      how: "our former target, removed before there is another",
      expected: kept,
      from: former,
      to: undefined,
      then: ["x was deleted"],
    },
  ])("another Secret is $how", ({ expected, from, to, then }) => {
    const after = new Map(to === undefined ? [] : [["x", to]]);
    const found = judgeSecrets(expected, { ...outcome, before: new Map([["x", from]]), after });
    expect(found.map(({ detail }) => detail)).toEqual(then);
  });

  test("a Secret that nobody asked for is a violation", () => {
    const after = new Map([["s", good]]);
    expect(judgeSecrets(kept, { ...outcome, before: new Map(), after })).toMatchObject([{ detail: "s was made" }]);
    expect(judgeSecrets(wanted, { ...outcome, before: new Map(), after })).toEqual([]);
    expect(judgeSecrets(wanted, { ...outcome, targetName: "t", before: new Map(), after })).toHaveLength(1);
  });
});

describe("admission and parser", () => {
  const accepted: Verdict = { accepted: true };
  const refused: Verdict = { accepted: false, message: "spec: made up" };
  const listed: Verdict = { accepted: false, message: "spec.x: invalid regular expression: give an RE2 pattern" };

  test.each([
    { api: accepted, parser: accepted, then: 0 },
    { api: refused, parser: refused, then: 0 },
    { api: accepted, parser: refused, then: 1 },
    { api: refused, parser: accepted, then: 1 },
    { api: accepted, parser: listed, then: 0 },
  ])("API $api.accepted, parser $parser: $then violations", ({ api, parser, then }) => {
    expect(judgeAgreement(api, parser)).toHaveLength(then);
  });

  test("a flipped verdict of the real parser is noticed", () => {
    const team = { namespace: "team" };
    const spec = { secretStoreRef: { name: "vault" }, data: [{ secretKey: "a", remoteRef: { key: "b" } }] };
    expect(parserVerdict(team, spec)).toEqual({ accepted: true });
    expect(judgeAgreement({ accepted: false, message: "refused" }, parserVerdict(team, spec))).toHaveLength(1);
    expect(judgeAgreement({ accepted: true }, parserVerdict(team, { ...spec, data: [] }))).toHaveLength(1);
    expect(judgeAgreement({ accepted: true }, parserVerdict(team, { ...spec, bogus: 1 }))).toHaveLength(1);
  });
});

describe("a refused spec", () => {
  const seen = { object: objectSaying(), secrets: new Map([["s", before]]) };

  test.each([
    { how: "nothing", after: seen, then: 0 },
    { how: "the spec", after: { ...seen, object: { ...objectSaying(), spec: { suspend: true } } }, then: 1 },
    { how: "a Secret", after: { ...seen, secrets: new Map([["s", good]]) }, then: 1 },
    { how: "the object, which is gone", after: { ...seen, object: undefined }, then: 1 },
  ])("that changed $how has $then violations", ({ after, then }) => {
    expect(judgeRefusal(seen, after)).toHaveLength(then);
  });
});

describe("rejections by the code", () => {
  const stalled = (reason: string, message: string): Said => ({ ready: "False", isStalled: true, reason, message });

  test.each([
    { given: "none", said: {}, then: 0 },
    { given: "an unlisted InvalidSpec", said: stalled("InvalidSpec", "made up"), then: 1 },
    { given: "an unlisted stall", said: stalled("TargetRejected", "made up"), then: 1 },
    {
      given: "a listed stall",
      said: stalled("TargetImmutable", "Secret s has type a, and a Secret's type cannot change; delete it"),
      then: 0,
    },
    {
      given: "an unlisted reason of an entry",
      said: {
        ready: "False" as const,
        reason: "SecretSyncedError",
        entries: [{ reason: "InvalidReference", message: "x" }],
      },
      then: 1,
    },
    { given: "a failure that passes", said: { ready: "False" as const, reason: "SecretNotFound" }, then: 0 },
  ])("$given: $then violations", ({ said, then }) => {
    expect(judgeRejections(objectSaying(said))).toHaveLength(then);
  });

  test("the list gives a reason for each, once", () => {
    expect(new Set(codeOnlyRejections.map(({ id }) => id)).size).toBe(codeOnlyRejections.length);
    for (const { why } of codeOnlyRejections) expect(why.length).toBeGreaterThan(20);
  });
});
