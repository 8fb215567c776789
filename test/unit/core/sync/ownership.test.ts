import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CreationPolicy } from "../../../../src/core/spec/external-secret.ts";
import { isBound, judgeOwnership } from "../../../../src/core/sync/ownership.ts";
import { claimant, liveSecret, owner } from "../../../support/builders/records.ts";

const MARK = "fairlead.dev/external-secret";
const ADOPT = "fairlead.dev/adopt";
const rival = claimant({ name: "other", uid: "uid-other", creationTimestamp: "2026-01-02T00:00:00Z" });

const policy = fc.constantFrom<CreationPolicy>("Owner", "Orphan", "Merge", "CreateOrMerge");
const time = fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
const keys = fc.subarray(["a", "b"], { minLength: 1 }).map((names) => new Set(names));
const side = fc.record({ creationPolicy: policy, creationTimestamp: time, keys });
const names = fc.constantFrom("one", "two", "gone");
const written = fc.record({ one: fc.subarray(["a", "b"]), two: fc.subarray(["a", "b"]) });
const secret = fc
  .record({
    mark: fc.option(names),
    adopt: fc.option(names),
    controller: fc.option(fc.constantFrom("uid-1", "uid-2", "uid-gone")),
    written,
  })
  .map(({ mark, adopt, controller, ...rest }) =>
    liveSecret({
      data: { a: "1", b: "2" },
      annotations: { ...(mark === null ? {} : { [MARK]: mark }), ...(adopt === null ? {} : { [ADOPT]: adopt }) },
      owners: controller === null ? [] : [owner({ uid: controller, name: controller })],
      ...rest,
    }),
  );

