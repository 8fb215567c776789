// How the operator gets out to stores: through the proxy that the environment names, trusting the authorities that a flag
// names, and to no metadata service.

import { describe, expect, test } from "vitest";
import { startConnectProxy } from "../support/connect-proxy.ts";
import { deployOperator } from "../testbed/deploy-operator.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { VAULT_NAME_BEHIND_PROXY } from "../testbed/vault-start.ts";
import { passwordEntry } from "./support/targets.ts";
import { message } from "./support/team.ts";
import { jwtByServiceAccount } from "./support/vault-logins.ts";
import { startWorld } from "./support/world.ts";

const rig = rigForSuite();

describe("the way out", () => {
  test("stores are reached through the proxy, logins too, and trusted by the bundle; the API server is not", async () => {
    const hosts = { [VAULT_NAME_BEHIND_PROXY]: "127.0.0.1" };
    const proxy = await startConnectProxy({ login: "operator:word-1", hosts });
    const world = await startWorld(rig, {
      env: { HTTPS_PROXY: proxy.proxy().url.replace("//", "//operator:word-1@") },
      args: [`--ca-bundle-file=${rig.handle.caPath}`],
    });
    try {
      const team = await world.team();
      await team.putSecret("db", { password: team.value() });
      const authority = `${VAULT_NAME_BEHIND_PROXY}:${new URL(rig.vault.address).port}`;
      const way = { server: `https://${authority}`, caBundle: undefined };
      await team.applyStore("vault", way);
      await team.applyStore("by-jwt", { ...way, auth: await jwtByServiceAccount(team) });
      for (const name of ["vault", "by-jwt"]) {
        await team.waitStore(name, { ready: "True", reason: "Valid" });
        await team.applyExternalSecret(name, { secretStoreRef: { name }, ...passwordEntry(team) });
        await team.waitSecretData(name, { password: team.value() });
      }
      expect(proxy.asked.length).toBeGreaterThanOrEqual(2);
      expect(new Set(proxy.asked)).toEqual(new Set([authority]));
      expect((await world.operator.lines()).filter((line) => line.includes("word-1"))).toEqual([]);
    } finally {
      await world.stop();
    }
  });

  test("a store whose server is a metadata service is refused, and right after it is edited", async () => {
    const world = await startWorld(rig);
    try {
      const team = await world.team();
      await team.applyStore("vault", { server: "https://169.254.169.254" });
      const store = await team.waitStore("vault", { ready: "False", reason: "InvalidProviderConfig" });
      expect(message(store)).toBe(
        "spec.provider.vault.server is a link-local or metadata address (or run the operator with --allow-link-local-servers)",
      );
      await team.applyStore();
      await team.waitStore("vault", { ready: "True", reason: "Valid" });
    } finally {
      await world.stop();
    }
  });

  test.each([
    {
      given: "a bundle that is not there",
      args: ["--ca-bundle-file=/nowhere/ca.pem"],
      env: {},
      says: "--ca-bundle-file",
    },
    {
      given: "a variable that names no proxy",
      args: [],
      env: { HTTP_PROXY: "socks5://me:word-1@p" },
      says: "HTTP_PROXY",
    },
  ])("$given ends the start with a sentence", async ({ args, env, says }) => {
    const operator = await deployOperator(rig, { args, env });
    expect(await operator.exited).toMatchObject({ code: 1 });
    const lines = (await operator.lines()).join("\n");
    expect(lines).toContain(says);
    expect(lines).not.toContain("word-1");
  });
});
