// The Vault provider against a real Vault: the contract of all providers, and what only the real server can prove.

import { afterEach, describe, expect, test } from "vitest";
import { type RemoteRef, remoteRefId, type SecretProvider } from "../../src/core/provider/port.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import { contractStores } from "../contract/cases.ts";
import { describeProviderContract } from "../contract/provider-contract.ts";
import { createRealVaultRig } from "../support/vault-contract.ts";
import { kv1Traits, kv2Traits } from "../support/vault-traits.ts";
import { VaultTeam, type TeamOptions } from "../support/vault-team.ts";
import { startRig } from "../testbed/rig.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { mintServiceAccountToken } from "../testbed/service-account.ts";
import { waitUntil } from "../testbed/wait-until.ts";

const NEVER = new AbortController().signal;

describeProviderContract(contractStores.kv2, () => createRealVaultRig(rigForSuite(), 2), kv2Traits);
describeProviderContract(contractStores.kv1, () => createRealVaultRig(rigForSuite(), 1), kv1Traits);

const teams: VaultTeam[] = [];
afterEach(async () => {
  for (const team of teams.splice(0)) await team.close();
});

async function newTeam(options: TeamOptions = {}): Promise<VaultTeam> {
  const team = await VaultTeam.create(rigForSuite().vault, options);
  teams.push(team);
  return team;
}

function refTo(key: string, overrides: Partial<RemoteRef> = {}): RemoteRef {
  return { key, version: undefined, metadataPolicy: "None", ...overrides };
}

async function outcomeOf(provider: SecretProvider, ref: RemoteRef) {
  const answer = (await provider.readSecrets([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? answer.value.payload.revealUtf8() : answer.error;
}

async function versionOf(provider: SecretProvider, ref: RemoteRef) {
  const answer = (await provider.readVersions([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? answer.value?.identity : answer.error.kind;
}

test("a ServiceAccount's token logs in by TokenReview, and a missing role is unauthenticated until it is there", async () => {
  const team = await newTeam();
  await team.put("app/db", { a: "1" });
  const account = { namespace: "default", name: "default" };
  const jwt = await mintServiceAccountToken(rigForSuite().api, account, { audiences: ["vault"] });
  team.jwt = SecretValue.ofUtf8(jwt);
  const identity = { kind: "serviceAccount", ref: { name: "default", audiences: [], namespace: undefined } } as const;
  const provider = team.provider({ auth: { kind: "kubernetes", mountPath: "kubernetes", role: team.name, identity } });
  expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({ kind: "unauthenticated" });
  await team.vault.write(`auth/kubernetes/role/${team.name}`, {
    bound_service_account_names: ["default"],
    bound_service_account_namespaces: ["default"],
    audience: "vault",
    token_policies: [team.name],
  });
  expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');
  await team.vault.delete(`auth/kubernetes/role/${team.name}`);
});

test("an auth mount that does not exist is unauthenticated", async () => {
  const team = await newTeam();
  const provider = team.provider({ auth: { ...team.appRole(), path: "no-such-auth" } });
  expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "unauthenticated" } });
});

test("a token is renewed in time: reads go on long after its first end, without another login", async () => {
  const team = await newTeam({ tokenTtl: "2s" });
  await team.put("app/db", { a: "1" });
  const provider = team.provider();
  await outcomeOf(provider, refTo("app/db"));
  const audit = rigForSuite().audit.vault;
  const from = await audit.mark();
  const endsAtMs = performance.now() + 5_000;
  while (performance.now() < endsAtMs) expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');
  expect(await audit.countSince(from, { type: "request", path: `auth/${team.name}/login` })).toBe(0);
});

describe("mounts", () => {
  test("disabled: no such mount; enabled anew: absence is not believed; filled again: read", async () => {
    const team = await newTeam();
    await team.put("app/db", { a: "1" });
    const provider = team.provider();
    expect(await provider.validate(NEVER)).toMatchObject({ ok: true });
    await outcomeOf(provider, refTo("app/db"));
    await team.disableMount();
    expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({
      kind: "unavailable",
      detail: `no such mount: ${team.name} (HTTP 404)`,
    });
    await team.enableMount(2);
    expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({ kind: "mountChanged" });
    expect(await versionOf(provider, refTo("app/db"))).toBe("mountChanged");
    expect(await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "mountChanged" },
    });
    await team.put("app/db", { a: "2" });
    expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"2"}');
  });

  test.each([
    { kvVersion: 1, declared: "v2" },
    { kvVersion: 2, declared: "v1" },
  ] as const)("KV v$kvVersion declared $declared is mountChanged, for the store and for each key", async (row) => {
    const team = await newTeam({ kvVersion: row.kvVersion });
    await team.put("app/db", { a: "1" });
    const provider = team.provider({ version: row.declared });
    const detail = `mount ${team.name} is KV version ${row.kvVersion}, the store says ${row.declared}`;
    expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "mountChanged", detail } });
    expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({ kind: "mountChanged", detail });
  });

  test("KV v1 is read, found and missed", async () => {
    const team = await newTeam({ kvVersion: 1 });
    await team.put("app/db", { a: "1" });
    const provider = team.provider();
    expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');
    expect(await outcomeOf(provider, refTo("app/none"))).toMatchObject({ kind: "notFound" });
    expect(await provider.find({ path: "app", name: undefined, tags: {} }, NEVER)).toEqual({
      ok: true,
      value: ["app/db"],
    });
    const health = await provider.validate(NEVER);
    expect(health.ok && health.value.backendIdentity).toMatch(/^kv\/v1\/kv_/);
  });
});

