// Reading from the stand-in of Key Vault: values, versions, what is absent and why, metadata, keys and certificates.

import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { remoteRefId } from "../../../../src/core/provider/port.ts";
import { AzureRig, NEVER, refTo, valueOf, versionOf } from "../../../support/azure-rig.ts";
import { testTls } from "../../../support/tls.ts";

let rig: AzureRig;
beforeEach(async () => {
  rig = await AzureRig.start();
});
afterEach(() => rig.close());

describe("a secret", () => {
  test.each(["app-db", "secret/app-db"])("is read as %s, with the version that carried it", async (key) => {
    const id = rig.putSecret("app-db", "canary-1");
    const ref = refTo(key);
    const answer = (await rig.provider().readSecrets([ref], NEVER)).get(remoteRefId(ref));
    expect(answer).toMatchObject({ ok: true, value: { form: "blob", version: { display: id } } });
    expect(answer?.ok && answer.value.payload.revealUtf8()).toBe("canary-1");
  });

  test("is read at a pinned version, also an older one", async () => {
    const first = rig.putSecret("app-db", "canary-1");
    rig.putSecret("app-db", "canary-2");
    const provider = rig.provider();
    expect(await valueOf(provider, refTo("app-db", { version: first }))).toBe("canary-1");
    expect(await valueOf(provider, refTo("app-db"))).toBe("canary-2");
  });

  test("arrives unchanged, whatever it holds", async () => {
    const value = 'é😀"\\\n\t\u0001 {"a":1}';
    rig.putSecret("odd", value);
    rig.putSecret("empty", "");
    const provider = rig.provider();
    expect(await valueOf(provider, refTo("odd"))).toBe(value);
    expect(await valueOf(provider, refTo("empty"))).toBe("");
  });

  test("by metadataPolicy Fetch is its tags and content type", async () => {
    rig.putSecret("app-db", "canary-1", { tags: { team: "a" }, contentType: "text/plain" });
    const value = await valueOf(rig.provider(), refTo("app-db", { metadataPolicy: "Fetch" }));
    expect(JSON.parse(value)).toEqual({ team: "a", contentType: "text/plain" });
  });
});

describe("what cannot be served is told apart", () => {
  const version = "0123456789abcdef0123456789abcdef";
  test.each<{ given: string; prepare: () => unknown; version?: string; kind: string }>([
    { given: "never there", prepare: () => undefined, kind: "notFound" },
    { given: "another version", prepare: () => rig.putSecret("app", "v"), version, kind: "versionNotFound" },
    { given: "never there, pinned", prepare: () => undefined, version, kind: "notFound" },
    {
      given: "deleted, not purged",
      prepare: () => {
        rig.putSecret("app", "v");
        rig.cloud.vault.objects.softDelete("secrets", "app");
      },
      kind: "deleted",
    },
    {
      given: "purged",
      prepare: () => {
        rig.putSecret("app", "v");
        rig.cloud.vault.objects.softDelete("secrets", "app");
        rig.cloud.vault.objects.purge("secrets", "app");
      },
      kind: "notFound",
    },
    { given: "disabled", prepare: () => rig.putSecret("app", "v", { enabled: false }), kind: "disabled" },
    {
      given: "not yet valid",
      prepare: () => rig.putSecret("app", "v", { nbf: Math.floor(rig.clock.nowMs() / 1000) + 60 }),
      kind: "disabled",
    },
    {
      given: "denied",
      prepare: () => (rig.putSecret("app", "v"), rig.cloud.vault.denied.set("secrets/app", "ForbiddenByRbac")),
      kind: "accessDenied",
    },
    {
      given: "behind a firewall",
      prepare: () => rig.cloud.vault.denied.set("secrets/app", "ForbiddenByFirewall"),
      kind: "unavailable",
    },
  ])("$given: $kind, for values and versions", async ({ prepare, version: pin, kind }) => {
    prepare();
    const provider = rig.provider();
    const ref = refTo("app", { version: pin });
    expect([await valueOf(provider, ref), await versionOf(provider, ref)]).toEqual([kind, kind]);
  });

  test("soft-deleted and denied there: absent, as far as can be seen", async () => {
    rig.putSecret("app", "v");
    rig.cloud.vault.objects.softDelete("secrets", "app");
    const path = "/deletedsecrets/app";
    rig.cloud.vault.server.faults.set(path, (response) => {
      response.writeHead(403, { "Content-Type": "application/json" });
      response.end('{"error":{"code":"Forbidden","message":"x","innererror":{"code":"AccessDenied"}}}');
    });
    expect(await valueOf(rig.provider(), refTo("app"))).toBe("notFound");
  });

  test("past its expiry it is served, and the store says so", async () => {
    rig.putSecret("app", "canary-1", { exp: Math.floor(rig.clock.nowMs() / 1000) - 60 });
    const provider = rig.provider();
    expect(await valueOf(provider, refTo("app"))).toBe("canary-1");
    const health = await provider.validate(NEVER);
    expect(health.ok && health.value.notes).toEqual([
      "1 of the objects read are past their expiry, and served: renew them",
    ]);
  });

  test.each([
    "../x",
    "secret/../x",
    "secrets/x",
    "cert/",
    "a_b",
    "a%2eb",
    "a?b",
    "a#b",
    "a\nb",
    "a/b",
    "x".repeat(128),
  ])("the key %j is refused as a reference, and nothing leaves", async (key) => {
    expect(await valueOf(rig.provider(), refTo(key))).toBe("invalidReference");
    expect(rig.cloud.vault.server.calls).toEqual([]);
  });

  test.each(["3", "..", "latest", "0123456789abcdef0123456789abcde/"])("the version %j is refused", async (version) => {
    expect(await valueOf(rig.provider(), refTo("app", { version }))).toBe("invalidReference");
  });
});

