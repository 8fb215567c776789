import { expect, test } from "vitest";
import { parseSecretStore } from "../../../../src/core/spec/parse-secret-store.ts";
import type { SecretStoreSpec, VaultStoreSpec } from "../../../../src/core/spec/secret-store.ts";
import { CA_BUNDLE } from "../../../support/ca-bundle.ts";
import { clusterSecretStore, type Manifest, secretStore } from "../../../support/spec-vector.ts";

function specOf(object: Manifest): SecretStoreSpec {
  if (object.kind === "ExternalSecret") throw new Error("an ExternalSecret is no store");
  const record = parseSecretStore(object, object.kind);
  if (!record.ok || !record.value.spec.ok) throw new Error(`the spec does not parse: ${JSON.stringify(record)}`);
  return record.value.spec.value;
}

function vaultOf(vault: Parameters<typeof secretStore>[0]): VaultStoreSpec {
  const { provider } = specOf(secretStore(vault));
  if (provider.kind !== "vault") throw new Error(`no Vault store but ${provider.kind}`);
  return provider;
}

const creds = { name: "creds", key: "id" };

test("the defaults are filled in", () => {
  expect(specOf(secretStore({ path: undefined }))).toEqual({
    controller: undefined,
    refreshIntervalMs: 300_000,
    limits: { requestsPerSecond: undefined, maxInFlight: undefined },
    provider: {
      kind: "vault",
      server: "https://vault.example.com:8200",
      path: undefined,
      version: "v2",
      namespace: undefined,
      authNamespace: undefined,
      caBundlePem: undefined,
      caProvider: undefined,
      clientCertificate: undefined,
      auth: { kind: "token", tokenSecretRef: { name: "vault-token", key: "token", namespace: undefined } },
    },
    conditions: [],
  });
});

test.each([
  { refreshInterval: 0, ms: 300_000 },
  { refreshInterval: "0", ms: 300_000 },
  { refreshInterval: 90, ms: 90_000 },
  { refreshInterval: "1m30s", ms: 90_000 },
])("refreshInterval $refreshInterval is $ms ms", ({ refreshInterval, ms }) => {
  expect(specOf(secretStore({}, { refreshInterval })).refreshIntervalMs).toBe(ms);
});

test("class and budget are taken over", () => {
  const spec = specOf(secretStore({}, { controller: "mine", limits: { requestsPerSecond: 5, maxInFlight: 2 } }));
  expect(spec).toMatchObject({ controller: "mine", limits: { requestsPerSecond: 5, maxInFlight: 2 } });
});

test("slashes at the ends are dropped", () => {
  expect(vaultOf({ server: "https://vault/", path: "/team/kv/", namespace: "ns/" })).toMatchObject({
    server: "https://vault",
    path: "team/kv",
    namespace: "ns",
    authNamespace: "ns",
  });
});

test("auth.namespace is where the login goes", () => {
  const auth = { namespace: "root", tokenSecretRef: creds };
  expect(vaultOf({ namespace: "ns", auth })).toMatchObject({ namespace: "ns", authNamespace: "root" });
});

test("caBundle is decoded", () => {
  expect(vaultOf({ caBundle: CA_BUNDLE }).caBundlePem).toMatch(
    /^-----BEGIN CERTIFICATE-----\n[^]+-----END CERTIFICATE-----$/,
  );
});

test.each([
  {
    given: "AppRole",
    auth: { appRole: { roleId: "r", secretRef: creds } },
    parsed: {
      kind: "appRole",
      path: "approle",
      roleId: "r",
      roleRef: undefined,
      secretRef: { ...creds, namespace: undefined },
    },
  },
  {
    given: "AppRole at another mount, role id by reference",
    auth: { appRole: { path: "/own/", roleRef: creds, secretRef: creds } },
    parsed: { path: "own", roleId: undefined, roleRef: { ...creds, namespace: undefined } },
  },
  {
    given: "a ServiceAccount",
    auth: { kubernetes: { role: "app", serviceAccountRef: { name: "app", audiences: ["a", "b"] } } },
    parsed: {
      kind: "kubernetes",
      mountPath: "kubernetes",
      role: "app",
      identity: { kind: "serviceAccount", ref: { name: "app", audiences: ["a", "b"], namespace: undefined } },
    },
  },
  {
    given: "a Secret without a key",
    auth: { kubernetes: { mountPath: "k8s", role: "app", secretRef: { name: "sa" } } },
    parsed: { mountPath: "k8s", identity: { kind: "secret", ref: { name: "sa", key: "token", namespace: undefined } } },
  },
])("given $given, auth is parsed", ({ auth, parsed }) => {
  expect(vaultOf({ auth }).auth).toMatchObject(parsed);
});

test("a ClusterSecretStore may name namespaces and use the operator's own identity", () => {
  const named = specOf(clusterSecretStore({ auth: { tokenSecretRef: { ...creds, namespace: "team-b" } } }));
  expect(named.provider).toMatchObject({ auth: { tokenSecretRef: { namespace: "team-b" } } });
  const own = specOf(clusterSecretStore({ auth: { kubernetes: { role: "app" } } }));
  expect(own.provider).toMatchObject({ auth: { identity: { kind: "operator" } } });
});

test("the class is read even where the spec does not parse", () => {
  const record = parseSecretStore(secretStore({}, { controller: "mine", provider: {} }), "SecretStore");
  expect(record).toMatchObject({ ok: true, value: { controller: "mine", spec: { ok: false } } });
});

test("conditions of a SecretStore are ignored, because the API server drops them", () => {
  expect(specOf(secretStore({}, { conditions: [{ namespaces: ["a"] }] })).conditions).toEqual([]);
});
