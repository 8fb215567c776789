// Stores that answer by identity: two tenants log in as their own ServiceAccounts to one store, which keeps another
// value for each of them under one key (Azure: one value for all), and lets each read it or not.

import { createIssuer, EXCHANGE_AUDIENCE, type FederatedIssuer, ISSUER } from "./federated-issuer.ts";
import type { FakeClock } from "./fake-clock.ts";
import { awsError } from "./stub-secrets.ts";
import { StubAws } from "./stub-aws.ts";
import type { StubAnswer } from "./stub-kv.ts";
import { respond, type StubFault, StubVault } from "./stub-vault.ts";
import { testTls } from "./tls.ts";
import { startAzureCloud, VAULT_SUFFIX } from "../testbed/azure/azure-cloud.ts";
import { generateRsaKeys } from "../testbed/certificates.ts";

type Fields = Readonly<Record<string, unknown>>;

export const TENANTS = ["team-a", "team-b"] as const;
export type Tenant = (typeof TENANTS)[number];
/** What all of them ask for. */
export const KEY = "app";

export interface TenantWorld {
  /** `spec.provider` of the store. */
  provider(serviceAccountRef: Fields): Fields;
  /** Of the tenant's ServiceAccount. */
  annotations(tenant: Tenant): Readonly<Record<string, string>>;
  /** A token of it. */
  token(tenant: Tenant): string;
  /** Who may read now. */
  readonly allowed: Set<Tenant>;
  /** Whose logins are refused. */
  readonly refused: Set<Tenant>;
  /** Status of whatever is asked for the key, and of logins; undefined: all is well. */
  outage: 429 | 500 | undefined;
  /** What the tenant's identity reads, where it may. */
  valueOf(tenant: Tenant): string;
  /** New values. */
  rotate(): void;
  /** The store knows no token any more. */
  endTokens(): void;
  close(): Promise<void>;
}

export type StartWorld = (clock: FakeClock) => Promise<TenantWorld>;

/** What all worlds keep. */
function policies(): Pick<TenantWorld, "allowed" | "refused" | "outage"> {
  return { allowed: new Set(TENANTS), refused: new Set(), outage: undefined };
}

const tenantIn = (text: unknown): Tenant | undefined => TENANTS.find((tenant) => String(text).includes(tenant));
const plainToken = (tenant: Tenant): string => `jwt.${tenant}`;

export async function startVaultWorld(method: "kubernetes" | "jwt"): Promise<TenantWorld> {
  const stub = await StubVault.start();
  let revision = 0;
  let tokens = 0;
  const logIn = (): StubAnswer => {
    const tenant = tenantIn(stub.requests.at(-1)?.body["jwt"]);
    if (world.outage !== undefined) return { status: world.outage, body: { errors: [] } };
    if (tenant === undefined || world.refused.has(tenant)) return { status: 400, body: { errors: [] } };
    tokens += 1;
    const token = `hvs.${tenant}.${tokens}`;
    stub.tokens.set(token, { ttlSeconds: 600, isRenewable: true });
    const auth = { client_token: token, lease_duration: 600, renewable: true, token_type: "service" };
    return { status: 200, body: { auth } };
  };
  const read = (part: "data" | "metadata"): StubAnswer => {
    const token = stub.requests.at(-1)?.token ?? "";
    const tenant = stub.tokens.has(token) ? tenantIn(token) : undefined;
    if (world.outage !== undefined) return { status: world.outage, body: { errors: [] } };
    if (tenant === undefined || !world.allowed.has(tenant)) return { status: 403, body: { errors: [] } };
    return stub.kv().answer(`${part}/${tenant}`, new URLSearchParams());
  };
  const world: TenantWorld = {
    ...policies(),
    provider: (serviceAccountRef) => ({ vault: { server: stub.url, path: "kv", auth: authOf(serviceAccountRef) } }),
    annotations: () => ({}),
    token: plainToken,
    valueOf: (tenant) => JSON.stringify({ value: `${tenant}-${revision}` }),
    rotate: () => {
      revision += 1;
      for (const tenant of TENANTS) stub.kv().put(tenant, world.valueOf(tenant));
    },
    endTokens: () => stub.tokens.clear(),
    close: () => stub.close(),
  };
  const authOf = (serviceAccountRef: Fields): Fields =>
    method === "jwt"
      ? { jwt: { role: "app", kubernetesServiceAccountToken: { serviceAccountRef } } }
      : { kubernetes: { role: "app", serviceAccountRef } };
  stub.faults.set(`auth/${method}/login`, (response) => respond(logIn())(response));
  for (const part of ["data", "metadata"] as const) {
    stub.faults.set(`kv/${part}/${KEY}`, (response) => respond(read(part))(response));
  }
  world.rotate();
  return world;
}

