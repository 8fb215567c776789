// What one `data` entry takes from a remote secret: its version, a property, a conversion; and what is said if it cannot.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonRecord, listAt, optionalTextAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { dataEntry } from "./support/manifests.ts";
import { passwordEntry, readyTeam } from "./support/targets.ts";
import { message, type Team } from "./support/team.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld(rigForSuite());
});
afterAll(async () => {
  await world.stop();
});

async function refusal(team: Team, entry: JsonRecord, reason: string): Promise<JsonRecord> {
  await team.applyExternalSecret("refused", { data: [entry] });
  const refused = await team.waitExternalSecret("refused", { ready: "False", reason });
  expect(await team.secret("refused")).toBeUndefined();
  return refused;
}

/** Base64 of a key of the Secret `db`. */
async function bytesOf(team: Team, key: string): Promise<string | undefined> {
  return optionalTextAt(await team.secret("db"), "data", key);
}

describe.concurrent("a version", () => {
  test("that is pinned is read beside the current one, is shown, and stays through rotations", async () => {
    const team = await readyTeam(world);
    await team.putSecret("db", { password: team.value("second") });
    await team.applyExternalSecret("db", {
      refreshInterval: "1s",
      data: [
        dataEntry("pinned", team.key("db"), "password", { version: "1" }),
        dataEntry("current", team.key("db"), "password"),
      ],
    });
    const synced = await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({ pinned: team.value(), current: team.value("second") });
    expect(listAt(synced, "status", "entries")).toMatchObject([
      { key: team.key("db"), version: "2", secretKeys: ["current"] },
      { key: team.key("db"), pinnedVersion: "1", version: "1", secretKeys: ["pinned"] },
    ]);
    await team.putSecret("db", { password: team.value("third") });
    await team.waitSecretData("db", { pinned: team.value(), current: team.value("third") });
  });

  test("that does not exist is VersionNotFound until it is there", async () => {
    const team = await readyTeam(world);
    const entry = dataEntry("password", team.key("db"), "password", { version: "2" });
    const missing = await refusal(team, entry, "VersionNotFound");
    expect(message(missing)).toBe(
      `Vault store vault cannot serve ${team.key("db")}: version 2 does not exist; pin a version that exists, or none`,
    );
    await team.putSecret("db", { password: team.value("second") });
    await team.waitExternalSecret("refused");
    expect(await team.secretData("refused")).toEqual({ password: team.value("second") });
  });
});

