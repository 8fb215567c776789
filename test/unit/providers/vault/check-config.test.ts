// What a Vault store can say wrong, and that nothing leaves for its server then.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VaultStoreSpec } from "../../../../src/core/spec/secret-store.ts";
import { checkVaultConfig } from "../../../../src/providers/vault/check-config.ts";
import { testTls } from "../../../support/tls.ts";
import { testEgress } from "../../../support/test-egress.ts";
import { appRoleAuth, kubernetesAuth, objectKeyRef, VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;
const garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const secretKey = objectKeyRef("creds", "id");
const jwtAuth = { kind: "jwt", role: "r", identity: { kind: "secret", ref: secretKey } } as const;
const certAuth = { kind: "cert", role: "r", pair: { certificate: secretKey, privateKey: secretKey } } as const;
const userAuth = { kind: "password", method: "userPass", username: "u", secretRef: secretKey } as const;

let rig: VaultRig;
beforeAll(async () => {
  rig = await VaultRig.start();
});
afterAll(() => rig.close());

describe("refused", () => {
  test.each<{ field: string; change: Partial<VaultStoreSpec> }>([
    { field: "server", change: { server: "" } },
    { field: "server", change: { server: "vault.example:8200" } },
    { field: "server", change: { server: "http://vault.example" } },
    { field: "server", change: { server: "ftp://vault.example" } },
    { field: "server", change: { server: "https://user@vault.example" } },
    { field: "server", change: { server: "https://:word@vault.example" } },
    { field: "server", change: { server: "https://vault.example/base" } },
    { field: "server", change: { server: "https://vault.example/?a=b" } },
    { field: "server", change: { server: "https://vault.example?" } },
    { field: "server", change: { server: "https://vault.example#a" } },
    { field: "server", change: { server: "https://169.254.169.254" } },
    { field: "server", change: { server: "https://[fd00:ec2::254]:8200" } },
    { field: "path", change: { path: "kv/../sys" } },
    { field: "path", change: { path: "" } },
    { field: "path", change: { path: "kv?x" } },
    { field: "auth.kubernetes.mountPath", change: { auth: { ...kubernetesAuth, mountPath: "a//b" } } },
    { field: "auth.appRole.path", change: { auth: { ...appRoleAuth, path: "../token" } } },
    { field: "auth.jwt.path", change: { auth: { ...jwtAuth, path: "../token" } } },
    { field: "auth.cert.path", change: { auth: { ...certAuth, path: "a?b" } } },
    { field: "auth.userPass.path", change: { auth: { ...userAuth, path: "a//b" } } },
    { field: "auth.ldap.path", change: { auth: { ...userAuth, method: "ldap", path: ".." } } },
    { field: "namespace", change: { namespace: "a\r\nb" } },
    { field: "auth.namespace", change: { authNamespace: "a b" } },
    { field: "caBundle", change: { caBundlePem: "none" } },
    { field: "caBundle", change: { caBundlePem: garbled } },
    { field: "caBundle", change: { caBundlePem: `${testTls.ca}${garbled}` } },
  ])("$field of $change is named", ({ field, change }) => {
    const answer = checkVaultConfig(rig.spec(change), testEgress());
    expect(answer).toMatchObject({ ok: false, error: { kind: "invalidConfig" } });
    expect(answer.ok || answer.error.detail).toContain(`spec.provider.vault.${field} `);
  });
});

test.each<{ given: string; change: Partial<VaultStoreSpec>; allowHttp: boolean }>([
  { given: "https with a slash at its end", change: { server: "https://vault.example:8200/" }, allowHttp: false },
  { given: "http where it is allowed", change: { server: "http://vault.example:8200" }, allowHttp: true },
  { given: "an IPv6 address", change: { server: "https://[::1]:8200" }, allowHttp: false },
  { given: "two certificates", change: { caBundlePem: `# ours\n${testTls.ca}\n${testTls.otherCa}` }, allowHttp: false },
  { given: "namespaces with slashes", change: { namespace: "a/b/", authNamespace: "a" }, allowHttp: false },
])("$given is accepted", ({ change, allowHttp }) => {
  expect(checkVaultConfig(rig.spec(change), testEgress({ allowInsecureHttp: allowHttp })).ok).toBe(true);
});

test("a store that cannot work is invalidConfig for every call, and neither Vault nor credentials are asked", async () => {
  const provider = rig.provider({ server: rig.stub.url.replace("https", "http") });
  const ref = { key: "a", version: undefined, metadataPolicy: "None" } as const;
  const answers = [
    await provider.validate(NEVER),
    await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER),
    ...(await provider.readSecrets([ref], NEVER)).values(),
    ...(await provider.readVersions([ref], NEVER)).values(),
  ];
  expect(answers.map((answer) => answer.ok || answer.error.kind)).toEqual(Array(4).fill("invalidConfig"));
  expect([rig.stub.requests, rig.audiences]).toEqual([[], []]);
});

describe("caProvider", () => {
  const caProvider = { kind: "ConfigMap", ref: objectKeyRef("roots", "ca.crt") } as const;

  test.each([
    { given: "missing", value: undefined, kind: "invalidConfig" },
    { given: "no PEM", value: "none", kind: "invalidConfig" },
    { given: "of another authority", value: testTls.otherCa, kind: "unavailable" },
  ])("$given: $kind", async ({ value, kind }) => {
    if (value === undefined) rig.objects.delete("roots/ca.crt");
    else rig.objects.set("roots/ca.crt", value);
    const provider = rig.provider({ caBundlePem: undefined, caProvider });
    expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind } });
  });

  test("that changes is read anew by the next validation", async () => {
    rig.objects.set("roots/ca.crt", testTls.otherCa);
    const provider = rig.provider({ caBundlePem: undefined, caProvider });
    expect(await provider.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "unavailable" } });
    rig.objects.set("roots/ca.crt", testTls.ca);
    expect(await provider.validate(NEVER)).toMatchObject({ ok: true });
  });
});