describe("the version check", () => {
  test("names the version that a read gives, and moves with a rotation and with attributes", async () => {
    rig.putSecret("app", "canary-1");
    const provider = rig.provider();
    const read = async (): Promise<unknown> => {
      const ref = refTo("app");
      const answer = (await provider.readSecrets([ref], NEVER)).get(remoteRefId(ref));
      return answer?.ok === true ? answer.value.version?.identity : answer;
    };
    const identities = [await versionOf(provider, refTo("app"))];
    expect(await read()).toBe(identities[0]);
    rig.clock.advance(2_000);
    rig.putSecret("app", "canary-2");
    identities.push(await versionOf(provider, refTo("app")));
    expect(await read()).toBe(identities[1]);
    rig.clock.advance(2_000);
    rig.cloud.vault.objects.update("secrets", "app", { tags: { team: "a" } });
    identities.push(await versionOf(provider, refTo("app")));
    expect(new Set(identities).size).toBe(3);
  });

  test("reads no value where the list tells", async () => {
    rig.putSecret("app", "canary-1");
    rig.clock.advance(2_000);
    rig.putSecret("app", "canary-2");
    await versionOf(rig.provider(), refTo("app"));
    expect(rig.asked).toEqual(["/secrets/app/versions"]);
  });

  test("reads the value where two versions are of one second, and where there are more than a page", async () => {
    rig.putSecret("twice", "canary-1");
    const current = rig.putSecret("twice", "canary-2");
    for (let count = 0; count < 30; count += 1) {
      rig.clock.advance(1_000);
      rig.putSecret("many", `canary-${count}`);
    }
    const provider = rig.provider();
    expect(await versionOf(provider, refTo("twice"))).toMatch(new RegExp(`^${current}@`));
    await versionOf(provider, refTo("many"));
    expect(rig.asked).toEqual([
      "/secrets/twice/versions",
      "/secrets/twice/",
      "/secrets/many/versions",
      "/secrets/many/",
    ]);
  });

  test("reads values where the login may not list, asks for no list again, and says so", async () => {
    rig.cloud.vault.granted.set(rig.cloud.application.objectId, new Set(["get"]));
    const id = rig.putSecret("app", "canary-1");
    const provider = rig.provider();
    for (let round = 0; round < 2; round += 1) {
      expect(await versionOf(provider, refTo("app"))).toMatch(new RegExp(`^${id}@`));
    }
    expect(rig.asked).toEqual(["/secrets/app/versions", "/secrets/app/", "/secrets/app/"]);
    expect(await provider.validate(NEVER)).toMatchObject({
      ok: true,
      value: { notes: [expect.stringContaining("may not list")] },
    });
  });
});

describe("keys and certificates", () => {
  test("a certificate is its DER", async () => {
    const { raw } = new X509Certificate(testTls.ca);
    rig.cloud.vault.objects.put("certificates", "web", { cer: raw.toString("base64") });
    const ref = refTo("cert/web");
    const answer = (await rig.provider().readSecrets([ref], NEVER)).get(remoteRefId(ref));
    const bytes = answer?.ok === true ? answer.value.payload.revealBytes() : new Uint8Array();
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(createHash("sha256").update(raw).digest("hex"));
  });

  test("a key is its public JWK, and nothing private even if the vault sent it", async () => {
    const jwk = { ...createPublicKey(testTls.ca).export({ format: "jwk" }), key_ops: ["sign", "verify"] };
    const id = rig.cloud.vault.objects.put("keys", "sign", { ...jwk, d: "canary-private" });
    const provider = rig.provider();
    const value = await valueOf(provider, refTo("key/sign"));
    expect(JSON.parse(value)).toEqual({ ...jwk, kid: `${rig.cloud.vault.url}/keys/sign/${id}` });
    expect(await versionOf(provider, refTo("key/sign"))).toMatch(new RegExp(`^${id}@`));
  });

  test.each(["key/none", "cert/none"])("%s is absent", async (key) => {
    expect(await valueOf(rig.provider(), refTo(key))).toBe("notFound");
  });
});
