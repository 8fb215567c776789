// Where tokens may go: the known clouds' own hosts, and others only if the operator trusts them.

import { afterEach, describe, expect, test } from "vitest";
import type { AzureCloud } from "../../../../src/core/spec/azure-store.ts";
import { resolvePlaces } from "../../../../src/providers/azure/cloud.ts";
import { AzureRig, NEVER } from "../../../support/azure-rig.ts";

const custom: AzureCloud = { kind: "custom", authority: "https://login.example.com", vaultSuffix: "vault.example.com" };

test.each([
  ["PublicCloud", "https://team-a.vault.azure.net", "https://login.microsoftonline.com", "https://vault.azure.net"],
  [
    "USGovernmentCloud",
    "https://team-a.vault.usgovcloudapi.net",
    "https://login.microsoftonline.us",
    "https://vault.usgovcloudapi.net",
  ],
  ["ChinaCloud", "https://team-a.vault.azure.cn", "https://login.partner.microsoftonline.cn", "https://vault.azure.cn"],
] as const)("%s has its own login and vaults", (kind, vaultUrl, authority, resource) => {
  expect(resolvePlaces({ vaultUrl, cloud: { kind } }, [])).toEqual({
    ok: true,
    value: { vault: vaultUrl, authority, resource },
  });
});

test.each([
  "https://team-a.vault.azure.cn",
  "https://vault.azure.net",
  "https://vault.azure.net.example.com",
  "https://evilvault.azure.net",
  "https://a.b.vault.azure.net",
  "https://team-a.vault.azure.net:8443",
  "https://team-a.vault.azure.net@example.com",
  "https://user:pw@team-a.vault.azure.net",
  "https://team-a.vault.azure.net/path",
  "https://team-a.vault.azure.net?x=y",
  "http://team-a.vault.azure.net",
  "https://127.0.0.1",
  "not a url",
])("the vault %s is none of the public cloud", (vaultUrl) => {
  expect(resolvePlaces({ vaultUrl, cloud: { kind: "PublicCloud" } }, [])).toMatchObject({
    ok: false,
    error: { kind: "invalidConfig" },
  });
});

describe("a cloud of its own", () => {
  const vaultUrl = "https://team-a.vault.example.com:8443";
  const hosts = ["login.example.com", "vault.example.com"];

  test("serves where the operator trusts both of its hosts", () => {
    expect(resolvePlaces({ vaultUrl, cloud: custom }, hosts)).toEqual({
      ok: true,
      value: { vault: vaultUrl, authority: "https://login.example.com", resource: "https://vault.example.com" },
    });
  });

  test.each([
    { trusted: [], told: /names login.example.com, which the operator does not trust/ },
    { trusted: ["login.example.com"], told: /names vault.example.com, which/ },
    { trusted: ["example.com", ".example.com", "*"], told: /names login.example.com/ },
  ])("is refused where $trusted are trusted", ({ trusted, told }) => {
    const places = resolvePlaces({ vaultUrl, cloud: custom }, trusted);
    expect(places.ok || places.error.detail).toMatch(told);
  });

  test.each(["http://login.example.com", "https://login.example.com/x", "https://login.example.com@elsewhere"])(
    "with the login %s is refused",
    (authority) => {
      expect(resolvePlaces({ vaultUrl, cloud: { ...custom, authority } }, hosts).ok).toBe(false);
    },
  );
});

describe("a store that names what is not trusted", () => {
  let rig: AzureRig;
  afterEach(() => rig.close());

  test("is invalidConfig, and nothing leaves", async () => {
    rig = await AzureRig.start();
    const provider = rig.provider({}, { trustedHosts: [] });
    expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "invalidConfig" } });
    expect(await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER)).toMatchObject({ ok: false });
    expect([...rig.cloud.entra.server.calls, ...rig.cloud.vault.server.calls]).toEqual([]);
  });
});