describe("two claimants", () => {
  test("never both win a Secret that one of them wants alone, or one key of a shared one", () => {
    fc.assert(
      fc.property(side, side, fc.option(secret), (left, right, live) => {
        const one = claimant({ ...left, name: "one", uid: "uid-1" });
        const two = claimant({ ...right, name: "two", uid: "uid-2" });
        const isShared = [one, two].every(({ creationPolicy }) => creationPolicy.endsWith("erge"));
        const hasCommonKey = one.keys.intersection(two.keys).size > 0;
        const isMergeOnly = [one, two].some(({ creationPolicy }) => creationPolicy === "Merge");
        if ((isShared && (!hasCommonKey || live === null)) || (live === null && isMergeOnly)) return;
        const wins = [judgeOwnership(one, live ?? undefined, [two]), judgeOwnership(two, live ?? undefined, [one])];
        const isAdoption = wins.some((win) => win.ok && win.value === "adopt");
        // Writing key by key into a Secret that nobody holds ends when a person lets the other one take it over.
        if (isAdoption) return;
        expect(wins.filter((win) => win.ok).length).toBeLessThan(2);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    { given: "the older claim", self: claimant(), then: true },
    { given: "the younger claim", self: claimant({ creationTimestamp: "2026-01-03T00:00:00Z" }), then: false },
    {
      given: "a claim of the same second with the smaller uid",
      self: claimant({ uid: "a", creationTimestamp: rival.creationTimestamp }),
      then: true,
    },
    {
      given: "a claim of the same second with the larger uid",
      self: claimant({ uid: "z", creationTimestamp: rival.creationTimestamp }),
      then: false,
    },
  ])("for a Secret that nobody has yet, $given: $then", ({ self, then }) => {
    expect(judgeOwnership(self, undefined, [rival]).ok).toBe(then);
  });
});

describe("an existing Secret under Owner", () => {
  test.each([
    { given: "our controller reference", live: liveSecret({ owners: [owner()] }), then: "own" },
    { given: "our mark", live: liveSecret({ annotations: { [MARK]: "db" } }), then: "own" },
    { given: "an offer of adoption", live: liveSecret({ annotations: { [ADOPT]: "db" } }), then: "adopt" },
    {
      given: "an offer to somebody else",
      live: liveSecret({ annotations: { [ADOPT]: "other" } }),
      then: "TargetNotOwned",
    },
    { given: "nothing", live: liveSecret(), then: "TargetNotOwned" },
    {
      given: "the mark of a live rival",
      live: liveSecret({ annotations: { [MARK]: "other", [ADOPT]: "db" } }),
      then: "TargetConflict",
    },
    {
      given: "another kind's controller, although offered",
      live: liveSecret({ annotations: { [ADOPT]: "db" }, owners: [owner({ kind: "Certificate", uid: "c" })] }),
      then: "TargetNotOwned",
    },
    {
      given: "an earlier life's controller",
      live: liveSecret({ annotations: { [MARK]: "db" }, owners: [owner({ uid: "earlier" })] }),
      then: "TargetConflict",
    },
  ])("with $given: $then", ({ live, then }) => {
    const title = judgeOwnership(claimant(), live, [rival]);
    expect(title.ok ? title.value : title.error.reason).toBe(then);
  });
});

describe("a key of a shared Secret", () => {
  const self = claimant({ creationPolicy: "Merge" });
  const sharer = claimant({ ...rival, creationPolicy: "Merge" });
  const live = liveSecret({ data: { password: "1" }, written: { other: ["password"] } });

  test("stays with who wrote it, although we are older", () => {
    expect(judgeOwnership(self, live, [sharer])).toMatchObject({ ok: false, error: { reason: "TargetConflict" } });
  });

  test("stays with who wrote it while it is not known again what that one renders", () => {
    const unread = { ...sharer, keys: new Set<string>(), knowsAllKeys: false };
    expect(judgeOwnership(self, live, [unread]).ok).toBe(false);
    expect(judgeOwnership(self, live, [{ ...unread, knowsAllKeys: true }]).ok).toBe(true);
  });

  test.each(["Owner", "Orphan"] as const)(
    "is refused while an ExternalSecret holds the Secret under %s",
    (creationPolicy) => {
      const held = liveSecret({ annotations: { [MARK]: "other" } });
      expect(judgeOwnership(self, held, [{ ...rival, creationPolicy }])).toMatchObject({
        error: { reason: "TargetConflict" },
      });
    },
  );
});

describe("isBound: status names the Secret", () => {
  const foreign = owner({ kind: "Certificate", uid: "c" });
  test.each([
    { given: "there is none", live: undefined, then: false },
    { given: "we own it", live: liveSecret({ owners: [owner()] }), then: true },
    { given: "it has our mark", live: liveSecret({ annotations: { [MARK]: "db" } }), then: true },
    {
      given: "it has our mark and another controller",
      live: liveSecret({ annotations: { [MARK]: "db" }, owners: [foreign] }),
      then: false,
    },
    { given: "it is nobody's", live: liveSecret(), then: false },
    { given: "it is offered to us", live: liveSecret({ annotations: { [ADOPT]: "db" } }), then: false },
    {
      given: "it is offered to us, and holds a key of ours",
      live: liveSecret({ annotations: { [ADOPT]: "db" }, written: { db: ["a"] } }),
      then: false,
    },
  ])("or not when $given: $then", ({ live, then }) => {
    expect(isBound(claimant(), live, [])).toBe(then);
  });

  test.each([
    { given: "keys of ours", live: liveSecret({ data: { a: "1" }, written: { db: ["a"] } }), then: true },
    {
      given: "a key that another has too",
      live: liveSecret({ data: { password: "1" }, written: { db: ["a"], other: ["password"] } }),
      then: true,
    },
    { given: "no key of ours", live: liveSecret({ data: { a: "1" } }), then: false },
  ])("under Merge with $given: $then", ({ live, then }) => {
    const sharer = claimant({ ...rival, creationPolicy: "Merge" });
    expect(isBound(claimant({ creationPolicy: "Merge" }), live, [sharer])).toBe(then);
  });
});
