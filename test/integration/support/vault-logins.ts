// Auth methods of Vault as administrators set them up for a team: each at a mount of the team's own, with the team's
// policy. They return `auth` of a store; the credentials are in Secrets of the team.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createCertificateAuthority } from "../../testbed/certificates.ts";
import type { JsonRecord } from "../../testbed/json.ts";
import { mintServiceAccountToken } from "../../testbed/service-account.ts";
import { putObject } from "./stores.ts";
import { startStubSts, STS_ACCOUNT } from "./stub-sts.ts";
import { SERVICE_ACCOUNT, type Team } from "./team.ts";

const ROLE = "reader";
const USER = "reader.team";

export async function jwtByServiceAccount(team: Team): Promise<JsonRecord> {
  const path = await enableJwt(team);
  const kubernetesServiceAccountToken = { serviceAccountRef: { name: SERVICE_ACCOUNT } };
  return { jwt: { path, role: ROLE, kubernetesServiceAccountToken } };
}

export async function jwtBySecret(team: Team): Promise<JsonRecord> {
  const path = await enableJwt(team);
  const account = { namespace: team.namespace, name: SERVICE_ACCOUNT };
  await putObject(team, "Secret", "jwt", {
    token: await mintServiceAccountToken(team.rig.api, account, { audiences: ["vault"] }),
  });
  return { jwt: { path, role: ROLE, secretRef: { name: "jwt", key: "token" } } };
}

/** With the public key that the API server signs for, so that Vault asks nobody. */
async function enableJwt(team: Team): Promise<string> {
  const path = await enable(team, "jwt");
  const publicKey = await readFile(join(team.rig.handle.directory, "pki/service-account.pub"), "utf8");
  await team.rig.vault.write(`auth/${path}/config`, { jwt_validation_pubkeys: [publicKey] });
  await team.rig.vault.write(`auth/${path}/role/${ROLE}`, {
    role_type: "jwt",
    user_claim: "sub",
    bound_audiences: ["vault"],
    bound_subject: `system:serviceaccount:${team.namespace}:${SERVICE_ACCOUNT}`,
    ...grant(team),
  });
  return path;
}

export async function byCertificate(team: Team): Promise<JsonRecord> {
  const path = await enable(team, "cert");
  const authority = await createCertificateAuthority(`clients of ${team.namespace}`);
  const client = await authority.issue({ commonName: team.namespace });
  await putObject(team, "Secret", "client", {
    "tls.crt": client.certificatePem,
    "tls.key": client.privateKeyPem,
  });
  await team.rig.vault.write(`auth/${path}/certs/${ROLE}`, {
    certificate: authority.certificatePem,
    allowed_common_names: team.namespace,
    ...grant(team),
  });
  return { cert: { path, vaultRole: ROLE, clientCert: { name: "client" }, secretRef: { name: "client" } } };
}

/** The password is made of the canary. */
export async function byPassword(team: Team): Promise<JsonRecord> {
  const path = await enable(team, "userpass");
  await putObject(team, "Secret", "user", { password: team.value("password") });
  await team.rig.vault.write(`auth/${path}/users/${USER}`, { password: team.value("password"), ...grant(team) });
  return { userPass: { path, username: USER, secretRef: { name: "user", key: "password" } } };
}

/** The secret key is made of the canary; STS is a stand-in that checks signatures. */
export async function byAwsIdentity(team: Team): Promise<JsonRecord> {
  const path = await enable(team, "aws");
  const secretAccessKey = team.value("aws-key");
  const arn = `arn:aws:iam::${STS_ACCOUNT}:user/${ROLE}`;
  await putObject(team, "Secret", "aws", { id: "AKIDMADEUP", key: secretAccessKey });
  const sts_endpoint = await startStubSts(arn, secretAccessKey);
  const serverId = `vault-of-${team.namespace}`;
  await team.rig.vault.write(`auth/${path}/config/client`, {
    ...{ sts_endpoint, sts_region: "us-east-1", iam_server_id_header_value: serverId },
  });
  await team.rig.vault.write(`auth/${path}/role/${ROLE}`, {
    ...{ auth_type: "iam", bound_iam_principal_arn: [arn], resolve_aws_unique_ids: false },
    ...grant(team),
  });
  const secretRef = {
    accessKeyIDSecretRef: { name: "aws", key: "id" },
    secretAccessKeySecretRef: { name: "aws", key: "key" },
  };
  return { iam: { path, vaultRole: ROLE, vaultAwsIamServerID: serverId, secretRef } };
}

async function enable(team: Team, type: string): Promise<string> {
  const path = `${type}-${team.namespace}`;
  await team.rig.vault.write(`sys/auth/${path}`, { type });
  return path;
}

function grant(team: Team): JsonRecord {
  return { token_policies: [team.namespace], token_ttl: "10m" };
}
