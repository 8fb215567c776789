// The whole provider: health, namespaces, the environment, the limiter, and what must never leak.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { remoteRefId } from "../../../../src/core/provider/port.ts";
import { respond } from "../../../support/stub-vault.ts";
import { VENDOR_TEXT } from "../../../support/stub-kv.ts";
import { tokenAuth, VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;
const ref = { key: "app/db", version: undefined, metadataPolicy: "None" } as const;

let rig: VaultRig;
beforeEach(async () => {
  rig = await VaultRig.start();
  rig.stub.kv().put("app/db", { password: "value-canary-77" });
});
afterEach(() => rig.close());

describe("validate", () => {
  test("a login and a real call were answered: Ready, with what is mounted there", async () => {
    expect(await rig.provider().validate(NEVER)).toEqual({
      ok: true,
      value: { capabilities: "ReadOnly", backendIdentity: `kv/v2/${rig.stub.kv().accessor}`, notes: [] },
    });
    expect(rig.stub.count("auth/token/lookup-self")).toBe(1);
  });

  test("ten validations log in once", async () => {
    const provider = rig.provider();
    for (let count = 0; count < 10; count += 1) expect((await provider.validate(NEVER)).ok).toBe(true);
    expect(rig.stub.count("auth/kubernetes/login")).toBe(1);
  });

  test("a revoked token is noticed and replaced, within the minute too", async () => {
    const provider = rig.provider();
    for (let count = 0; count < 3; count += 1) {
      expect((await provider.validate(NEVER)).ok).toBe(true);
      rig.stub.tokens.clear();
    }
    expect(rig.stub.count("auth/kubernetes/login")).toBe(3);
  });

  test("a policy that forbids the look at the own token costs one login more, once", async () => {
    rig.stub.denied.add("auth/token/lookup-self");
    const provider = rig.provider();
    for (let count = 0; count < 5; count += 1) expect((await provider.validate(NEVER)).ok).toBe(true);
    expect(rig.stub.count("auth/kubernetes/login")).toBe(2);
  });

  test.each([
    {
      given: "the mount is KV v1",
      mount: { version: 1, type: "kv" },
      detail: "mount kv is KV version 1, the store says v2",
    },
    {
      given: "the mount is another engine",
      mount: { version: 2, type: "pki" },
      detail: "mount kv is not a KV secrets engine",
    },
  ] as const)("$given: mountChanged", async ({ mount, detail }) => {
    rig.stub.mount("kv", mount.version, mount.type);
    expect(await rig.provider().validate(NEVER)).toMatchObject({ ok: false, error: { kind: "mountChanged", detail } });
  });

  test("a path inside a mount is no mount", async () => {
    expect(await rig.provider({ path: "kv/app" }).validate(NEVER)).toMatchObject({
      ok: false,
      error: { kind: "mountChanged", detail: "mount kv/app is a path inside another mount" },
    });
  });

  test("a mount that is hidden or missing says nothing but a note", async () => {
    rig.stub.mounts.delete("kv");
    const answer = await rig.provider().validate(NEVER);
    expect(answer).toMatchObject({ ok: true, value: { backendIdentity: undefined } });
    expect(answer.ok && answer.value.notes).toHaveLength(1);
  });

  test("a mount enabled anew shows as another backend", async () => {
    const provider = rig.provider();
    const before = await provider.validate(NEVER);
    rig.stub.mount("kv", 2);
    const after = await provider.validate(NEVER);
    expect(before.ok && after.ok && before.value.backendIdentity !== after.value.backendIdentity).toBe(true);
  });

  test.each([
    { given: "sealed", path: "*", fault: { status: 503, body: { errors: ["Vault is sealed"] } }, kind: "unavailable" },
    { given: "throttled", path: "auth/token/lookup-self", fault: { status: 429, body: "" }, kind: "throttled" },
    {
      given: "a proxy",
      path: "sys/internal/ui/mounts/kv",
      fault: { status: 200, body: "<html>" },
      kind: "unavailable",
    },
  ])("$given: $kind", async ({ path, fault, kind }) => {
    rig.stub.faults.set(path, respond(fault));
    expect(await rig.provider().validate(NEVER)).toMatchObject({ ok: false, error: { kind } });
  });
});

test("logins go to the namespace of the login, reads to that of the store", async () => {
  const provider = rig.provider({ namespace: "team/a", authNamespace: "ops" });
  await provider.validate(NEVER);
  await provider.readSecrets([ref], NEVER);
  await provider.close();
  expect(rig.stub.requests.map(({ path, namespace }) => [path.split("/").slice(0, 2).join("/"), namespace])).toEqual([
    ["auth/kubernetes", "ops"],
    ["auth/token", "ops"],
    ["sys/internal", "team/a"],
    ["kv/data", "team/a"],
    ["auth/token", "ops"],
  ]);
});

test("VAULT_* variables have no say", async () => {
  const environment = {
    VAULT_TOKEN: "hvs.env",
    VAULT_NAMESPACE: "env",
    VAULT_PREFIX: "/env",
    VAULT_ADDR: "https://env",
    VAULT_SKIP_VERIFY: "1",
  };
  Object.assign(process.env, environment);
  try {
    await rig.provider().readSecrets([ref], NEVER);
  } finally {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
  }
  expect(rig.stub.requests.map(({ path, token, namespace }) => [path, token, namespace])).toEqual([
    ["auth/kubernetes/login", undefined, undefined],
    ["kv/data/app/db", "hvs.token-1", undefined],
    ["sys/internal/ui/mounts/kv", "hvs.token-1", undefined],
  ]);
});

test("each request passes the limiter once, and is told to the metrics", async () => {
  const provider = rig.provider();
  await provider.validate(NEVER);
  await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER);
  await provider.readSecrets([ref], NEVER);
  await provider.close();
  expect([rig.limited, rig.requestFacts.length]).toEqual([rig.stub.requests.length, rig.stub.requests.length]);
  expect(rig.requestFacts[0]).toEqual({ method: "POST", httpStatus: 200, durationMs: 0 });
});

