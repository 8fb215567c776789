// What KV mounts answer and what is made of it: versions, metadata, absence, and mounts that are not what they were.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RemoteRef, remoteRefId, type SecretProvider } from "../../../../src/core/provider/port.ts";
import type { VaultStoreSpec } from "../../../../src/core/spec/secret-store.ts";
import { respond } from "../../../support/stub-vault.ts";
import { VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;

let rig: VaultRig;
let provider: SecretProvider;
beforeEach(async () => {
  rig = await VaultRig.start();
  provider = rig.provider();
});
afterEach(() => rig.close());

function refTo(key: string, overrides: Partial<RemoteRef> = {}): RemoteRef {
  return { key, version: undefined, metadataPolicy: "None", ...overrides };
}

async function secretOf(ref: RemoteRef, from = provider) {
  const answer = (await from.readSecrets([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? { text: answer.value.payload.revealUtf8(), version: answer.value.version } : answer.error;
}

async function versionOf(ref: RemoteRef, from = provider) {
  const answer = (await from.readVersions([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? answer.value?.identity : answer.error.kind;
}

describe("KV v2", () => {
  test("a document arrives as it was written, its numbers too", async () => {
    rig.stub.kv().put("app/db", '{"n":12345678901234567890, "f":1.10,"t":"a\\u0022","nested":{"x":[1, 2]}}');
    expect(await secretOf(refTo("app/db"))).toMatchObject({
      text: '{"n":12345678901234567890, "f":1.10,"t":"a\\u0022","nested":{"x":[1, 2]}}',
    });
  });

  test("a version is its number and its time: a path that starts again at 1 is something else", async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    const before = await versionOf(refTo("app/db"));
    rig.stub.kv().deleteMetadata("app/db");
    rig.stub.kv().put("app/db", { a: "2" });
    const after = await versionOf(refTo("app/db"));
    expect([before?.startsWith("1@"), after?.startsWith("1@"), before === after]).toEqual([true, true, false]);
  });

  test.each(["0", "-1", "1.5", "latest", "1?x=y", "12345678901", ""])("version %j is no reference", async (version) => {
    expect(await secretOf(refTo("app/db", { version }))).toMatchObject({ kind: "invalidReference" });
    expect(rig.stub.requests).toEqual([]);
  });

  test("a deletion that lies ahead is none yet", async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    rig.stub.kv().softDelete("app/db", "2999-01-01T00:00:00Z");
    expect(await secretOf(refTo("app/db"))).toMatchObject({ text: '{"a":"1"}' });
    expect(await versionOf(refTo("app/db"))).toMatch(/^1@/);
  });

  test("whether a deletion lies ahead is judged by Vault's clock", async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    rig.stub.kv().softDelete("app/db", "2999-01-01T00:00:00Z");
    rig.stub.dateMs = Date.UTC(2999, 0, 2);
    expect(await versionOf(refTo("app/db"))).toBe("deleted");
  });

  test("a key with metadata and no version is absent", async () => {
    rig.stub.faults.set(
      "kv/metadata/app/db",
      respond({
        status: 200,
        body: { data: { current_version: 0, versions: {}, created_time: "t", updated_time: "t" } },
      }),
    );
    expect(await versionOf(refTo("app/db"))).toBe("notFound");
  });

  test("one key by two references is asked once each, equal references once", async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    const answers = await provider.readSecrets([refTo("app/db"), refTo("app/db"), refTo("kv/data/app/db")], NEVER);
    expect(answers.size).toBe(2);
    expect(rig.stub.count("kv/data/app/db")).toBe(2);
  });

  test.each([
    { given: "no data", body: {} },
    { given: "null", body: null },
    { given: "a list", body: { data: [] } },
    { given: "text as data", body: { data: { data: "text", metadata: { version: 1, created_time: "t" } } } },
    { given: "no version", body: { data: { data: { a: "1" }, metadata: { created_time: "t" } } } },
    { given: "no time", body: { data: { data: { a: "1" }, metadata: { version: 1 } } } },
    { given: "null data with status 200", body: { data: { data: null, metadata: { version: 1, created_time: "t" } } } },
  ])("an answer with $given is unavailable", async ({ body }) => {
    rig.stub.faults.set("kv/data/app/db", respond({ status: 200, body }));
    rig.stub.faults.set("kv/metadata/app/db", respond({ status: 200, body }));
    expect(await secretOf(refTo("app/db"))).toMatchObject({ kind: "unavailable" });
    expect(await versionOf(refTo("app/db"))).toBe("unavailable");
  });
});

describe("metadataPolicy Fetch", () => {
  const fetch = refTo("app/db", { metadataPolicy: "Fetch" });

  test("gives times, version and custom metadata as texts, the custom ones winning", async () => {
    rig.stub.kv().put("app/db", { a: "secret" });
    rig.stub.kv().tag("app/db", { team: "a", created_time: "mine" });
    const secret = await secretOf(fetch);
    expect("text" in secret && JSON.parse(secret.text)).toEqual({
      created_time: "mine",
      current_version: "1",
      delete_version_after: "0s",
      team: "a",
    });
  });

  test("its identity moves with the metadata and with the value", async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    const identities = [await versionOf(fetch)];
    rig.stub.kv().tag("app/db", { team: "a" });
    identities.push(await versionOf(fetch));
    rig.stub.kv().put("app/db", { a: "2" });
    identities.push(await versionOf(fetch));
    expect(new Set(identities).size).toBe(3);
    const secret = await secretOf(fetch);
    expect("text" in secret && secret.version?.identity).toBe(identities[2]);
  });

  test("denied metadata is denied, missing and deleted keys are what they are", async () => {
    expect(await secretOf(fetch)).toMatchObject({ kind: "notFound" });
    rig.stub.kv().put("app/db", { a: "1" });
    rig.stub.kv().softDelete("app/db");
    expect(await secretOf(fetch)).toMatchObject({ kind: "deleted" });
    rig.stub.denied.add("kv/metadata/app/db");
    expect(await secretOf(fetch)).toMatchObject({ kind: "accessDenied" });
  });

  test("has no pinned versions", async () => {
    expect(await secretOf({ ...fetch, version: "1" })).toMatchObject({ kind: "invalidReference" });
  });
});

describe("denied metadata", () => {
  beforeEach(() => {
    rig.stub.kv().put("app/db", { a: "1" });
    rig.stub.denied.add("kv/metadata/app/db");
  });

  test("is made up for by reading values, remembered, noted, and costs no login", async () => {
    const identity = await versionOf(refTo("app/db"));
    expect(identity).toMatch(/^1@/);
    const probes = rig.stub.count("kv/metadata/app/db");
    expect(await versionOf(refTo("app/db"))).toBe(identity);
    expect(rig.stub.count("kv/metadata/app/db")).toBe(probes);
    expect(rig.stub.count("auth/kubernetes/login")).toBe(1);
    expect(await provider.validate(NEVER)).toMatchObject({
      ok: true,
      value: { notes: ["some keys deny metadata/: their versions are checked by reading values"] },
    });
  });

  test("is not concluded from a dead token", async () => {
    rig.stub.denied.clear();
    await versionOf(refTo("app/db"));
    rig.stub.tokens.clear();
    expect(await versionOf(refTo("app/db"))).toMatch(/^1@/);
    expect(await provider.validate(NEVER)).toMatchObject({ ok: true, value: { notes: [] } });
  });

  test("still tells a missing version from a missing key", async () => {
    rig.stub.denied.add("kv/metadata/app/none");
    expect(await secretOf(refTo("app/db", { version: "9" }))).toMatchObject({ kind: "versionNotFound" });
    expect(await secretOf(refTo("app/none", { version: "9" }))).toMatchObject({ kind: "notFound" });
    rig.stub.kv().softDelete("app/db");
    expect(await secretOf(refTo("app/db", { version: "9" }))).toMatchObject({ kind: "versionNotFound" });
  });
});

describe("KV v1", () => {
  const v1: Partial<VaultStoreSpec> = { path: "old", version: "v1" };

  test("has values without versions, and asks nothing for versions", async () => {
    rig.stub.mount("old", 1).put("app/db", { a: "1" });
    const old = rig.provider(v1);
    expect(await secretOf(refTo("old/app/db"), old)).toEqual({ text: '{"a":"1"}', version: undefined });
    const asked = rig.stub.requests.length;
    expect(await versionOf(refTo("app/db"), old)).toBeUndefined();
    expect(rig.stub.requests.length).toBe(asked);
  });

  test("refuses versions and metadata", async () => {
    const old = rig.provider(v1);
    expect(await secretOf(refTo("app/db", { version: "1" }), old)).toMatchObject({ kind: "invalidReference" });
    expect(await versionOf(refTo("app/db", { metadataPolicy: "Fetch" }), old)).toBe("invalidReference");
  });

  test("an absent key is absent, a document that is none is unavailable", async () => {
    rig.stub.mount("old", 1);
    const old = rig.provider(v1);
    expect(await secretOf(refTo("app/db"), old)).toMatchObject({ kind: "notFound" });
    rig.stub.faults.set("old/app/db", respond({ status: 200, body: { data: null } }));
    expect(await secretOf(refTo("app/db"), old)).toMatchObject({ kind: "unavailable" });
  });
});

describe("a mount that is not what it was", () => {
  beforeEach(async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    await secretOf(refTo("app/db"));
  });

  test("gone: unavailable, no such mount", async () => {
    rig.stub.mounts.delete("kv");
    expect(await secretOf(refTo("app/db"))).toMatchObject({
      kind: "unavailable",
      detail: "no such mount: kv (HTTP 404)",
    });
    expect(await versionOf(refTo("app/db"))).toBe("unavailable");
  });

  test.each([
    { given: "enabled anew and empty", remount: () => rig.stub.mount("kv", 2) },
    { given: "enabled anew as KV v1", remount: () => rig.stub.mount("kv", 1) },
    { given: "another engine", remount: () => rig.stub.mount("kv", 2, "transit") },
  ])("$given: absence is not believed, for values, versions and lists", async ({ remount }) => {
    remount();
    expect(await secretOf(refTo("app/db"))).toMatchObject({ kind: "mountChanged" });
    expect(await versionOf(refTo("app/db"))).toBe("mountChanged");
    expect(await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "mountChanged" },
    });
  });

  test("enabled anew and filled again: values are read", async () => {
    rig.stub.mount("kv", 2).put("app/db", { a: "2" });
    expect(await secretOf(refTo("app/db"))).toMatchObject({ text: '{"a":"2"}' });
  });

  test("many absent keys share their looks at the mount, each of which begins after its absence", async () => {
    const before = rig.stub.count("sys/internal/ui/mounts");
    const refs = Array.from({ length: 60 }, (_, index) => refTo(`app/none-${index}`));
    const answers = await provider.readSecrets(refs, NEVER);
    expect(new Set([...answers.values()].map((answer) => answer.ok || answer.error.kind))).toEqual(
      new Set(["notFound"]),
    );
    expect(rig.stub.count("sys/internal/ui/mounts") - before).toBeLessThan(refs.length);
  });

  test("replaced between two absent keys: the second is not judged by the look for the first", async () => {
    let answer: () => void = () => undefined;
    rig.stub.faults.set("sys/internal/ui/mounts/kv", (response) => {
      const { accessor } = rig.stub.kv();
      const body = JSON.stringify({ data: { path: "kv/", type: "kv", accessor, options: { version: "2" } } });
      answer = () => response.end(body);
    });
    const look = rig.stub.arrival("sys/internal/ui/mounts/kv");
    const first = secretOf(refTo("app/none"));
    await look;
    rig.stub.mount("kv", 2);
    const arrival = rig.stub.arrival("kv/data/app/db");
    const second = secretOf(refTo("app/db"));
    await arrival;
    rig.stub.faults.clear();
    answer();
    expect(await first).toMatchObject({ kind: "notFound" });
    expect(await second).toMatchObject({ kind: "mountChanged" });
  });

  test("seen before and now hidden: absence is not believed", async () => {
    rig.stub.denied.add("sys/internal/ui/mounts/kv");
    expect(await secretOf(refTo("app/none"))).toMatchObject({ kind: "unavailable" });
  });

  test("while the mount cannot be looked at, absence is not believed", async () => {
    rig.stub.faults.set("sys/internal/ui/mounts/kv", respond({ status: 500, body: "" }));
    expect(await secretOf(refTo("app/none"))).toMatchObject({ kind: "unavailable" });
  });
});

