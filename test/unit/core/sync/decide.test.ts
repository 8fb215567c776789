import { describe, expect, test } from "vitest";
import { assemble, type SourceRead } from "../../../../src/core/sync/assemble.ts";
import { decide } from "../../../../src/core/sync/decide.ts";
import { entryId, entryText } from "../../../../src/core/sync/entries.ts";
import { ok } from "../../../../src/core/result.ts";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import type { DeletionPolicy } from "../../../../src/core/spec/external-secret.ts";
import { target, values } from "../../../support/builders/records.ts";
import { findSource, readFailed, readOne, spec } from "../../../support/builders/sync.ts";

interface Given {
  readonly reads: readonly SourceRead[];
  readonly deletionPolicy?: DeletionPolicy;
  /** All that is absent counts as confirmed. */
  readonly isConfirmed?: boolean;
  readonly carried?: Readonly<Record<string, string>>;
  readonly hasSecret?: boolean;
}

function decided({ reads, deletionPolicy = "Retain", isConfirmed = false, carried = {}, hasSecret = true }: Given) {
  const leaveOut = new Set(isConfirmed ? reads.map(({ source }) => entryText(entryId(source))) : []);
  return decide({
    spec: spec({ target: target({ deletionPolicy }) }),
    assembly: assemble(reads, leaveOut, { showsNames: true }),
    carried: values(carried),
    hasSecret,
  });
}

const denied = readFailed();
const gone = readFailed({ reason: "SecretNotFound", isAbsent: true });
const emptyFind: SourceRead = { source: findSource(), reading: ok({ kind: "many", secrets: new Map() }) };

test.each([
  { given: "all was read", when: { reads: [readOne()] }, then: "render SecretSynced" },
  { given: "one entry is denied", when: { reads: [readOne(), denied] }, then: "keep AccessDenied" },
  {
    given: "entries fail for several reasons",
    when: { reads: [denied, { ...gone, source: findSource() }] },
    then: "keep SecretSyncedError",
  },
  { given: "a find is empty under Retain", when: { reads: [emptyFind] }, then: "keep SecretRetained" },
  {
    given: "a find is empty, without a Secret",
    when: { reads: [emptyFind], hasSecret: false },
    then: "keep SecretNotFound",
  },
  {
    given: "a find is empty for the first time",
    when: { reads: [emptyFind], deletionPolicy: "Delete" },
    then: "keep SecretNotFound",
  },
  {
    given: "a find may have lost a key",
    when: { reads: [emptyFind], deletionPolicy: "Delete", carried: { a: "1" } },
    then: "render SecretSynced",
  },
  {
    given: "an entry is absent for the first time",
    when: { reads: [gone], deletionPolicy: "Delete" },
    then: "keep SecretNotFound",
  },
  {
    given: "all is confirmed absent under Delete",
    when: { reads: [gone, emptyFind], deletionPolicy: "Delete", isConfirmed: true },
    then: "removeSecret SecretDeleted",
  },
  {
    given: "all is confirmed absent under Merge",
    when: { reads: [gone], deletionPolicy: "Merge", isConfirmed: true },
    then: "removeKeys SecretSynced",
  },
] as const)("decide: when $given, then $then", ({ when, then }) => {
  const decision = decided(when);
  expect(`${decision.kind} ${decision.verdict.reason}`).toBe(then);
});

describe("a rendering", () => {
  test("holds what is carried beside what was read", () => {
    const decision = decided({ reads: [readOne()], carried: { other: "x" } });
    expect(decision.kind === "render" ? [...decision.rendering.keys()].sort() : []).toEqual(["other", "password"]);
    expect(decision.verdict.message).toBe("2 keys from 1 remote secret");
  });

  test("prefers what was read to what is carried", () => {
    const decision = decided({ reads: [readOne()], carried: { password: "old" } });
    const password = decision.kind === "render" ? decision.rendering.get("password") : undefined;
    expect(password?.equals(SecretValue.ofUtf8("one"))).toBe(true);
  });
});