describe("metadata", () => {
  test("is fetched, moves the identity of Fetch only, and finds keys by tag", async () => {
    const team = await newTeam();
    for (const key of ["app/db", "app/web", "app/old"]) await team.put(key, { a: "1" });
    const provider = team.provider();
    const fetch = refTo("app/db", { metadataPolicy: "Fetch" });
    const before = [await versionOf(provider, refTo("app/db")), await versionOf(provider, fetch)];
    for (const key of ["app/db", "app/old"]) await team.tag(key, { team: "a" });
    await team.softDelete("app/old");
    const after = [await versionOf(provider, refTo("app/db")), await versionOf(provider, fetch)];
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    const document = await outcomeOf(provider, fetch);
    expect(typeof document === "string" && JSON.parse(document)).toMatchObject({ team: "a", current_version: "1" });
    expect(await provider.find({ path: undefined, name: undefined, tags: { team: "a" } }, NEVER)).toEqual({
      ok: true,
      value: ["app/db"],
    });
  });

  test("that is denied costs no login, and deletion is still seen", async () => {
    const team = await newTeam();
    await team.put("app/db", { a: "1" });
    await team.deny("metadata/*");
    const provider = team.provider();
    expect(await versionOf(provider, refTo("app/db"))).toMatch(/^1@/);
    expect(await outcomeOf(provider, refTo("app/db", { version: "7" }))).toMatchObject({ kind: "versionNotFound" });
    expect(await team.liveTokens()).toBe(1);
    await team.softDelete("app/db");
    expect(await versionOf(provider, refTo("app/db"))).toBe("deleted");
  });

  test("says when a deletion lies ahead: the value is read until then", async () => {
    const team = await newTeam();
    await team.vault.write(`${team.name}/metadata/app/db`, { delete_version_after: "2s" });
    await team.put("app/db", { a: "1" });
    const provider = team.provider();
    expect(await versionOf(provider, refTo("app/db"))).toMatch(/^1@/);
    expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');
    const deleted = async (): Promise<true | undefined> =>
      (await versionOf(provider, refTo("app/db"))) === "deleted" ? true : undefined;
    await waitUntil("the version is deleted", deleted, { timeoutMs: 10_000 });
  });
});

test("a rate quota is throttled, with the time to wait", async () => {
  const team = await newTeam();
  await team.put("app/db", { a: "1" });
  await team.vault.enableRateLimitHeaders();
  await team.vault.write(`sys/quotas/rate-limit/${team.name}`, { path: `${team.name}/`, rate: 1, interval: "30s" });
  const provider = team.provider();
  const outcomes = [await outcomeOf(provider, refTo("app/db")), await outcomeOf(provider, refTo("app/db"))];
  await team.vault.delete(`sys/quotas/rate-limit/${team.name}`);
  expect(outcomes[1]).toMatchObject({ kind: "throttled", httpStatus: 429 });
  const error = outcomes[1];
  expect(typeof error === "object" && error.retryAfterMs).toBeGreaterThan(0);
});

test("a Vault of another authority is unavailable", async () => {
  const team = await newTeam();
  const answer = await team.provider({ caBundlePem: undefined }).validate(NEVER);
  expect(answer).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  expect(answer.ok || answer.error.detail).toContain("not signed by a trusted authority");
});

test("sealed, silent and gone are unavailable, and each ends with its cause", async () => {
  await using rig = await startRig();
  const team = await VaultTeam.create(rig.vault, { requestTimeoutMs: 1_000 });
  await team.put("app/db", { a: "1" });
  const provider = team.provider();
  expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');

  await rig.vault.seal();
  expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({
    kind: "unavailable",
    detail: "Vault is sealed or has no leader (HTTP 503)",
  });
  expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  await rig.vault.unseal();
  expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');

  await rig.vault.pause();
  expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({
    kind: "unavailable",
    detail: "no answer within 1 s",
  });
  await rig.vault.resume();
  expect(await outcomeOf(provider, refTo("app/db"))).toBe('{"a":"1"}');

  await rig.vault.stop();
  expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({
    kind: "unavailable",
    detail: "connection refused",
  });
  await rig.vault.restart();
  expect(await outcomeOf(provider, refTo("app/db"))).toMatchObject({ kind: "unauthenticated" });
  await provider.close();
});
