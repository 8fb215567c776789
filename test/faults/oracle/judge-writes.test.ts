// The invariants that are judged by who wrote, how often, and what was put out: each broken on purpose.

import { describe, expect, test } from "vitest";
import { leaksOf } from "../../testbed/leaks.ts";
import { countOperations } from "./counts.ts";
import { handmade, NAMESPACE, whole } from "./handmade.ts";
import { judgeLeaks } from "./judge.ts";
import { judgeLeaders, type ReplicaWrite } from "./leaders.ts";
import { judgeQuiet } from "./quiet.ts";

const FIRST_US = 2_000_000_000;

function write(replica: string, second: number, more: Partial<ReplicaWrite> = {}): ReplicaWrite {
  const receivedAtUs = FIRST_US + second * 1_000_000;
  const what = { verb: "patch", resource: "secrets", subresource: "", namespace: NAMESPACE, name: "db", code: 200 };
  return { replica, ...what, receivedAtUs, answeredAtUs: receivedAtUs + 5_000, ...more };
}

function renewal(replica: string, second: number, more: Partial<ReplicaWrite> = {}): ReplicaWrite {
  const lease = { verb: "update", resource: "leases", namespace: "fairlead-system", name: "fairlead" };
  return write(replica, second, { ...lease, ...more });
}

describe("I4, one writer", () => {
  const handOver = [renewal("a", 0), write("a", 1), renewal("a", 2), renewal("b", 20), write("b", 21)];

  test("holds for a hand-over in order, and where nobody elects", () => {
    expect(judgeLeaders(handOver, [])).toEqual([]);
    expect(judgeLeaders([write("a", 1), write("b", 2)], [])).toEqual([]);
  });

  test("is broken by a write that arrives after another replica took the Lease", () => {
    expect(judgeLeaders([...handOver, write("a", 22)], [])).toMatchObject([
      { invariant: "I4", what: "a wrote (patch secrets) while b held the Lease" },
    ]);
  });

  test("holds if that write was refused", () => {
    expect(judgeLeaders([...handOver, write("a", 22, { code: 409 })], [])).toEqual([]);
  });

  test("holds for a write that arrived before the Lease changed hands, and was answered after", () => {
    expect(judgeLeaders([...handOver, write("a", 19, { answeredAtUs: FIRST_US + 30_000_000 })], [])).toEqual([]);
  });

  test("is broken by a write before anybody held the Lease", () => {
    expect(judgeLeaders([write("a", 0), renewal("a", 1)], [])).toMatchObject([{ invariant: "I4" }]);
  });

  test("is broken by a write after the own release", () => {
    const made = handmade();
    made.lease("a", 0);
    const released = made.lease("", 0);
    const second = (released.seenAtMs * 1000 - FIRST_US) / 1_000_000;
    const writes = [
      renewal("a", second - 2),
      write("a", second - 1),
      renewal("a", second - 0.5),
      write("a", second + 1),
    ];
    expect(judgeLeaders(writes, made.evidence().revisions)).toMatchObject([
      { invariant: "I4", what: "a wrote (patch secrets) after it had released the Lease" },
    ]);
    expect(judgeLeaders(writes.slice(0, 3), made.evidence().revisions)).toEqual([]);
  });

  test.each([
    {
      holders: [
        ["a", 0],
        ["b", 1],
      ] as const,
      isBroken: false,
    },
    {
      holders: [
        ["a", 0],
        ["", 0],
        ["b", 1],
      ] as const,
      isBroken: false,
    },
    {
      holders: [
        ["a", 0],
        ["a", 0],
      ] as const,
      isBroken: false,
    },
    {
      holders: [
        ["a", 0],
        ["b", 0],
      ] as const,
      isBroken: true,
    },
    {
      holders: [
        ["a", 0],
        ["", 0],
        ["b", 0],
      ] as const,
      isBroken: true,
    },
    {
      holders: [
        ["a", 0],
        ["b", 2],
      ] as const,
      isBroken: true,
    },
  ])("of Leases $holders is broken: $isBroken", ({ holders, isBroken }) => {
    const made = handmade();
    for (const [holder, transitions] of holders) made.lease(holder, transitions);
    expect(judgeLeaders([renewal("a", 0)], made.evidence().revisions).length > 0).toBe(isBroken);
  });
});

describe("I6, quiet", () => {
  test("holds without writes, and with renewals of the Lease", () => {
    expect(judgeQuiet([])).toEqual([]);
    expect(judgeQuiet([renewal("a", 0), renewal("a", 2)])).toEqual([]);
  });

  test("is broken by any write, also by a refused one", () => {
    const status = { resource: "externalsecrets", subresource: "status", code: 409 };
    expect(judgeQuiet([write("a", 0, status), write("a", 1, status)])).toMatchObject([
      { invariant: "I6", object: "team/db", what: "2 times patch externalsecrets (HTTP 409) when all was settled" },
    ]);
  });
});

describe("I8, no leak", () => {
  const canary = "canary-0f1e2d3c4b5a69788796a5b4c3d2e1f0";
  const buffer = Buffer.from(`{"password":"x-${canary}"}`);

  test.each([
    { form: "plain", text: `a line with ${canary} in it` },
    { form: "plain, cut", text: `…${canary.slice(11, 24)}` },
    { form: "reversed", text: Array.from(canary).toReversed().join("") },
    { form: "its halves exchanged", text: `${canary.slice(22)}${canary.slice(0, 22)}` },
    { form: "hex", text: buffer.toString("hex") },
    { form: "HEX", text: buffer.toString("hex").toUpperCase() },
    { form: "base64", text: buffer.toString("base64") },
    { form: "base64, shifted by one", text: Buffer.from(`x${buffer.toString()}`).toString("base64") },
    { form: "base64, shifted by two", text: Buffer.from(`xy${buffer.toString()}`).toString("base64") },
    { form: "base64url", text: buffer.toString("base64url") },
    { form: "base64 of a part", text: Buffer.from(canary.slice(9, 25)).toString("base64") },
    { form: "percent-encoded", text: buffer.toString("hex").replaceAll(/../g, (pair) => `%${pair}`) },
  ])("is broken by a text that holds the canary in $form", ({ text }) => {
    expect(judgeLeaks([{ where: "log", text: `before ${text} after` }], canary)).toMatchObject([
      { invariant: "I8", object: "log" },
    ]);
  });

  test("holds for other texts, the canary's fixed part included", () => {
    const other = "canary-aaaabbbbccccddddeeeeffff00001111";
    const texts = [other, "canary-", "", buffer.toString().replace(canary, "[redacted]")];
    expect(
      leaksOf(
        texts.map((text) => ({ where: "log", text })),
        canary,
      ),
    ).toEqual([]);
  });
});

test("operations are counted by object, Events by what they say", () => {
  const made = handmade();
  made.secret(whole(1), { change: "ADDED" });
  made.secret(whole(2));
  made.secret(whole(2), { change: "DELETED" });
  const event = {
    ...made.secret({}, { change: "ADDED", name: "db.17", uid: "event-1" }),
    kind: "Event" as const,
    object: { reason: "Synced", involvedObject: { name: "db" } },
  };
  const { revisions } = made.evidence();
  expect([...countOperations([...revisions.slice(0, 3), event], NAMESPACE)]).toEqual([
    ["Secret/db", { created: 1, changed: 1, deleted: 1 }],
    ["Event/Synced/db", { created: 1, changed: 0, deleted: 0 }],
  ]);
});
