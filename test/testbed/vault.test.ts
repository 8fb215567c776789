// Proves the behaviours of the rig's Vault that tests of the operator rely on: real logins and real faults.
import { expect, test } from "vitest";
import { textAt, valueAt } from "./json.ts";
import { startRig } from "./rig.ts";
import { rigForSuite } from "./rig-for-suite.ts";
import { mintServiceAccountToken } from "./service-account.ts";

const SEALED = 503;

test("a ServiceAccount logs in by its token for the audience vault, and is counted by its name", async () => {
  const rig = rigForSuite();
  await rig.vault.putPolicy("vault-test", 'path "kv/data/login" { capabilities = ["read"] }');
  const role = {
    bound_service_account_names: ["default"],
    bound_service_account_namespaces: ["default"],
    audience: "vault",
  };
  await rig.vault.write("auth/kubernetes/role/vault-test", {
    ...role,
    token_policies: ["vault-test"],
    token_ttl: "5m",
  });
  await rig.vault.putSecret("kv", "login", { user: "a" });
  const from = await rig.audit.vault.mark();

  const jwt = await mintServiceAccountToken(
    rig.api,
    { namespace: "default", name: "default" },
    { audiences: ["vault"] },
  );
  const login = await rig.vault.write("auth/kubernetes/login", { role: "vault-test", jwt });
  const client = rig.vault.withToken(textAt(login, "auth", "client_token"));
  expect(valueAt(await client.read("kv/data/login"), "data", "data", "user")).toBe("a");
  await expect(client.read("kv/data/other")).rejects.toThrow(/403/);
  client.close();

  const reads = await rig.audit.vault.countSince(from, { type: "request", path: "kv/data/login", role: "vault-test" });
  expect(reads).toBe(1);
});

test("Vault seals, unseals, pauses and resumes", async () => {
  await using rig = await startRig();
  await rig.vault.write("kv1/plain", { user: "a" });
  await rig.vault.seal();
  expect((await rig.vault.request("GET", "kv1/plain")).status).toBe(SEALED);
  await rig.vault.unseal();
  expect(valueAt(await rig.vault.read("kv1/plain"), "data", "user")).toBe("a");
  await rig.vault.pause();
  const answer = rig.vault.read("kv1/plain");
  await rig.vault.resume();
  expect(valueAt(await answer, "data", "user")).toBe("a");
});

test("a restarted inmem Vault is empty and answers to the same root token", async () => {
  await using rig = await startRig();
  await rig.vault.putSecret("kv", "kept", { user: "a" });
  await rig.vault.stop();
  await rig.vault.restart();
  expect(await rig.vault.read("kv/data/kept")).toBeUndefined();
  expect(await rig.vault.putSecret("kv", "kept", { user: "b" })).toBe(1);
  await rig.audit.vault.mark();
});

test("a restarted raft Vault holds what it held, and the quota headers can be switched on", async () => {
  await using rig = await startRig({ vaultStorage: "raft" });
  await rig.vault.putSecret("kv", "kept", { user: "a" });
  await rig.vault.stop();
  await rig.vault.restart();
  expect(valueAt(await rig.vault.read("kv/data/kept"), "data", "data", "user")).toBe("a");
  await rig.vault.enableRateLimitHeaders();
  await rig.vault.write("sys/quotas/rate-limit/few", { path: "kv/", rate: 1, interval: "30s" });
  const replies = await Promise.all([1, 2, 3].map(() => rig.vault.request("GET", "kv/data/kept")));
  const refused = replies.filter((reply) => reply.status === 429);
  expect(refused).toHaveLength(2);
  expect(refused[0]?.headers["retry-after"]).toMatch(/^\d+$/);
});