test("a mount that policies hide does not stand in the way", async () => {
  rig.stub.denied.add("sys/internal/ui/mounts/kv");
  rig.stub.kv().put("app/db", { a: "1" });
  expect(await secretOf(refTo("app/db"))).toMatchObject({ text: '{"a":"1"}' });
  expect(await secretOf(refTo("app/none"))).toMatchObject({ kind: "notFound" });
  expect(rig.stub.count("auth/kubernetes/login")).toBe(1);
});

test("where keys name their mount, a wrong one is not the store's fault and may become right", async () => {
  rig.stub.mount("old", 1).put("x", { a: "1" });
  const free = rig.provider({ path: undefined });
  rig.stub.kv().put("app/db", { a: "1" });
  expect(await secretOf(refTo("kv/app/db"), free)).toMatchObject({ text: '{"a":"1"}' });
  expect(await secretOf(refTo("old/x"), free)).toMatchObject({ kind: "malformedPayload" });
});

describe("an absence is proved by a mount that was seen before", () => {
  const free: Partial<VaultStoreSpec> = { path: undefined };
  const hide = () => void rig.stub.denied.add("sys/internal/ui/mounts/kv");
  const validate = (from: SecretProvider) => from.validate(NEVER);
  const readPresent = (from: SecretProvider) => secretOf(refTo("kv/app/db"), from);
  const readAbsent = (from: SecretProvider) => secretOf(refTo("kv/app/none"), from);
  const nothing = () => undefined;

  test.each([
    { given: "validate saw it", store: {}, before: nothing, first: validate, isUnproved: undefined },
    { given: "a read saw it", store: free, before: nothing, first: readPresent, isUnproved: undefined },
    { given: "it is hidden from validate", store: {}, before: hide, first: validate, isUnproved: true },
    { given: "it is hidden from a read", store: free, before: hide, first: readPresent, isUnproved: true },
    { given: "nothing saw it", store: free, before: nothing, first: nothing, isUnproved: true },
    { given: "validate knows no mount", store: free, before: nothing, first: validate, isUnproved: true },
    { given: "only another absence saw it", store: free, before: nothing, first: readAbsent, isUnproved: true },
  ])("$given: isUnproved is $isUnproved", async ({ store, before, first, isUnproved }) => {
    for (const key of ["app/db", "app/deleted", "app/destroyed"]) rig.stub.kv().put(key, { a: "1" });
    rig.stub.kv().softDelete("app/deleted");
    rig.stub.kv().destroy("app/destroyed");
    before();
    const from = rig.provider(store);
    await first(from);
    const answers = [];
    for (const key of ["none", "deleted", "destroyed"]) answers.push(await secretOf(refTo(`kv/app/${key}`), from));
    expect(answers.map((answer) => "kind" in answer && [answer.kind, answer.isUnproved])).toEqual([
      ["notFound", isUnproved],
      ["deleted", isUnproved],
      ["destroyed", isUnproved],
    ]);
  });

  test("replaced after an absence that was not proved: the next one is not proved either", async () => {
    const from = rig.provider(free);
    await readAbsent(from);
    rig.stub.mount("kv", 2);
    expect(await readAbsent(from)).toMatchObject({ kind: "notFound", isUnproved: true });
  });

  test("a version that is missing says nothing of proofs", async () => {
    rig.stub.kv().put("app/db", { a: "1" });
    const answer = await secretOf(refTo("kv/app/db", { version: "9" }), rig.provider(free));
    expect("kind" in answer && [answer.kind, answer.isUnproved]).toEqual(["versionNotFound", undefined]);
  });
});