describe.concurrent("a property", () => {
  test("is found by its name, by a path, and in lists; objects become JSON", async () => {
    const team = await readyTeam(world);
    const body = `{"data":{"text":${JSON.stringify(team.value())},"nothing":null,"yes":true,
      "port":5432,"largest":9007199254740991,
      "nested":{"b":[1,{"z":null,"a":"ü<&>"}],"a":"x"},
      "users":[{"name":"first"},{"name":"second"}],
      "dotted.name":"literal","dotted":{"name":"path"},"esc":{"a.b":"escaped"}}}`;
    const put = await team.rig.vault.request("PUT", `kv/data/${team.key("doc")}`, body);
    expect(put.status).toBe(200);
    const wanted: Readonly<Record<string, readonly [property: string, value: string]>> = {
      text: ["text", team.value()],
      nothing: ["nothing", ""],
      yes: ["yes", "true"],
      port: ["port", "5432"],
      largest: ["largest", "9007199254740991"],
      nested: ["nested", '{"a":"x","b":[1,{"a":"ü<&>","z":null}]}'],
      part: ["nested.b.1.a", "ü<&>"],
      list: ["users", '[{"name":"first"},{"name":"second"}]'],
      second: ["users.1.name", "second"],
      literal: ["dotted.name", "literal"],
      escaped: [String.raw`esc.a\.b`, "escaped"],
    };
    const data = Object.entries(wanted).map(([key, [property]]) => dataEntry(key, team.key("doc"), property));
    await team.applyExternalSecret("db", { data });
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual(
      Object.fromEntries(Object.entries(wanted).map(([key, [, value]]) => [key, value])),
    );
  });

  test("that is a number stays as the store gives it, however large or exact (KV v2 itself rounds, KV v1 does not)", async () => {
    const team = await world.team();
    const numbers = { big: "12345678901234567890", exact: "1.50", exponent: "1e30" };
    const body = Object.entries(numbers).map(([name, text]) => `"${name}":${text}`);
    const put = await team.rig.vault.request("PUT", `kv1/${team.key("numbers")}`, `{${body.join(",")}}`);
    expect(put.status).toBe(204);
    await team.applyStore("vault", { path: "kv1", version: "v1" });
    const key = team.key("numbers");
    await team.applyExternalSecret("db", { dataFrom: [{ extract: { key } }], data: [dataEntry("all", key)] });
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({
      ...numbers,
      all: '{"big":12345678901234567890,"exact":1.50,"exponent":1e30}',
    });
  });

  test("is the whole secret as JSON with sorted names, if none is named", async () => {
    const team = await readyTeam(world);
    await team.putSecret("pair", { b: 1, a: team.value() });
    await team.applyExternalSecret("db", { data: [dataEntry("all", team.key("pair"))] });
    await team.waitExternalSecret("db");
    expect(await team.secretData("db")).toEqual({ all: `{"a":"${team.value()}","b":1}` });
  });

  test("that is misspelt is PropertyNotFound with the names that exist, until the store has it", async () => {
    const team = await readyTeam(world);
    const names = Array.from({ length: 12 }, (_, index) => `p${String(index).padStart(2, "0")}`);
    await team.putSecret("many", {
      ...Object.fromEntries(names.map((name) => [name, team.value()])),
      [`strange ${team.value()}`]: "x",
    });
    const missing = await refusal(team, dataEntry("password", team.key("many"), "pasword"), "PropertyNotFound");
    expect(message(missing)).toBe(
      `property "pasword" of ${team.key("many")} was not found in store vault; it has: ${names.slice(0, 10).join(", ")}`,
    );
    expect(listAt(missing, "status", "entries")).toMatchObject([
      { key: team.key("many"), state: "Failed", reason: "PropertyNotFound", message: message(missing) },
    ]);
    await team.putSecret("many", { pasword: team.value("found") });
    await team.waitSecretData("refused", { password: team.value("found") });
  });

  test.each(["users.#.name", "users.#(name==x).name", "use*", "users|@reverse", "@this"])(
    "by a query, wildcard, pipe or modifier such as %s is InvalidReference",
    async (property) => {
      const team = await readyTeam(world);
      await team.putSecret("doc", { users: [{ name: team.value() }] });
      const refused = await refusal(team, dataEntry("name", team.key("doc"), property), "InvalidReference");
      expect(message(refused)).toContain("is a query, wildcard, pipe or modifier, which is not supported");
    },
  );
});

