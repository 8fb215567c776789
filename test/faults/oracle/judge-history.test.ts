// Each invariant of the objects' history, broken on purpose: a check that cannot fail is a defect.

import { describe, expect, test } from "vitest";
import { correctHistory, type Handmade, handmade, NAMESPACE, nothingExpected, readyStatus, whole } from "./handmade.ts";
import { judgeHistory } from "./judge.ts";
import type { Evidence } from "./secret-story.ts";

/** Distinct invariants that are broken, in order. */
function broken(made: Handmade, more?: Partial<Evidence>): readonly string[] {
  return [...new Set(judgeHistory(made.evidence(more)).map(({ invariant }) => invariant))].toSorted();
}

/** An ExternalSecret whose Secret is at version 2, and Ready for it. */
function settledHistory(target = {}): Handmade {
  const made = handmade();
  made.rotate();
  made.rotate();
  made.externalSecret({ change: "ADDED", target });
  made.secret(whole(2), { change: "ADDED" });
  made.externalSecret({ status: readyStatus(1, 2), target });
  return made;
}

describe("a history in which all is right", () => {
  test("breaks nothing", () => {
    expect(judgeHistory(correctHistory().evidence())).toEqual([]);
  });

  test("breaks nothing when the Secret goes with its ExternalSecret", () => {
    const made = settledHistory();
    made.externalSecret({ change: "DELETED" });
    made.secret(whole(2), { change: "DELETED" });
    expect(judgeHistory(made.evidence())).toEqual([]);
  });

  test("breaks nothing when the ExternalSecret moves to another target, which comes first", () => {
    const made = settledHistory();
    const target = { name: "other" };
    made.externalSecret({ generation: 2, target, status: readyStatus(1, 2) });
    made.secret(whole(2), { change: "ADDED", name: "other", uid: "secret-2" });
    made.secret(whole(2), { change: "DELETED" });
    made.externalSecret({ generation: 2, target, status: readyStatus(2, 2) });
    expect(judgeHistory(made.evidence())).toEqual([]);
  });

  test("breaks nothing when a declared foreign edit is healed", () => {
    const made = settledHistory();
    const edit = made.secret({ a: "mine", c: "mine" });
    made.secret(whole(2));
    const isForeign = ({ order }: { order: number }): boolean => order === edit.order;
    expect(judgeHistory(made.evidence({ expected: { ...nothingExpected, isForeign } }))).toEqual([]);
  });

  test("breaks nothing when a Secret under Merge had keys of others before and after", () => {
    const made = handmade();
    made.rotate();
    const target = { creationPolicy: "Merge" };
    made.secret({ other: "x" }, { change: "ADDED", owner: "" });
    made.externalSecret({ change: "ADDED", target });
    made.secret({ other: "x", ...whole(1) }, { owner: "" });
    made.externalSecret({ target, status: readyStatus(1, 1) });
    expect(judgeHistory(made.evidence())).toEqual([]);
  });

  test("breaks nothing when the version numbers start again", () => {
    const made = settledHistory();
    made.remotes.put("kv/team/db", 1, { a: "again:a", b: "again:b" });
    made.secret({ a: "again:a", b: "again:b" });
    made.externalSecret({ status: readyStatus(1, 1) });
    expect(judgeHistory(made.evidence())).toEqual([]);
  });
});

