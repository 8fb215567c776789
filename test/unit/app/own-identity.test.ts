// The operator's own identity serves ClusterSecretStores only: a SecretStore names its own server, which would receive it.
// The server of these tests keeps what it is sent. The parser refuses such a store; that the reader of credentials refuses
// it as well is shown with specs that the parser never saw.

import { randomUUID } from "node:crypto";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createStores } from "../../../src/app/stores.ts";
import { parseConfig } from "../../../src/config/config.ts";
import { remoteRefId } from "../../../src/core/provider/port.ts";
import { ok } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import type { StoreKind } from "../../../src/core/spec/external-secret.ts";
import { parsePattern } from "../../../src/core/spec/name-pattern.ts";
import { parseSecretStore } from "../../../src/core/spec/parse-secret-store.ts";
import { ruleMessages } from "../../../src/core/spec/rules.ts";
import type { SecretStoreSpec } from "../../../src/core/spec/secret-store.ts";
import { createMetrics } from "../../../src/observability/metrics.ts";
import type { ReadyStoreRecord, StoreSessions } from "../../../src/refresh/store-sessions.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeCluster } from "../../support/fake-cluster.ts";
import { type HostileServer, startHostileServer } from "../../support/hostile-server.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { testEgress } from "../../support/test-egress.ts";
import { testTls } from "../../support/tls.ts";

type Fields = Readonly<Record<string, unknown>>;

const NEVER = new AbortController().signal;
const CANARY = `own-${randomUUID()}`;
const TENANT = "3f1b1f0c-6a44-4a6e-9d43-0d6a5c3b7e10";
const ROLE = "arn:aws:iam::123456789012:role/operator";
const REF = { key: "app", version: undefined, metadataPolicy: "None" } as const;

const irsa = { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: "/token" };
const podIdentity = {
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/token",
};
const azurePod = { AZURE_CLIENT_ID: TENANT, AZURE_TENANT_ID: TENANT, AZURE_FEDERATED_TOKEN_FILE: "/token" };

const key = (name: string): Fields => ({ name: "creds", key: name });
const serviceAccountRef = { name: "app" };
const awsKeys = { accessKeyIDSecretRef: key("id"), secretAccessKeySecretRef: key("id") };
const role = { role: "reader" };
const pair = { clientCert: key("cert"), secretRef: key("key") };
const clientId = key("id");

const vault = (auth: Fields) => (server: string) => ({ vault: { server, path: "kv", auth } });
const aws = (auth: Fields) => (server: string) => ({
  aws: { region: "eu-west-1", endpoint: server, stsEndpoint: server, auth },
});
const azure = (fields: Fields) => (server: string) => ({
  azurekv: {
    ...{ vaultUrl: server, tenantId: TENANT, environmentType: "AzureStackCloud", ...fields },
    customCloudConfig: { activeDirectoryEndpoint: server, keyVaultDNSSuffix: "localhost" },
  },
});

const { ownIdentity, ownAwsIdentity, ownAzureIdentity } = ruleMessages;
/** `shown`: what a ClusterSecretStore does with it; undefined where that would need the platform's own addresses. */
const ownLogins = [
  { of: "Vault", login: vault({ kubernetes: role }), env: {}, refusal: ownIdentity, shown: "sent" },
  { of: "Vault by AWS", login: vault({ iam: {} }), env: irsa, refusal: ownAwsIdentity, shown: "asked" },
  { of: "AWS by a role", login: aws({}), env: irsa, refusal: ownAwsIdentity, shown: "sent" },
  { of: "AWS by Pod Identity", login: aws({}), env: podIdentity, refusal: ownAwsIdentity, shown: undefined },
  { of: "AWS by the instance", login: aws({}), env: {}, refusal: ownAwsIdentity, shown: undefined },
  {
    ...{ of: "Azure by the pod", login: azure({ authType: "WorkloadIdentity" }), env: azurePod },
    ...{ refusal: ownAzureIdentity, shown: "sent" },
  },
  {
    ...{ of: "Azure by the node", login: azure({ authType: "ManagedIdentity" }), env: azurePod },
    ...{ refusal: ownAzureIdentity, shown: undefined },
  },
] as const;

