// Stores and what they log in with, as administrators make them: ClusterSecretStores for a team, credentials in Secrets
// and ConfigMaps, AppRoles and tokens of Vault. Credentials hold the canary wherever Vault lets us choose them.

import { type JsonRecord, textAt } from "../../testbed/json.ts";
import { ok } from "../../testbed/kubernetes-api.ts";
import { secretStore } from "./manifests.ts";
import type { Team, WaitFor } from "./team.ts";

/** A repair is seen within this time: 30 s of probe backoff, and a margin for a busy machine. */
export const REPAIR_MS = 35_000;

/** A ClusterSecretStore; by default for the team's namespace alone, by the operator's own identity. */
export async function applyClusterStore(
  team: Team,
  name: string,
  { vault = {}, spec = {} }: { readonly vault?: JsonRecord; readonly spec?: JsonRecord } = {},
): Promise<void> {
  const auth = { kubernetes: { role: operatorRole(team) } };
  const conditions = [{ namespaces: [team.namespace] }];
  await team.apply(
    secretStore({
      namespace: undefined,
      name,
      vault: team.vaultSpec({ auth, ...vault }),
      spec: { conditions, ...spec },
    }),
  );
}

export function waitClusterStore(team: Team, name: string, wanted: WaitFor = { ready: "True" }): Promise<JsonRecord> {
  return team.waitObject(`ClusterSecretStore ${name}`, () => team.read(clusterStorePath(name)), wanted);
}

export async function deleteClusterStore(team: Team, name: string): Promise<void> {
  await ok(team.rig.api.delete(clusterStorePath(name)));
}

function clusterStorePath(name: string): string {
  return `/apis/fairlead.dev/v1/clustersecretstores/${name}`;
}

function operatorRole(team: Team): string {
  return `fairlead-${team.namespace}`;
}

/** Lets the operator's own identity (audience `vault`) read what the team's policy says. */
export async function writeOperatorRole(team: Team): Promise<void> {
  await team.rig.vault.write(`auth/kubernetes/role/${operatorRole(team)}`, {
    bound_service_account_names: "fairlead",
    bound_service_account_namespaces: "fairlead-system",
    audience: "vault",
    token_policies: [team.namespace],
    token_ttl: "10m",
  });
}

/** A Vault token with the team's policy, made of the canary. */
export async function makeToken(team: Team, label = "token"): Promise<string> {
  const id = team.value(`${label}-${team.namespace}`);
  await team.rig.vault.write("auth/token/create", { id, policies: [team.namespace], ttl: "10m", no_parent: true });
  return id;
}

/** An AppRole with the team's policy; its secret id is made of the canary. */
export async function makeAppRole(team: Team): Promise<{ readonly roleId: string; readonly secretId: string }> {
  const path = `auth/approle/role/${team.namespace}`;
  await team.rig.vault.write(path, { token_policies: [team.namespace], token_ttl: "10m" });
  const roleId = textAt(await team.rig.vault.read(`${path}/role-id`), "data", "role_id");
  const secretId = team.value(`id-${team.namespace}`);
  await team.rig.vault.write(`${path}/custom-secret-id`, { secret_id: secretId });
  return { roleId, secretId };
}

/** Makes or replaces a Secret or ConfigMap of the team. */
export async function putObject(
  team: Team,
  kind: "Secret" | "ConfigMap",
  name: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  const content = kind === "Secret" ? { stringData: texts } : { data: texts };
  await team.apply({ apiVersion: "v1", kind, metadata: { namespace: team.namespace, name }, ...content });
}

export async function deleteObject(
  team: Team,
  plural: "secrets" | "configmaps" | "serviceaccounts",
  name: string,
): Promise<void> {
  await ok(team.rig.api.delete(`/api/v1/namespaces/${team.namespace}/${plural}/${name}`));
}
