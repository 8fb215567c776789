// `find` in the stand-in of Key Vault: complete over pages, by name and by tags, or an error.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FindQuery } from "../../../../src/core/provider/port.ts";
import { parsePattern } from "../../../../src/core/spec/name-pattern.ts";
import { AzureRig, NEVER } from "../../../support/azure-rig.ts";
import { send } from "../../../testbed/azure/tls-server.ts";

let rig: AzureRig;
beforeEach(async () => {
  rig = await AzureRig.start();
});
afterEach(() => rig.close());

function pattern(source: string) {
  const parsed = parsePattern(source, "name");
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

async function found(query: Partial<FindQuery> = {}): Promise<unknown> {
  const answer = await rig.provider().find({ path: undefined, name: undefined, tags: {}, ...query }, NEVER);
  return answer.ok ? answer.value : answer.error.kind;
}

test("lists 500 secrets completely, sorted, 25 a page, without one value", async () => {
  const names = Array.from({ length: 500 }, (_, index) => `app-${index % 7}-${index}`).sort();
  for (const name of names) rig.putSecret(name, "v");
  expect(await found()).toEqual(names);
  expect(rig.asked).toEqual(Array.from({ length: 20 }, () => "/secrets"));
  expect(await found({ name: pattern("^app-3-1[0-9]{2}$") })).toEqual(
    names.filter((name) => /^app-3-1\d\d$/.test(name)),
  );
});

test("a name and tags must both fit, and every tag", async () => {
  rig.putSecret("db-a", "v", { tags: { team: "a", tier: "1" } });
  rig.putSecret("db-b", "v", { tags: { team: "b", tier: "1" } });
  rig.putSecret("web-a", "v", { tags: { team: "a" } });
  rig.putSecret("bare", "v");
  expect(await found({ tags: { team: "a" } })).toEqual(["db-a", "web-a"]);
  expect(await found({ tags: { team: "a", tier: "1" } })).toEqual(["db-a"]);
  expect(await found({ tags: { tier: "1" }, name: pattern("b$") })).toEqual(["db-b"]);
  expect(await found({ tags: { team: "c" } })).toEqual([]);
});

test("what nobody can read is not among them", async () => {
  const nowSeconds = Math.floor(rig.clock.nowMs() / 1000);
  rig.putSecret("well", "v");
  rig.putSecret("disabled", "v", { enabled: false });
  rig.putSecret("later", "v", { nbf: nowSeconds + 60 });
  rig.putSecret("expired", "v", { exp: nowSeconds - 60 });
  rig.putSecret("gone", "v");
  rig.cloud.vault.objects.softDelete("secrets", "gone");
  expect(await found()).toEqual(["expired", "well"]);
});

test("an empty vault has nothing", async () => {
  expect(await found()).toEqual([]);
});

test("a path is refused: there are no folders", async () => {
  expect(await found({ path: "app" })).toBe("invalidReference");
  expect(rig.cloud.vault.server.calls).toEqual([]);
});

test("a login that may not list is denied", async () => {
  rig.cloud.vault.granted.set(rig.cloud.application.objectId, new Set(["get"]));
  expect(await found()).toBe("accessDenied");
});

describe("a list that is cut short is an error", () => {
  const item = (name: string) => ({
    id: `${rig.cloud.vault.url}/secrets/${name}`,
    attributes: { enabled: true, created: 1, updated: 1 },
  });

  test.each<{ given: string; body: () => object; kind: string }>([
    {
      given: "a next page on another host",
      body: () => ({ value: [item("a")], nextLink: "https://elsewhere.example.com/secrets?api-version=7.4" }),
      kind: "unavailable",
    },
    {
      given: "a next page at the login",
      body: () => ({ value: [item("a")], nextLink: `${rig.cloud.entra.authority}/secrets` }),
      kind: "unavailable",
    },
    { given: "no list", body: () => ({}), kind: "unavailable" },
    { given: "a name that none has", body: () => ({ value: [item("..%2fx")] }), kind: "unavailable" },
    { given: "an item without an id", body: () => ({ value: [{}] }), kind: "unavailable" },
  ])("$given", async ({ body, kind }) => {
    rig.cloud.vault.server.faults.set("/secrets", (response) => send(response, { status: 200, body: body() }));
    expect(await found()).toBe(kind);
    expect(rig.cloud.entra.server.calls.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test("a failing second page", async () => {
    for (let index = 0; index < 30; index += 1) rig.putSecret(`app-${index}`, "v");
    let calls = 0;
    const first = { value: [item("a")], nextLink: `${rig.cloud.vault.url}/secrets?api-version=7.4&%24skiptoken=MjU` };
    rig.cloud.vault.server.faults.set("/secrets", (response) => {
      calls += 1;
      send(response, calls === 1 ? { status: 200, body: first } : { status: 500 });
    });
    expect(await found()).toBe("unavailable");
    expect(calls).toBe(2);
  });
});
