// `find`: names, tags, folders, and everything that must not be taken for a complete list.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FindQuery, NamePattern, SecretProvider } from "../../../../src/core/provider/port.ts";
import { JsonText } from "../../../support/stub-kv.ts";
import { respond } from "../../../support/stub-vault.ts";
import { VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;

let rig: VaultRig;
let provider: SecretProvider;
beforeEach(async () => {
  rig = await VaultRig.start();
  provider = rig.provider();
  for (const key of ["app/db", "app/web/a", "app/web/b", "infra/db"]) rig.stub.kv().put(key, { v: key });
  await provider.validate(NEVER);
});
afterEach(() => rig.close());

function named(pattern: RegExp): NamePattern {
  return { source: pattern.source, test: (text) => pattern.test(text), replaceAll: (text) => text };
}

async function find(query: Partial<FindQuery> = {}, from = provider) {
  const answer = await from.find({ path: undefined, name: undefined, tags: {}, ...query }, NEVER);
  return answer.ok ? answer.value : answer.error.kind;
}

describe("by name", () => {
  test.each([
    { query: {}, keys: ["app/db", "app/web/a", "app/web/b", "infra/db"] },
    { query: { path: "app" }, keys: ["app/db", "app/web/a", "app/web/b"] },
    { query: { path: "kv/data/app/web/" }, keys: ["app/web/a", "app/web/b"] },
    { query: { name: named(/db$/) }, keys: ["app/db", "infra/db"] },
    { query: { path: "app", name: named(/^app\/web/) }, keys: ["app/web/a", "app/web/b"] },
    { query: { name: named(/^web/) }, keys: [] },
    { query: { path: "none" }, keys: [] },
  ])("$query finds $keys", async ({ query, keys }) => {
    expect(await find(query)).toEqual(keys);
  });

  test("keys that begin like their mount are written so that reading finds them", async () => {
    rig.stub.kv().put("kv/data/x", { v: "inner" });
    expect(await find({ path: "kv/kv" })).toEqual(["kv/kv/data/x"]);
    const ref = { key: "kv/kv/data/x", version: undefined, metadataPolicy: "None" } as const;
    const [answer] = (await provider.readSecrets([ref], NEVER)).values();
    expect(answer?.ok && answer.value.payload.revealUtf8()).toBe('{"v":"inner"}');
  });

  test("an empty list proves nothing until the mount was seen before, a list with keys does", async () => {
    const free = rig.provider({ path: undefined });
    const empty = { path: "kv/none", name: undefined, tags: {} };
    const unproved = { ok: false, error: { kind: "notFound", isUnproved: true } };
    expect(await free.find(empty, NEVER)).toMatchObject(unproved);
    expect(await free.find(empty, NEVER)).toMatchObject(unproved);
    expect(await find({ path: "kv/app", name: named(/^none$/) }, free)).toEqual([]);
    expect(await find(empty, free)).toEqual([]);
  });

  test("under a mount that policies hide, a list with matches is one, and no match is unproved", async () => {
    rig.stub.denied.add("sys/internal/ui/mounts/kv");
    const hidden = rig.provider();
    expect(await find({ name: named(/db$/) }, hidden)).toEqual(["app/db", "infra/db"]);
    expect(await hidden.find({ path: undefined, name: named(/^none$/), tags: {} }, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "notFound", isUnproved: true },
    });
  });

  test("without a mount in the store, the path names it and so do the keys", async () => {
    const free = rig.provider({ path: undefined });
    expect(await find({ path: "kv/app/web" }, free)).toEqual(["kv/data/app/web/a", "kv/data/app/web/b"]);
    expect(await find({}, free)).toBe("invalidReference");
  });

  test("KV v1 is listed as well", async () => {
    rig.stub.mount("old", 1).put("app/x", { a: "1" });
    expect(await find({ path: "app" }, rig.provider({ path: "old", version: "v1" }))).toEqual(["app/x"]);
  });

  test("soft-deleted keys are listed: reading them says so", async () => {
    rig.stub.kv().softDelete("app/db");
    expect(await find({ name: named(/db$/) })).toEqual(["app/db", "infra/db"]);
  });
});