describe.concurrent("decodingStrategy", () => {
  test("gives bytes: Base64, Base64URL and Auto, which leaves plain text as it is", async () => {
    const team = await readyTeam(world);
    // Bytes that differ in the two alphabets, are no UTF-8, and hold a NUL.
    const bytes = Buffer.concat([Buffer.from([0xfb, 0xff, 0xfe, 0x00, 0x80]), Buffer.from(team.value())]);
    const url = bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
    const plain = `plain text: ${team.value()}`;
    await team.putSecret("bin", { standard: bytes.toString("base64"), url, plain });
    const rows = [
      ["b64", "standard", "Base64"],
      ["url", "url", "Base64URL"],
      ["auto", "standard", "Auto"],
      ["auto-url", "url", "Auto"],
      ["auto-plain", "plain", "Auto"],
      ["none", "standard", "None"],
    ] as const;
    await team.applyExternalSecret("db", {
      data: rows.map(([key, property, decodingStrategy]) =>
        dataEntry(key, team.key("bin"), property, { decodingStrategy }),
      ),
    });
    await team.waitExternalSecret("db");
    const decoded = bytes.toString("base64");
    for (const key of ["b64", "url", "auto", "auto-url"]) expect(await bytesOf(team, key)).toBe(decoded);
    expect(await bytesOf(team, "auto-plain")).toBe(Buffer.from(plain).toString("base64"));
    expect(await bytesOf(team, "none")).toBe(Buffer.from(decoded).toString("base64"));
  });

  test.each([
    {
      extra: { decodingStrategy: "Base64" },
      says: "is not padded standard base64; correct it there, or the decodingStrategy",
    },
    {
      extra: { decodingStrategy: "Base64URL" },
      says: "is not padded URL-safe base64; correct it there, or the decodingStrategy",
    },
  ])("that does not fit is MalformedPayload: $extra.decodingStrategy", async ({ extra, says }) => {
    const team = await readyTeam(world);
    await team.putSecret("bad", { password: `%%${team.value()}` });
    const refused = await refusal(team, dataEntry("k", team.key("bad"), "password", extra), "MalformedPayload");
    expect(message(refused)).toBe(`the value for k from ${team.key("bad")} in store vault ${says}`);
  });
});

test("a NUL byte is kept under nullBytePolicy Ignore, and MalformedPayload under Fail", async () => {
  const team = await readyTeam(world);
  await team.putSecret("nul", { password: `${team.value()}\0` });
  await team.applyExternalSecret("db", { data: [dataEntry("k", team.key("nul"), "password")] });
  await team.waitExternalSecret("db");
  expect(await bytesOf(team, "k")).toBe(Buffer.from(`${team.value()}\0`).toString("base64"));
  const entry = dataEntry("k", team.key("nul"), "password", { nullBytePolicy: "Fail" });
  const refused = await refusal(team, entry, "MalformedPayload");
  expect(message(refused)).toBe(
    `the value for k from ${team.key("nul")} in store vault has a NUL byte, which nullBytePolicy Fail refuses; store text there, or set Ignore`,
  );
});

test("metadataPolicy Fetch reads custom metadata in place of the value, and follows it", async () => {
  const team = await readyTeam(world);
  const metadata = `kv/metadata/${team.key("db")}`;
  await team.rig.vault.write(metadata, { custom_metadata: { owner: "first" } });
  const fetched = (key: string, property?: string): JsonRecord =>
    dataEntry(key, team.key("db"), property, { metadataPolicy: "Fetch" });
  await team.applyExternalSecret("db", {
    refreshInterval: "1s",
    data: [fetched("owner", "owner"), fetched("version", "current_version"), ...passwordEntry(team).data],
  });
  await team.waitSecretData("db", { owner: "first", version: "1", password: team.value() });
  await team.rig.vault.write(metadata, { custom_metadata: { owner: "second" } });
  await team.waitSecretData("db", { owner: "second", version: "1", password: team.value() });
});

test("a missing secret is SecretNotFound and a soft-deleted one SecretDeletedRemotely, each in its own words", async () => {
  const team = await readyTeam(world);
  const missing = await refusal(team, dataEntry("k", team.key("none"), "x"), "SecretNotFound");
  expect(message(missing)).toBe(`Vault store vault has no ${team.key("none")}; create it there, or correct the key`);
  await team.applyExternalSecret("db", { refreshInterval: "1s", ...passwordEntry(team) });
  await team.waitExternalSecret("db");
  await team.rig.vault.delete(`kv/data/${team.key("db")}`);
  const deleted = await team.waitExternalSecret("db", { ready: "False", reason: "SecretDeletedRemotely" });
  expect(message(deleted)).toBe(
    `Vault store vault holds ${team.key("db")} as deleted; restore it or write it anew there`,
  );
  expect(await team.secretData("db")).toEqual({ password: team.value() });
  await team.rig.vault.write(`kv/undelete/${team.key("db")}`, { versions: [1] });
  const back = await team.waitExternalSecret("db");
  expect(valueAt(back, "status", "revision")).toBe(1);
});
