// The auth methods: which credential is taken, what is sent where, and what a refusal or a missing credential means.

import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { remoteRefId, type SecretProvider } from "../../../../src/core/provider/port.ts";
import type { KubernetesIdentity, VaultAuth } from "../../../../src/core/spec/secret-store.ts";
import { failed } from "../../../../src/core/result.ts";
import { respond } from "../../../support/stub-vault.ts";
import { testTls } from "../../../support/tls.ts";
import { appRoleAuth, kubernetesAuth, objectKeyRef, tokenAuth, VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;
const STATIC_TOKEN = "hvs.static";
const OTHER_KEY = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;

let rig: VaultRig;
beforeEach(async () => {
  rig = await VaultRig.start();
  rig.stub.kv().put("app/db", { password: "p1" });
  rig.objects
    .set("vault-token/token", `${STATIC_TOKEN}\n`)
    .set("jwt/token", "jwt-1\n")
    .set("approle/role-id", "role-1")
    .set("user/password", "word 1 ü\n")
    .set("client/tls.crt", testTls.server.cert)
    .set("client/tls.key", testTls.server.key);
  rig.stub.tokens.set(STATIC_TOKEN, { ttlSeconds: 3600, isRenewable: true });
});
afterEach(() => rig.close());

function kubernetes(identity: KubernetesIdentity): VaultAuth {
  return { kind: "kubernetes", mountPath: "kubernetes", role: "reader", identity };
}

async function read(provider: SecretProvider) {
  const ref = { key: "app/db", version: undefined, metadataPolicy: "None" } as const;
  const answer = (await provider.readSecrets([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? "ok" : answer.error;
}

const serviceAccount = { name: "app", audiences: [], namespace: undefined };

function jwt(role: string | undefined, identity: Extract<VaultAuth, { kind: "jwt" }>["identity"]): VaultAuth {
  return { kind: "jwt", path: "jwt", role, identity };
}

function password(method: "userPass" | "ldap", path: string, username = "user-1"): VaultAuth {
  return { kind: "password", method, path, username, secretRef: objectKeyRef("user", "password") };
}

function cert(role: string | undefined): VaultAuth {
  return { kind: "cert", path: "cert", role, pair };
}

const pair = { certificate: objectKeyRef("client", "tls.crt"), privateKey: objectKeyRef("client", "tls.key") };

test.each([
  {
    method: "a ServiceAccount's minted token",
    auth: kubernetesAuth,
    path: "auth/kubernetes/login",
    body: { role: "reader", jwt: "jwt-1" },
  },
  {
    method: "a token held in a Secret",
    auth: kubernetes({ kind: "secret", ref: objectKeyRef("jwt", "token") }),
    path: "auth/kubernetes/login",
    body: { role: "reader", jwt: "jwt-1" },
  },
  {
    method: "the operator's own token",
    auth: kubernetes({ kind: "operator" }),
    path: "auth/kubernetes/login",
    body: { role: "reader", jwt: "jwt-1" },
  },
  {
    method: "AppRole with its role id in the spec",
    auth: appRoleAuth,
    path: "auth/approle/login",
    body: { role_id: "role-1", secret_id: "secret-1" },
  },
  {
    method: "AppRole with its role id in a Secret",
    auth: { ...appRoleAuth, roleId: undefined, roleRef: objectKeyRef("approle", "role-id") },
    path: "auth/approle/login",
    body: { role_id: "role-1", secret_id: "secret-1" },
  },
  {
    method: "a ServiceAccount's minted token, at a JWT mount",
    auth: jwt("reader", { kind: "serviceAccount", ref: serviceAccount }),
    path: "auth/jwt/login",
    body: { role: "reader", jwt: "jwt-1" },
  },
  {
    method: "a JWT held in a Secret, for the mount's default role",
    auth: jwt(undefined, { kind: "secret", ref: objectKeyRef("jwt", "token") }),
    path: "auth/jwt/login",
    body: { jwt: "jwt-1" },
  },
  {
    method: "a user's password",
    auth: password("userPass", "userpass"),
    path: "auth/userpass/login/user-1",
    body: { password: "word 1 ü" },
  },
  {
    method: "a directory user's password",
    auth: password("ldap", "corp/ldap"),
    path: "auth/corp/ldap/login/user-1",
    body: { password: "word 1 ü" },
  },
  {
    method: "a client certificate for one role",
    auth: cert("reader"),
    path: "auth/cert/login",
    body: { name: "reader" },
  },
  { method: "a client certificate for any role", auth: cert(undefined), path: "auth/cert/login", body: {} },
  {
    method: "an auth mount of several segments",
    auth: { ...kubernetesAuth, mountPath: "clusters/it's & so" },
    path: "auth/clusters/it%27s%20%26%20so/login",
    body: { role: "reader", jwt: "jwt-1" },
  },
])("$method logs in, sends nothing else, and no token with it", async ({ auth, path, body }) => {
  expect(await read(rig.provider({ auth }))).toBe("ok");
  expect(rig.stub.requests[0]).toEqual({ method: "POST", path, token: undefined, namespace: undefined, body });
});

test.each([
  { audiences: [], asked: ["vault"] },
  { audiences: ["https://vault.example"], asked: ["https://vault.example"] },
])("audiences $audiences ask for $asked", async ({ audiences, asked }) => {
  await read(rig.provider({ auth: kubernetes({ kind: "serviceAccount", ref: { ...serviceAccount, audiences } }) }));
  expect(rig.audiences).toEqual(asked);
});

test.each([
  { by: "JWT", auth: jwt("reader", { kind: "serviceAccount", ref: serviceAccount }) },
  { by: "userPass", auth: password("userPass", "userpass") },
  { by: "LDAP", auth: password("ldap", "ldap") },
  { by: "certificate", auth: cert("reader") },
])("a refused $by login names the method, and what it got is revoked at the end", async ({ by, auth }) => {
  const provider = rig.provider({ auth, authNamespace: "admin" });
  rig.stub.login.isRefused = true;
  expect(await read(provider)).toMatchObject({
    kind: "unauthenticated",
    detail: `Vault refused the ${by} login (HTTP 400)`,
  });
  rig.stub.login.isRefused = false;
  expect(await read(provider)).toBe("ok");
  await provider.close();
  expect(rig.stub.tokens.size).toBe(1);
  expect(rig.stub.requests.filter(({ path }) => path.startsWith("auth/")).map(({ namespace }) => namespace)).toEqual([
    "admin",
    "admin",
    "admin",
  ]);
});

describe("a client certificate", () => {
  const shown = (): readonly unknown[] => [...new Set(rig.stub.clientCertificates)];

  test("of tls is shown in every request, whatever the login", async () => {
    expect(await read(rig.provider({ clientCertificate: pair }))).toBe("ok");
    expect(shown()).toEqual([testTls.server.cert.trim()]);
  });

  test("of a login goes before that of tls", async () => {
    rig.objects.set("other/tls.crt", "none");
    const other = { certificate: objectKeyRef("other", "tls.crt"), privateKey: objectKeyRef("other", "tls.key") };
    expect(await read(rig.provider({ clientCertificate: other, auth: cert(undefined) }))).toBe("ok");
    expect(shown()).toEqual([testTls.server.cert.trim()]);
  });

  test("is not shown where there is none", async () => {
    expect(await read(rig.provider())).toBe("ok");
    expect(shown()).toEqual([undefined]);
  });

  test("that is replaced is shown anew by the next validation", async () => {
    const provider = rig.provider({ auth: cert(undefined) });
    expect(await read(provider)).toBe("ok");
    rig.objects.set("client/tls.crt", testTls.expiredServer.cert);
    await provider.validate(NEVER);
    expect(rig.stub.clientCertificates.at(-1)).toBe(testTls.expiredServer.cert.trim());
  });

  test.each([
    { given: "no certificate", key: "client/tls.crt", value: undefined, detail: "Secret client has no key tls.crt" },
    { given: "no private key", key: "client/tls.key", value: undefined, detail: "Secret client has no key tls.key" },
    { given: "no PEM", key: "client/tls.crt", value: "none", detail: "Secret client holds no PEM certificate" },
    { given: "a key that is none", key: "client/tls.key", value: "none", detail: "is no private key in PEM" },
    { given: "another key", key: "client/tls.key", value: OTHER_KEY, detail: "not that of the client certificate" },
  ])("with $given: unauthenticated, and Vault is not asked", async ({ key, value, detail }) => {
    if (value === undefined) rig.objects.delete(key);
    else rig.objects.set(key, value);
    const answer = await read(rig.provider({ auth: cert(undefined) }));
    expect(answer).toMatchObject({ kind: "unauthenticated" });
    expect(JSON.stringify(answer)).toContain(detail);
    expect(rig.stub.requests).toEqual([]);
  });
});

describe("a token from a Secret", () => {
  test("is looked up, renewed in time, and never revoked", async () => {
    const provider = rig.provider({ auth: tokenAuth });
    expect(await read(provider)).toBe("ok");
    const renewal = rig.stub.arrival("auth/token/renew-self");
    rig.clock.advance(0.65 * 3600 * 1000);
    await renewal;
    await provider.close();
    expect(rig.stub.tokens.has(STATIC_TOKEN)).toBe(true);
    expect(rig.stub.count("auth/token/revoke-self")).toBe(0);
  });

  test("that is dead is unauthenticated, until the Secret holds another", async () => {
    const provider = rig.provider({ auth: tokenAuth });
    await read(provider);
    rig.stub.tokens.delete(STATIC_TOKEN);
    expect(await read(provider)).toMatchObject({ kind: "unauthenticated" });
    rig.stub.tokens.set("hvs.next", { ttlSeconds: 0, isRenewable: false });
    rig.objects.set("vault-token/token", "hvs.next");
    expect(await read(provider)).toBe("ok");
  });

  test.each([
    { given: "HTML", fault: { status: 200, body: "<html>" } },
    { given: "no ttl", fault: { status: 200, body: { data: {} } } },
  ])("whose look-up answers $given is unavailable", async ({ fault }) => {
    rig.stub.faults.set("auth/token/lookup-self", respond(fault));
    expect(await read(rig.provider({ auth: tokenAuth }))).toMatchObject({ kind: "unavailable" });
  });
});

describe("a credential that cannot be used", () => {
  test.each([
    {
      given: "no ServiceAccount",
      break: () => (rig.jwt = undefined),
      auth: kubernetesAuth,
      kind: "unauthenticated",
      detail: "ServiceAccount app does not exist",
    },
    {
      given: "no operator token",
      break: () => (rig.jwt = undefined),
      auth: kubernetes({ kind: "operator" }),
      kind: "unauthenticated",
      detail: "the operator has no token file",
    },
    {
      given: "no Secret",
      break: () => rig.objects.clear(),
      auth: appRoleAuth,
      kind: "unauthenticated",
      detail: "Secret approle has no key secret-id",
    },
    {
      given: "an empty value",
      break: () => rig.objects.set("approle/secret-id", " \n"),
      auth: appRoleAuth,
      kind: "unauthenticated",
      detail: "the key secret-id of Secret approle is empty or holds characters that none has",
    },
    {
      given: "an empty password",
      break: () => rig.objects.set("user/password", "\n"),
      auth: password("userPass", "userpass"),
      kind: "unauthenticated",
      detail: "the key password of Secret user is empty",
    },
    {
      given: "no password",
      break: () => rig.objects.clear(),
      auth: password("ldap", "ldap"),
      kind: "unauthenticated",
      detail: "Secret user has no key password",
    },
    {
      given: "a value that no header takes",
      break: () => rig.objects.set("vault-token/token", "a\r\nX-Vault-Token: b"),
      auth: tokenAuth,
      kind: "unauthenticated",
      detail: "the key token of Secret vault-token is empty or holds characters that none has",
    },
  ] as const)("$given: $kind, and Vault is not asked", async (row) => {
    row.break();
    expect(await read(rig.provider({ auth: row.auth }))).toMatchObject({ kind: row.kind, detail: row.detail });
    expect(rig.stub.requests).toEqual([]);
  });

  test.each([
    { kind: "denied", outcome: "unauthenticated" },
    { kind: "refused", outcome: "invalidConfig" },
    { kind: "unavailable", outcome: "unavailable" },
  ] as const)("$kind by the cluster is $outcome", async ({ kind, outcome }) => {
    const credentials = {
      ...rig.credentials(),
      readSecretKey: () => Promise.resolve(failed({ kind, detail: "why" })),
    };
    expect(await read(rig.provider({ auth: appRoleAuth }, { credentials }))).toMatchObject({
      kind: outcome,
      detail: "why",
    });
  });
});

test.each([
  { given: "no token", body: { auth: { lease_duration: 1 } }, kind: "unavailable" },
  { given: "no lease", body: { auth: { client_token: "hvs.x" } }, kind: "unavailable" },
  { given: "no auth", body: {}, kind: "unavailable" },
  {
    given: "a second factor asked for",
    body: { auth: { client_token: "", lease_duration: 0, mfa_requirement: {} } },
    kind: "unauthenticated",
  },
])("a login answered with $given is $kind", async ({ body, kind }) => {
  rig.stub.faults.set("auth/kubernetes/login", respond({ status: 200, body }));
  expect(await read(rig.provider())).toMatchObject({ kind });
});

test("each login is reported with its outcome, once for all requests that use its token", async () => {
  const outcomes: string[] = [];
  const provider = rig.provider({}, { onLogin: (outcome) => outcomes.push(outcome) });
  rig.jwt = undefined;
  await read(provider);
  rig.jwt = "jwt-1";
  await read(provider);
  await read(provider);
  expect(outcomes).toEqual(["unauthenticated", "ok"]);
});
