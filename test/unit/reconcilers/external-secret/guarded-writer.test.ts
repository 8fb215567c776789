// Which writes need a live look at their ExternalSecret, what stops them, and which of them are told.

import { describe, expect, test } from "vitest";
import { ok } from "../../../../src/core/result.ts";
import type { SecretBody } from "../../../../src/core/sync/secret-body.ts";
import { guardedWriter, type WriteGuard } from "../../../../src/reconcilers/external-secret/guarded-writer.ts";
import type { Standing } from "../../../../src/reconcilers/external-secret/live-look.ts";
import type { TargetWriter } from "../../../../src/reconcilers/external-secret/target-writer.ts";
import { liveSecret } from "../../../support/builders/records.ts";

const NAME = { namespace: "team-a", name: "db" };
const LEFT = { uid: "uid-secret", resourceVersion: "19" };
const MANAGED = "fairlead.dev/managed";
const CURRENT: Standing = { kind: "current", resourceVersion: "10" };
const signal = AbortSignal.any([]);

interface Given extends Partial<WriteGuard> {
  readonly standing?: Standing;
  readonly labels?: Readonly<Record<string, string>>;
  readonly removed?: string;
}

/** Answers each write with the Secret at resourceVersion 20. */
function world({ standing = CURRENT, labels = { [MANAGED]: "true" }, removed, ...guard }: Given = {}) {
  const sent: string[] = [];
  const told: string[] = [];
  let looks = 0;
  const answer = (what: string) => {
    sent.push(what);
    return Promise.resolve(ok(liveSecret({ labels })));
  };
  const writer: TargetWriter = {
    read: () => Promise.resolve(ok(undefined)),
    glance: () => Promise.resolve(ok(undefined)),
    create: () => answer("create"),
    change: () => answer("change"),
    remove: () => (sent.push("remove"), Promise.resolve(ok(removed))),
  };
  const guarded = guardedWriter(writer, {
    look: () => ((looks += 1), Promise.resolve(standing)),
    left: LEFT,
    isCurrent: () => true,
    onWrote: (resourceVersion) => void told.push(resourceVersion),
    ...guard,
  });
  const body = (metadata: SecretBody["metadata"] = LEFT): SecretBody => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata,
  });
  const write = {
    create: () => guarded.create(NAME, body({}), "m", signal),
    change: (metadata?: SecretBody["metadata"]) => guarded.change(NAME, body(metadata), "m", signal),
    remove: () => guarded.remove(NAME, LEFT, signal),
  };
  return { write, sent, told, looks: () => looks };
}

test.each([
  { what: "create", metadata: undefined, then: 1 },
  { what: "remove", metadata: undefined, then: 1 },
  { what: "change", metadata: LEFT, then: 0 },
  { what: "change", metadata: { ...LEFT, resourceVersion: "18" }, then: 1 },
  { what: "change", metadata: { ...LEFT, uid: "another" }, then: 1 },
] as const)("to $what with $metadata costs $then looks", async ({ what, metadata, then }) => {
  const { write, sent, looks } = world();
  const answer = await (what === "change" ? write.change(metadata) : write[what]());
  expect(answer.ok).toBe(true);
  expect(sent).toEqual([what]);
  expect(looks()).toBe(then);
});

test("a change of what this process did not leave so needs a look", async () => {
  const { write, looks } = world({ left: undefined });
  await write.change();
  expect(looks()).toBe(1);
});

describe("nothing is sent", () => {
  test.each([
    { given: "when it is gone", standing: { kind: "gone" }, then: { why: "gone", retryAfterMs: 0 } },
    { given: "when nobody may look", standing: { kind: "denied" }, then: { why: "denied", retryAfterMs: 0 } },
    {
      given: "when nobody knows",
      standing: { kind: "unclear", retryAfterMs: 7 },
      then: { why: "unclear", retryAfterMs: 7 },
    },
  ] as const)("$given", async ({ standing, then }) => {
    const { write, sent } = world({ standing });
    const answers = [await write.create(), await write.remove(), await write.change({ ...LEFT, uid: "another" })];
    for (const answer of answers) expect(answer).toEqual({ ok: false, error: { kind: "withheld", ...then } });
    expect(sent).toEqual([]);
  });

  test("once the cache shows that it must not be", async () => {
    const { write, sent } = world({ isCurrent: () => false });
    for (const answer of [await write.create(), await write.remove(), await write.change()])
      expect(answer).toMatchObject({ ok: false, error: { kind: "withheld", why: "unclear" } });
    expect(sent).toEqual([]);
  });
});

describe("a write is told", () => {
  test.each([
    { given: "of a Secret with our label", labels: { [MANAGED]: "true" }, metadata: LEFT, then: ["20"] },
    { given: "that takes our label", labels: {}, metadata: { ...LEFT, labels: { [MANAGED]: null } }, then: ["20"] },
    { given: "not of a Secret that is not watched", labels: {}, metadata: LEFT, then: [] },
  ])("$given: $then", async ({ labels, metadata, then }) => {
    const { write, told } = world({ labels });
    await write.change(metadata);
    expect(told).toEqual(then);
  });

  test.each([
    { given: "its resourceVersion", removed: "21", then: ["21"] },
    { given: "nothing", removed: undefined, then: [] },
  ])("of a deletion whose answer tells $given: $then", async ({ removed, then }) => {
    const { write, told } = world(removed === undefined ? {} : { removed });
    await write.remove();
    expect(told).toEqual(then);
  });
});