const tenantLogins = [
  { of: "Vault by token", login: vault({ tokenSecretRef: key("id") }) },
  { of: "Vault by AppRole", login: vault({ appRole: { roleId: "app", secretRef: key("id") } }) },
  { of: "Vault by Kubernetes", login: vault({ kubernetes: { ...role, serviceAccountRef } }) },
  { of: "Vault by a Secret's token", login: vault({ kubernetes: { ...role, secretRef: key("id") } }) },
  { of: "Vault by JWT", login: vault({ jwt: { ...role, secretRef: key("id") } }) },
  {
    of: "Vault by a minted JWT",
    login: vault({ jwt: { ...role, kubernetesServiceAccountToken: { serviceAccountRef } } }),
  },
  { of: "Vault by certificate", login: vault({ cert: pair }) },
  { of: "Vault by user", login: vault({ userPass: { username: "app", secretRef: key("id") } }) },
  { of: "Vault by directory", login: vault({ ldap: { username: "app", secretRef: key("id") } }) },
  { of: "Vault by keys of AWS", login: vault({ iam: { secretRef: awsKeys } }) },
  { of: "AWS by keys", login: aws({ secretRef: awsKeys }) },
  { of: "AWS by ServiceAccount", login: aws({ jwt: { serviceAccountRef } }) },
  { of: "Azure by secret", login: azure({ authSecretRef: { clientId, clientSecret: key("id") } }) },
  { of: "Azure by certificate", login: azure({ authSecretRef: { clientId, clientCertificate: key("pair") } }) },
  { of: "Azure by ServiceAccount", login: azure({ authType: "WorkloadIdentity", serviceAccountRef }) },
];

let server: HostileServer;
let stores: StoreSessions;
/** What of the operator's own identity was asked for. */
let asked: string[];
let env: Readonly<Record<string, string>>;
const trustedBefore = tls.getCACertificates("default");
const metrics = createMetrics("test");

beforeAll(() => tls.setDefaultCACertificates([...trustedBefore, testTls.ca]));
afterAll(() => tls.setDefaultCACertificates(trustedBefore));
beforeEach(async () => {
  server = await startHostileServer();
  asked = [];
  env = {};
  stores = createStores({
    config: testConfig(),
    ...{ client: tenantCluster(), clock: new FakeClock(), random: () => 0.5, log: recordingLogger().log, metrics },
    // Nothing leaves this machine.
    egress: testEgress({ allowsAddress: (host) => ["localhost", "127.0.0.1", "::1"].includes(host) }),
    readOperatorToken: () => (asked.push("token"), Promise.resolve(SecretValue.ofUtf8(CANARY))),
    operatorIdentity: {
      variable: (name) => (asked.push(name), env[name]),
      readFile: (path) => (asked.push(path), Promise.resolve(SecretValue.ofUtf8(CANARY))),
    },
    operator: undefined,
    onCredentialRead: () => undefined,
    onHealthChange: () => undefined,
    isNeeded: () => true,
  });
});
afterEach(async () => {
  await stores.closeAll();
  await server.close();
});

function testConfig() {
  const config = parseConfig(["--trusted-hosts=localhost", "--kubeconfig=none"], {});
  if (!config.ok) throw new Error(config.error.join());
  return config.value;
}