test("a limiter that lets nobody through ends with the caller's signal", async () => {
  const limiter = <T>(_task: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  const caller = new AbortController();
  const provider = rig.provider({}, { limiter });
  const answers = provider.readSecrets([ref], caller.signal);
  caller.abort();
  expect((await answers).get(remoteRefId(ref))).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  const closing = provider.close();
  rig.clock.advance(3_000);
  await closing;
});

test("neither values, tokens nor Vault's own text reach errors, logs or metrics, whatever fails", async () => {
  rig.objects.set("vault-token/token", "hvs.credential-canary");
  rig.stub.tokens.set("hvs.credential-canary", { ttlSeconds: 60, isRenewable: true });
  const said: unknown[] = [];
  for (const status of [200, 204, 307, 400, 403, 404, 405, 412, 429, 473, 500, 503]) {
    for (const path of [
      "*",
      "kv/data/app/db",
      "kv/metadata/app/db",
      "auth/token/lookup-self",
      "auth/token/revoke-self",
    ]) {
      const provider = rig.provider({ auth: tokenAuth });
      const text = `${VENDOR_TEXT} value-canary-77 hvs.credential-canary`;
      rig.stub.faults.set(
        path,
        respond({ status, body: { errors: [text] }, headers: { Location: `https://${VENDOR_TEXT}/` } }),
      );
      said.push(
        ...(await provider.readSecrets([ref], NEVER)).values(),
        ...(await provider.readVersions([ref], NEVER)).values(),
      );
      said.push(
        await provider.validate(NEVER),
        await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER),
      );
      rig.stub.faults.clear();
      await provider.close();
    }
  }
  const everything = JSON.stringify([said, rig.logLines, rig.requestFacts]);
  for (const canary of [VENDOR_TEXT, "value-canary-77", "hvs.credential-canary", "hvs.token"]) {
    expect(everything).not.toContain(canary);
  }
});