describe("I1, preserve", () => {
  test.each([
    { how: "deleted", act: (made: Handmade) => void made.secret(whole(2), { change: "DELETED" }), more: ["I7"] },
    { how: "blanked", act: (made: Handmade) => void made.secret({ a: "", b: "" }), more: ["I2", "I7"] },
    { how: "emptied", act: (made: Handmade) => void made.secret({}), more: ["I2", "I7"] },
    { how: "shortened", act: (made: Handmade) => void made.secret({ a: "db@2:a" }), more: ["I2", "I7"] },
  ])("is broken by a good Secret that is $how", ({ act, more }) => {
    const made = settledHistory();
    act(made);
    expect(broken(made)).toEqual(["I1", ...more]);
  });

  test("is broken by a deletion after the ExternalSecret of an Orphan was deleted", () => {
    const made = settledHistory({ creationPolicy: "Orphan" });
    made.secret(whole(2), { owner: "", annotations: { "fairlead.dev/external-secret": "db" } });
    made.externalSecret({ change: "DELETED" });
    made.secret(whole(2), { change: "DELETED", owner: "" });
    expect(broken(made)).toEqual(["I1"]);
  });

  test("is broken by moving to a target that is not there when the old one goes", () => {
    const made = settledHistory();
    made.externalSecret({ generation: 2, target: { name: "other" }, status: readyStatus(1, 2) });
    made.secret(whole(2), { change: "DELETED" });
    expect(broken(made)).toEqual(["I1"]);
  });

  test("is broken by overwriting a Secret that was there before and is nobody's", () => {
    const made = handmade();
    made.rotate();
    made.secret({ mine: "x" }, { change: "ADDED", owner: "" });
    made.externalSecret({ change: "ADDED" });
    made.secret(whole(1));
    expect(broken(made)).toEqual(["I1"]);
  });

  test("holds where the Secret may go", () => {
    const made = settledHistory();
    made.secret(whole(2), { change: "DELETED" });
    const mayGo = (namespace: string, name: string): boolean => namespace === NAMESPACE && name === "db";
    expect(broken(made, { expected: { ...nothingExpected, mayGo } })).toEqual([]);
  });
});

describe("I2, atomic", () => {
  test.each([
    { what: "keys of two versions", data: { a: "db@1:a", b: "db@2:b" } },
    { what: "a value that was never in the store", data: { a: "db@2:a", b: "else" } },
    { what: "the value of another key", data: { a: "db@2:b", b: "db@2:b" } },
    { what: "a key too many", data: { ...whole(2), c: "db@2:a" } },
  ])("is broken by a revision with $what", ({ data }) => {
    const made = settledHistory();
    made.secret(data);
    expect(broken(made)).toEqual(["I2", "I7"]);
  });

  test("is broken by a Secret that is made partial", () => {
    const made = handmade();
    made.rotate();
    made.externalSecret({ change: "ADDED" });
    made.secret({ a: "db@1:a" }, { change: "ADDED" });
    made.secret(whole(1));
    expect(broken(made)).toEqual(["I2"]);
  });

  test("is broken by another version than the spec pins", () => {
    const made = handmade();
    made.rotate();
    made.rotate();
    const pinned = made.externalSecret({ change: "ADDED" });
    const data = ["a", "b"].map((key) => ({
      secretKey: key,
      remoteRef: { key: "team/db", property: key, version: "1" },
    }));
    const revision = { ...pinned, object: { ...pinned.object, spec: { data } } };
    const secret = made.secret(whole(2), { change: "ADDED" });
    expect(broken(made, { revisions: [revision, secret] })).toEqual(["I2"]);
    expect(broken(made, { revisions: [revision, { ...secret, data: new Map(Object.entries(whole(1))) }] })).toEqual([]);
  });

  test("is broken by part of what is extracted", () => {
    const made = handmade();
    made.rotate();
    const plain = made.externalSecret({ change: "ADDED" });
    const revision = { ...plain, object: { ...plain.object, spec: { dataFrom: [{ extract: { key: "team/db" } }] } } };
    const secret = made.secret({ a: "db@1:a" }, { change: "ADDED" });
    expect(broken(made, { revisions: [revision, secret] })).toEqual(["I2"]);
    expect(broken(made, { revisions: [revision, { ...secret, data: new Map(Object.entries(whole(1))) }] })).toEqual([]);
  });

  test("is broken under Merge by some of the own keys", () => {
    const made = handmade();
    made.rotate();
    made.secret({ other: "x" }, { change: "ADDED", owner: "" });
    made.externalSecret({ change: "ADDED", target: { creationPolicy: "Merge" } });
    made.secret({ other: "x", a: "db@1:a" }, { owner: "" });
    expect(broken(made)).toEqual(["I2"]);
  });

  test("is not judged for an object that is exempt from it", () => {
    const made = settledHistory();
    made.secret({ a: "db@1:a", b: "db@2:b" });
    const expected = {
      ...nothingExpected,
      isExempt: (_namespace: string, _name: string, each: string) => each !== "I1",
    };
    expect(broken(made, { expected })).toEqual([]);
  });
});

