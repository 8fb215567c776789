// Vault, AWS and Azure side by side for one team, all by the team's ServiceAccount and none with a static credential:
// how a value gets into each, and how each of them fails and is repaired.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AwsProxy } from "../../support/aws-proxy.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { MotoAccount, REGION } from "../../support/moto-account.ts";
import { respond } from "../../support/stub-vault.ts";
import { type MotoServer, startMoto } from "../../testbed/aws/moto-server.ts";
import { type AzureCloud, startAzureCloud, VAULT_SUFFIX } from "../../testbed/azure/azure-cloud.ts";
import { type ClusterTrust, trustCluster } from "../../testbed/azure/cluster-trust.ts";
import type { JsonRecord } from "../../testbed/json.ts";
import type { Rig } from "../../testbed/rig.ts";
import { dataEntry } from "./manifests.ts";
import { SERVICE_ACCOUNT, type Team } from "./team.ts";

export const storeNames = ["vault", "aws", "azure"] as const;
export type StoreName = (typeof storeNames)[number];

export const ROLE = "arn:aws:iam::123456789012:role/reader";
/** Flags of an operator that gets to the stand-ins: moto speaks plain HTTP, and Azure's certificate is of our own. */
export const OPERATOR_ARGS: readonly string[] = [
  "--allow-insecure-http",
  "--trusted-hosts=localhost",
  `--ca-bundle-file=${join(import.meta.dirname, "../../support/tls/ca.pem")}`,
];

/** `deny`: the team's key is denied. `fail`: the store serves nobody; Vault is sealed, AWS and Entra let nobody in. */
export type Harm = "deny" | "fail";

export interface ThreeStores {
  readonly cloud: AzureCloud;
  readonly trust: ClusterTrust;
  /** Annotates the team's ServiceAccount, lets Entra trust it, and applies one SecretStore for each, named after it. */
  join(team: Team): Promise<void>;
  /** Writes a value, and returns its version as status shows it. */
  put(team: Team, store: StoreName, value: string): Promise<string>;
  harm(team: Team, store: StoreName, harm: Harm): Promise<void>;
  /** Ends what `harm` did. */
  repair(team: Team, store: StoreName): Promise<void>;
  close(): Promise<void>;
}

/** Remote key of a team; every store takes this form of name. */
export function keyOf(team: Team, store: StoreName): string {
  return store === "vault" ? team.key("db") : `${team.namespace}-db`;
}

/** `data` with one key from each store, named after it. */
export function threeEntries(team: Team): readonly JsonRecord[] {
  return storeNames.map((name) => ({
    ...dataEntry(name, keyOf(team, name), "password"),
    sourceRef: { storeRef: { name } },
  }));
}

export async function startThreeStores(rig: Rig, report: (line: string) => void): Promise<ThreeStores> {
  const { directory } = rig.handle;
  const moto = await startMoto({ guardian: rig.guardian, directory, report });
  const cloud = await startAzureCloud();
  const servers: Servers = {
    moto,
    account: await MotoAccount.create(moto),
    aws: await AwsProxy.start(moto.address),
    cloud,
    vault: await FaultProxy.start(rig.vault, {
      certificatePem: await readFile(join(directory, "vault.crt"), "utf8"),
      privateKeyPem: await readFile(join(directory, "vault.key"), "utf8"),
    }),
  };
  const trust = await trustCluster(cloud, rig);
  return {
    cloud,
    trust,
    join: async (team) => {
      trust.federate(team.namespace, SERVICE_ACCOUNT);
      await annotateAccount(team, SERVICE_ACCOUNT, cloud);
      await team.applyStore("vault", { server: servers.vault.address });
      await applyStore(team, "aws", awsSpec(servers.aws.address));
      await applyStore(team, "azure", azureSpec(cloud, SERVICE_ACCOUNT));
    },
    put: (team, store, value) => put(servers, team, { store, value }),
    harm: async (team, store, harm) => {
      if (harm === "deny") await deny(servers, team, store);
      else fail(servers, store);
    },
    repair: async (team, store) => {
      servers.vault.faultFor = () => undefined;
      servers.aws.refusesLogins = false;
      servers.aws.heal();
      cloud.entra.refusal = undefined;
      cloud.vault.denied.clear();
      if (store === "vault") await team.allow();
    },
    close: async () => {
      await Promise.all([servers.vault.close(), servers.aws.close(), cloud.close()]);
      await moto.stop();
    },
  };
}

/** What the logins of AWS and Azure look for at a ServiceAccount. */
export async function annotateAccount(team: Team, account: string, cloud: AzureCloud): Promise<void> {
  const annotations = {
    "eks.amazonaws.com/role-arn": ROLE,
    "azure.workload.identity/client-id": cloud.application.clientId,
    "azure.workload.identity/tenant-id": cloud.tenantId,
  };
  const words = Object.entries(annotations).map(([name, value]) => `${name}=${value}`);
  await team.rig.kubectl(["-n", team.namespace, "annotate", "--overwrite", "serviceaccount", account, ...words]);
}

export async function applyStore(team: Team, name: string, provider: JsonRecord): Promise<void> {
  const metadata = { name, namespace: team.namespace };
  await team.apply({ apiVersion: "fairlead.dev/v1", kind: "SecretStore", metadata, spec: { provider } });
}

function awsSpec(endpoint: string): JsonRecord {
  const auth = { jwt: { serviceAccountRef: { name: SERVICE_ACCOUNT } } };
  return { aws: { region: REGION, endpoint, stsEndpoint: endpoint, auth } };
}

export function azureSpec(cloud: AzureCloud, account: string): JsonRecord {
  return {
    azurekv: {
      vaultUrl: cloud.vault.url,
      environmentType: "AzureStackCloud",
      customCloudConfig: { activeDirectoryEndpoint: cloud.entra.authority, keyVaultDNSSuffix: VAULT_SUFFIX },
      authType: "WorkloadIdentity",
      serviceAccountRef: { name: account },
    },
  };
}

interface Servers {
  readonly moto: MotoServer;
  readonly account: MotoAccount;
  readonly aws: AwsProxy;
  readonly cloud: AzureCloud;
  readonly vault: FaultProxy;
}

interface Writing {
  readonly store: StoreName;
  readonly value: string;
}

async function put({ account, cloud }: Servers, team: Team, { store, value }: Writing): Promise<string> {
  const document = { password: value };
  switch (store) {
    case "vault":
      return String(await team.putSecret("db", document));
    case "aws":
      await account.put(keyOf(team, store), JSON.stringify(document));
      return account.lastVersion(keyOf(team, store));
    case "azure":
      return cloud.vault.objects.put("secrets", keyOf(team, store), { value: JSON.stringify(document) });
  }
}

async function deny({ aws, cloud }: Servers, team: Team, store: StoreName): Promise<void> {
  switch (store) {
    case "vault":
      await team.allow(`path "kv/data/${team.namespace}/other" { capabilities = ["read"] }`);
      return;
    case "aws":
      aws.refuse(keyOf(team, store), "AccessDeniedException");
      return;
    case "azure":
      cloud.vault.denied.set(`secrets/${keyOf(team, store)}`, "ForbiddenByRbac");
  }
}

function fail({ vault, aws, cloud }: Servers, store: StoreName): void {
  switch (store) {
    case "vault":
      vault.faultFor = () => respond({ status: 503, body: { errors: ["Vault is sealed"] } });
      return;
    case "aws":
      aws.refusesLogins = true;
      aws.endKeys();
      return;
    case "azure":
      cloud.entra.refusal = { status: 401, body: { error: "invalid_client", error_codes: [700213] } };
      cloud.entra.endTokens();
  }
}