/** Of tenant team-a: one Secret that serves for everything, and a ServiceAccount with an identity in each cloud. */
function tenantCluster(): FakeCluster {
  const cluster = new FakeCluster();
  const { cert, key: privateKey } = testTls.server;
  const texts = { id: "tenants-own", cert, key: privateKey, pair: `${cert}\n${privateKey}` };
  const data = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString("base64")]);
  cluster.apply("/api/v1/namespaces/team-a/secrets/creds", { data: Object.fromEntries(data) });
  const annotations = { "eks.amazonaws.com/role-arn": ROLE, "azure.workload.identity/client-id": TENANT };
  cluster.apply("/api/v1/namespaces/team-a/serviceaccounts/app", { metadata: { annotations } });
  const minted = { status: { token: "tenants-own", expirationTimestamp: "2030-01-01T00:00:00Z" } };
  cluster.intercept = ({ path }) => (path.endsWith("/token") ? ok(minted) : undefined);
  return cluster;
}

function parsed(kind: StoreKind, provider: Fields) {
  const place = kind === "SecretStore" ? { namespace: "team-a" } : {};
  const metadata = { name: "store", ...place, uid: "uid-1", resourceVersion: "1", generation: 1 };
  const conditions = kind === "SecretStore" ? {} : { conditions: [{ namespaces: ["team-a"] }] };
  const record = parseSecretStore({ metadata, spec: { provider, ...conditions } }, kind);
  if (!record.ok) throw new Error(record.error.message);
  return record.value;
}

function specOf(kind: StoreKind, provider: Fields): SecretStoreSpec {
  const { spec } = parsed(kind, provider);
  if (!spec.ok) throw new Error(spec.error.message);
  return spec.value;
}

/** Everything that a store can be asked; `ok`, or the kind of the failure, of each answer. */
async function askAll(kind: StoreKind, spec: SecretStoreSpec): Promise<readonly string[]> {
  const { meta } = parsed(kind, {});
  const record: ReadyStoreRecord = { kind, meta, controller: undefined, spec: ok(spec), status: undefined };
  const { provider } = stores.acquire(record, "team-a");
  const name = parsePattern("a", "spec");
  const query = { path: undefined, name: name.ok ? name.value : undefined, tags: {} };
  const secret = await provider.readSecrets([REF], NEVER);
  const version = await provider.readVersions([REF], NEVER);
  const others = [await provider.find(query, NEVER), await provider.validate(NEVER)];
  const answers = [secret.get(remoteRefId(REF)), version.get(remoteRefId(REF)), ...others];
  return answers.map((answer) => (answer?.ok === false ? answer.error.kind : "ok"));
}

describe.each(ownLogins)("the operator's own login to $of", ({ login, refusal, ...given }) => {
  test("is refused by the parser to a SecretStore alone", () => {
    const refused = parsed("SecretStore", login(server.origin)).spec;
    expect(refused.ok ? "accepted" : refused.error.message).toBe(refusal);
    expect(parsed("ClusterSecretStore", login(server.origin)).spec.ok).toBe(true);
  });

  test("is not made for a SecretStore that came past the parser: its server hears nothing at all", async () => {
    env = given.env;
    const answers = await askAll("SecretStore", specOf("ClusterSecretStore", login(server.origin)));
    expect(new Set(answers)).toEqual(new Set(["invalidConfig"]));
    expect(server.received).toEqual([]);
    expect(asked).toEqual([]);
  });
});

test.each(ownLogins.filter(({ shown }) => shown !== undefined))(
  "the operator's own login to $of is made for a ClusterSecretStore: $shown",
  async ({ login, shown, ...given }) => {
    env = given.env;
    await askAll("ClusterSecretStore", specOf("ClusterSecretStore", login(server.origin)));
    expect(asked).not.toEqual([]);
    expect(server.received.some((request) => request.includes(CANARY))).toBe(shown === "sent");
  },
);

test.each(tenantLogins)("a tenant's own login to $of shows nothing of the operator's", async ({ login }) => {
  env = { ...irsa, ...azurePod };
  await askAll("SecretStore", specOf("SecretStore", login(server.origin)));
  expect(server.received).not.toEqual([]);
  expect(server.received.filter((request) => request.includes(CANARY))).toEqual([]);
  expect(asked).toEqual([]);
});
