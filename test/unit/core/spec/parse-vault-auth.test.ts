// How a Vault store logs in, as its parser reads it, and which objects of the cluster it then depends on.

import { expect, test } from "vitest";
import { credentialRefs, takesTenantCredentials } from "../../../../src/core/spec/credential-refs.ts";
import { parseSecretStore } from "../../../../src/core/spec/parse-secret-store.ts";
import type { SecretStoreSpec } from "../../../../src/core/spec/secret-store.ts";
import { clusterSecretStore, type Manifest, secretStore } from "../../../support/spec-vector.ts";

function specOf(object: Manifest): SecretStoreSpec {
  const record = parseSecretStore(object, object.kind === "SecretStore" ? "SecretStore" : "ClusterSecretStore");
  if (!record.ok || !record.value.spec.ok) throw new Error(`the spec does not parse: ${JSON.stringify(record)}`);
  return record.value.spec.value;
}

const ref = (name: string, key: string) => ({ name, key, namespace: undefined });
const secret = (name: string) => ({ kind: "Secret", name, namespace: undefined });
const token = { name: "jwt", key: "token" };
const password = { name: "user", key: "password" };
const client = { name: "client" };

test.each([
  {
    given: "a JWT of a Secret",
    auth: { jwt: { role: "app", secretRef: token } },
    parsed: { kind: "jwt", path: "jwt", role: "app", identity: { kind: "secret", ref: ref("jwt", "token") } },
    refs: [secret("jwt")],
  },
  {
    given: "a JWT minted for a ServiceAccount",
    auth: {
      jwt: {
        path: "/oidc/",
        kubernetesServiceAccountToken: { serviceAccountRef: { name: "app", audiences: ["b"] }, audiences: ["a"] },
      },
    },
    parsed: {
      kind: "jwt",
      path: "oidc",
      role: undefined,
      identity: { kind: "serviceAccount", ref: { name: "app", audiences: ["a", "b"], namespace: undefined } },
    },
    refs: [{ kind: "ServiceAccount", name: "app", namespace: undefined }],
  },
  {
    given: "a certificate, its keys by default",
    auth: { cert: { clientCert: client, secretRef: client } },
    parsed: {
      kind: "cert",
      path: "cert",
      role: undefined,
      pair: { certificate: ref("client", "tls.crt"), privateKey: ref("client", "tls.key") },
    },
    refs: [secret("client"), secret("client")],
  },
  {
    given: "a certificate with names of its own",
    auth: {
      cert: {
        path: "tls",
        vaultRole: "app",
        clientCert: { name: "a", key: "crt" },
        secretRef: { name: "b", key: "k" },
      },
    },
    parsed: {
      kind: "cert",
      path: "tls",
      role: "app",
      pair: { certificate: ref("a", "crt"), privateKey: ref("b", "k") },
    },
    refs: [secret("a"), secret("b")],
  },
  {
    given: "a user",
    auth: { userPass: { username: "app", secretRef: password } },
    parsed: {
      ...{ kind: "password", method: "userPass", path: "userpass", username: "app" },
      secretRef: ref("user", "password"),
    },
    refs: [secret("user")],
  },
  {
    given: "a user of a directory",
    auth: { ldap: { path: "corp/ldap", username: "app", secretRef: password } },
    parsed: {
      ...{ kind: "password", method: "ldap", path: "corp/ldap", username: "app" },
      secretRef: ref("user", "password"),
    },
    refs: [secret("user")],
  },
  {
    given: "an identity of AWS",
    auth: {
      iam: {
        jwt: { serviceAccountRef: { name: "app" } },
        ...{ role: "arn:aws:iam::123456789012:role/reader", externalID: "ours", vaultRole: "app" },
      },
    },
    parsed: {
      ...{ kind: "iam", path: "aws", role: "app", region: "us-east-1", serverId: undefined },
      identity: { kind: "serviceAccount", ref: { name: "app", audiences: [], namespace: undefined } },
      roles: [
        { arn: "arn:aws:iam::123456789012:role/reader", externalId: "ours", sessionTags: [], transitiveTagKeys: [] },
      ],
    },
    refs: [{ kind: "ServiceAccount", name: "app", namespace: undefined }],
  },
])("$given", ({ auth, parsed, refs }) => {
  const spec = specOf(secretStore({ auth }));
  expect(spec.provider).toMatchObject({ auth: parsed });
  expect(credentialRefs(spec)).toEqual(refs);
});

test("tls names a certificate of the connection, beside any login", () => {
  const tls = { certSecretRef: client, keySecretRef: { name: "key", key: "k" } };
  const spec = specOf(secretStore({ tls }));
  expect(spec.provider).toMatchObject({
    clientCertificate: { certificate: ref("client", "tls.crt"), privateKey: ref("key", "k") },
  });
  expect(credentialRefs(spec)).toEqual([secret("vault-token"), secret("client"), secret("key")]);
});

test.each([
  { given: "in the tenant's namespace", namespace: undefined, takesTenant: true },
  { given: "in a namespace", namespace: "vault", takesTenant: false },
])("a ClusterSecretStore whose certificate lies $given", ({ namespace, takesTenant }) => {
  const at = { name: "client", ...(namespace === undefined ? {} : { namespace }) };
  const spec = specOf(clusterSecretStore({ auth: { cert: { clientCert: at, secretRef: at } } }));
  expect(takesTenantCredentials(spec)).toBe(takesTenant);
});