describe("I5, never back", () => {
  test("is broken by an older version after a newer one", () => {
    const made = settledHistory();
    made.secret(whole(1));
    made.secret(whole(2));
    expect(broken(made)).toEqual(["I5", "I7"]);
  });

  test("is broken by the rendering of an older spec after that of a newer one", () => {
    const made = correctHistory();
    made.secret(whole(2));
    made.secret({ a: "db@2:a" });
    expect(broken(made)).toEqual(["I5", "I7"]);
  });

  test("is broken by a Secret that is made after its ExternalSecret was deleted", () => {
    const made = handmade();
    made.rotate();
    made.externalSecret({ change: "ADDED" });
    made.externalSecret({ change: "DELETED" });
    made.wait(1_500);
    made.secret(whole(1), { change: "ADDED" });
    expect(broken(made)).toEqual(["I5"]);
  });

  test("holds when the create was on its way as the ExternalSecret was deleted", () => {
    const made = handmade();
    made.rotate();
    made.externalSecret({ change: "ADDED" });
    made.externalSecret({ change: "DELETED" });
    made.secret(whole(1), { change: "ADDED" });
    expect(broken(made)).toEqual([]);
  });

  test("holds when a new version has the old content", () => {
    const made = settledHistory();
    made.remotes.put("kv/team/db", 3, whole(1));
    made.secret(whole(1));
    made.externalSecret({ status: readyStatus(1, 3) });
    expect(broken(made)).toEqual([]);
  });
});

describe("I7, truth", () => {
  test("is broken by Ready before the Secret is there", () => {
    const made = handmade();
    made.rotate();
    made.externalSecret({ change: "ADDED" });
    made.externalSecret({ status: readyStatus(1, 1) });
    made.secret(whole(1), { change: "ADDED" });
    expect(broken(made)).toEqual(["I7"]);
  });

  test("is broken by a status that names a version before the Secret holds it", () => {
    const made = settledHistory();
    made.rotate();
    made.externalSecret({ status: readyStatus(1, 3) });
    made.secret(whole(3));
    expect(broken(made)).toEqual(["I7"]);
  });

  test("is broken by a status, written after its Secret, that names the version before", () => {
    const made = settledHistory();
    made.rotate();
    made.secret(whole(3));
    made.externalSecret({ status: { ...readyStatus(1, 2), revision: 2 } });
    made.externalSecret({ status: readyStatus(1, 3) });
    expect(broken(made)).toEqual(["I7"]);
  });

  test("is broken by a status that claims a new spec for the Secret of the old one", () => {
    const made = settledHistory();
    made.externalSecret({ generation: 2, keys: ["a"], status: readyStatus(2, 2) });
    made.secret({ a: "db@2:a" });
    expect(broken(made)).toEqual(["I7"]);
  });

  test("is broken by kstatus reading Current where Ready is not True", () => {
    const made = settledHistory();
    const status = { observedGeneration: 2, conditions: [{ type: "Ready", status: "Unknown", reason: "Odd" }] };
    const odd = made.externalSecret({ generation: 2, keys: ["a"], status });
    expect(broken(made)).toEqual([]);
    expect(broken(made, { kstatus: new Map([[odd, "Current"]]) })).toEqual(["I7"]);
  });

  test("lets the Secret be ahead of its status, but not for good", () => {
    const made = settledHistory();
    made.rotate();
    made.secret(whole(3));
    expect(broken(made, { isSettled: false })).toEqual([]);
    expect(broken(made, { isSettled: true })).toEqual(["I7"]);
  });

  test("lets a declared foreign edit stand, but not for good", () => {
    const made = settledHistory();
    const edit = made.secret({ a: "mine" });
    const isForeign = ({ order }: { order: number }): boolean => order === edit.order;
    expect(broken(made, { isSettled: false, expected: { ...nothingExpected, isForeign } })).toEqual([]);
    expect(broken(made, { isSettled: true, expected: { ...nothingExpected, isForeign } })).toEqual(["I7"]);
  });

  test.each(["SecretMissing", "SecretRetained", "SecretDeleted", "Suspended"])("excepts %s", (reason) => {
    const made = settledHistory();
    made.externalSecret({ generation: 2, keys: ["a"], status: readyStatus(2, 2, reason) });
    expect(broken(made)).toEqual([]);
  });
});