describe("by tags", () => {
  test("each tag must be there with its value, and the name must match as well", async () => {
    rig.stub.kv().tag("app/db", { team: "a", tier: "1" });
    rig.stub.kv().tag("app/web/a", { team: "a" });
    rig.stub.kv().tag("infra/db", { team: "b", tier: "1" });
    expect(await find({ tags: { team: "a" } })).toEqual(["app/db", "app/web/a"]);
    expect(await find({ tags: { team: "a", tier: "1" } })).toEqual(["app/db"]);
    expect(await find({ tags: { team: "a" }, name: named(/web/) })).toEqual(["app/web/a"]);
  });

  test("deleted and destroyed keys are left out", async () => {
    for (const key of ["app/db", "app/web/a", "app/web/b"]) rig.stub.kv().tag(key, { team: "a" });
    rig.stub.kv().softDelete("app/db");
    rig.stub.kv().destroy("app/web/a");
    expect(await find({ tags: { team: "a" } })).toEqual(["app/web/b"]);
  });

  test("a key that goes between list and look is left out, one that is denied fails all", async () => {
    for (const key of ["app/db", "infra/db"]) rig.stub.kv().tag(key, { team: "a" });
    rig.stub.faults.set("kv/metadata/app/db", respond({ status: 404, body: { errors: [] } }));
    expect(await find({ tags: { team: "a" } })).toEqual(["infra/db"]);
    rig.stub.faults.clear();
    rig.stub.denied.add("kv/metadata/app/db");
    expect(await find({ tags: { team: "a" } })).toBe("accessDenied");
  });

  test("KV v1 has none", async () => {
    rig.stub.mount("old", 1);
    expect(await find({ tags: { team: "a" } }, rig.provider({ path: "old", version: "v1" }))).toBe("invalidReference");
  });
});

describe("an incomplete list is an error", () => {
  test.each([
    { given: "a folder is denied", fault: { status: 403, body: { errors: ["denied"] } }, kind: "accessDenied" },
    { given: "a folder fails", fault: { status: 500, body: "" }, kind: "unavailable" },
    { given: "a folder is throttled", fault: { status: 429, body: "" }, kind: "throttled" },
    { given: "a proxy says 404", fault: { status: 404, body: "<html>" }, kind: "unavailable" },
    { given: "the mount is gone", fault: { status: 404, body: { errors: ["no handler"] } }, kind: "unavailable" },
    { given: "there is no list", fault: { status: 200, body: { data: {} } }, kind: "unavailable" },
    { given: "a name is no text", fault: { status: 200, body: { data: { keys: ["a", 1] } } }, kind: "unavailable" },
    { given: "a name leads out", fault: { status: 200, body: { data: { keys: ["../"] } } }, kind: "unavailable" },
    { given: "a name is a path", fault: { status: 200, body: { data: { keys: ["a/b"] } } }, kind: "unavailable" },
    { given: "a name is empty", fault: { status: 200, body: { data: { keys: [""] } } }, kind: "unavailable" },
  ])("$given: $kind", async ({ fault, kind }) => {
    rig.stub.faults.set("kv/metadata/app/web", respond(fault));
    expect(await find()).toBe(kind);
  });

  test("too many keys, and too many folders within each other, ask for a narrower path", async () => {
    const keys = JSON.stringify(Array.from({ length: 10_001 }, (_, index) => `k${index}`));
    rig.stub.faults.set("kv/metadata/app", respond({ status: 200, body: new JsonText(`{"data":{"keys":${keys}}}`) }));
    expect(await find()).toBe("malformedPayload");
    rig.stub.faults.clear();
    rig.stub.faults.set("*", respond({ status: 200, body: { data: { keys: ["deeper/"] } } }));
    expect(await find()).toBe("malformedPayload");
  });
});

describe("hostile names in the store", () => {
  test("a folder with any name is listed where it is", async () => {
    rig.stub.kv().put("odd?list=false#%2e/x", { v: "1" });
    expect(await find({ name: named(/^app\/db$/) })).toEqual(["app/db"]);
    expect(rig.stub.requests.map((request) => request.path)).toContain(
      "kv/metadata/odd%3Flist%3Dfalse%23%252e?list=true",
    );
  });

  test("a key that matches and cannot be referred to is an error, one that does not match is nothing", async () => {
    rig.stub.kv().put("app/what?", { v: "1" });
    expect(await find({ name: named(/db$/) })).toEqual(["app/db", "infra/db"]);
    expect(await find({ path: "app" })).toBe("malformedPayload");
  });
});