export async function startAwsWorld(): Promise<TenantWorld> {
  const stub = await StubAws.start();
  let revision = 0;
  let sessions = 0;
  const logIn: StubFault = (response) => {
    const tenant = tenantIn(stub.requests.at(-1)?.fields["WebIdentityToken"]);
    const code = world.outage !== undefined ? "InternalFailure" : "AccessDenied";
    const isRefused = world.outage !== undefined || tenant === undefined || world.refused.has(tenant);
    sessions += 1;
    const accessKeyId = `ASIA-${tenant ?? ""}-${sessions}`;
    if (!isRefused) stub.keys.add(accessKeyId);
    const expiration = new Date(stub.nowMs + 600_000).toISOString();
    const keys =
      `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>s-${sessions}</SecretAccessKey>` +
      `<SessionToken>t-${sessions}</SessionToken><Expiration>${expiration}</Expiration>`;
    const body = isRefused ? `<Error><Code>${code}</Code></Error>` : keys;
    respond({ status: isRefused ? (world.outage ?? 403) : 200, body: `<Response>${body}</Response>` })(response);
  };
  const read = (): StubAnswer => {
    const { action = "", fields = {}, accessKeyId = "" } = stub.requests.at(-1) ?? {};
    const tenant = stub.keys.has(accessKeyId) ? tenantIn(accessKeyId) : undefined;
    if (world.outage !== undefined) return { status: world.outage, body: {} };
    if (tenant === undefined) return awsError("UnrecognizedClientException");
    if (!world.allowed.has(tenant)) return awsError("AccessDeniedException");
    return stub.secrets.answer(action, { ...fields, SecretId: tenant }, new Set());
  };
  const world: TenantWorld = {
    ...policies(),
    provider: (serviceAccountRef) => ({
      aws: { region: "eu-west-1", endpoint: stub.url, stsEndpoint: stub.url, auth: { jwt: { serviceAccountRef } } },
    }),
    annotations: (tenant) => ({ "eks.amazonaws.com/role-arn": `arn:aws:iam::123456789012:role/${tenant}` }),
    token: plainToken,
    valueOf: (tenant) => `${tenant}-${revision}`,
    rotate: () => {
      revision += 1;
      for (const tenant of TENANTS) stub.secrets.put(tenant, world.valueOf(tenant));
    },
    endTokens: () => stub.keys.clear(),
    close: () => stub.close(),
  };
  stub.faults.set("AssumeRoleWithWebIdentity", logIn);
  stub.faults.set(KEY, (response) => respond(read())(response));
  world.rotate();
  return world;
}

/** One set for all worlds: making it takes longer than a run. */
let sharedKeys: ReturnType<typeof makeKeys> | undefined;

async function makeKeys() {
  return { keys: await generateRsaKeys(), issuer: await createIssuer() };
}

/** Each tenant is an application of its own, which its ServiceAccount's tokens prove. */
export async function startAzureWorld(clock: FakeClock): Promise<TenantWorld> {
  const { keys, issuer } = await (sharedKeys ??= makeKeys());
  const cloud = await startAzureCloud({ keys, nowMs: () => clock.nowMs(), tokenSeconds: 600 });
  const { entra, vault, tenantId } = cloud;
  entra.trustIssuer(ISSUER, issuer.keys);
  const clients = TENANTS.map((tenant, index) => {
    const clientId = `b2a9d0f4-12f5-4c63-8d9f-00000000000${index}`;
    const federated = {
      issuer: ISSUER,
      subject: `system:serviceaccount:${tenant}:app`,
      audiences: [EXCHANGE_AUDIENCE],
    };
    return { tenant, federated, application: entra.register({ tenantId, clientId }) };
  });
  let revision = 0;
  let outage: TenantWorld["outage"];
  /** Brings the stand-in to what the world says, before it judges. */
  const apply = (): void => {
    for (const { tenant, federated, application } of clients) {
      vault.granted.set(application.objectId, new Set(world.allowed.has(tenant) ? ["get", "list"] : []));
      application.federated = world.refused.has(tenant) ? [] : [federated];
    }
  };
  const world: TenantWorld = {
    ...policies(),
    get outage() {
      return outage;
    },
    set outage(status) {
      outage = status;
      entra.refusal = status === undefined ? undefined : { status };
      for (const path of [`/secrets/${KEY}`, `/secrets/${KEY}/`, `/secrets/${KEY}/versions`]) {
        if (status === undefined) vault.server.faults.delete(path);
        else vault.server.faults.set(path, respond({ status, body: {} }));
      }
    },
    provider: (serviceAccountRef) => ({
      azurekv: {
        ...{ vaultUrl: vault.url, environmentType: "AzureStackCloud", authType: "WorkloadIdentity", serviceAccountRef },
        customCloudConfig: { activeDirectoryEndpoint: entra.authority, keyVaultDNSSuffix: VAULT_SUFFIX },
      },
    }),
    annotations: (tenant) => ({
      "azure.workload.identity/client-id":
        clients.find((client) => client.tenant === tenant)?.application.clientId ?? "",
      "azure.workload.identity/tenant-id": tenantId,
    }),
    token: (tenant) => tokenOf(issuer, tenant, clock),
    valueOf: () => `value-${revision}`,
    rotate: () => {
      revision += 1;
      vault.objects.put("secrets", KEY, { value: `value-${revision}` });
    },
    endTokens: () => entra.endTokens(),
    close: () => cloud.close(),
    allowed: watched(TENANTS, () => apply()),
    refused: watched([], () => apply()),
  };
  apply();
  world.rotate();
  return world;
}

function tokenOf(issuer: FederatedIssuer, tenant: Tenant, clock: FakeClock): string {
  return issuer.token(`${tenant}:app`, clock.nowMs());
}

/** A set that tells of each change. */
function watched(tenants: readonly Tenant[], onChange: () => void): Set<Tenant> {
  const set = new Set(tenants);
  const add = set.add.bind(set);
  const remove = set.delete.bind(set);
  return Object.assign(set, {
    add: (tenant: Tenant) => (add(tenant), onChange(), set),
    delete: (tenant: Tenant) => {
      const isGone = remove(tenant);
      onChange();
      return isGone;
    },
  });
}

/** What the certificates of these worlds need. */
export const WORLD_CA = testTls.ca;
