// A namespace to fuzz in: a tenant with its Vault data and the stores that specs may name (good ones, and one for each way
// in which a store cannot serve), and a neighbour whose Secret nobody else may touch.

import { secretStore } from "../integration/support/manifests.ts";
import { createTeam, type Team, type TeamDeps } from "../integration/support/team.ts";
import { ok } from "../testbed/kubernetes-api.ts";
import { plantRemotes, type RemoteModel, remoteModel } from "./remote-model.ts";

export interface StoreName {
  readonly kind: "SecretStore" | "ClusterSecretStore";
  readonly name: string;
}

/** How a store serves: from a mount, or with one of these reasons. */
export type Serving =
  { readonly mount: keyof RemoteModel } | { readonly mount: undefined; readonly reasons: readonly string[] };

export interface FuzzSite {
  readonly team: Team;
  readonly remotes: RemoteModel;
  /** By kind and name, such as `SecretStore/vault`. Any other store does not exist. */
  readonly stores: ReadonlyMap<string, Serving>;
}

/** Names that one sequence uses. */
export interface SequenceNames {
  /** Of the ExternalSecret, and of the Secret it makes where the spec names none. */
  readonly self: string;
  /** Another name for its Secret. */
  readonly other: string;
  /** A Secret that somebody else made for this sequence. */
  readonly foreign: string;
}

/** The Secret, and the ExternalSecret that owns it. */
export const NEIGHBOUR = "neighbour";

export function sequenceNames(index: number): SequenceNames {
  const self = `fuzz-${index}`;
  return { self, other: `${self}-other`, foreign: `${self}-foreign` };
}

/** Those of Secrets. */
export function secretNames({ self, other, foreign }: SequenceNames): readonly string[] {
  return [self, other, foreign];
}

export function clusterStoreNames(namespace: string): { readonly open: string; readonly closed: string } {
  return { open: `open-${namespace}`, closed: `closed-${namespace}` };
}

export async function createSite(deps: TeamDeps): Promise<FuzzSite> {
  const team = await createTeam(deps);
  const { namespace } = team;
  const remotes = remoteModel(namespace, deps.canary);
  await plantRemotes(team, remotes);
  await applyStores(team);
  await team.applyExternalSecret(NEIGHBOUR, { dataFrom: [{ extract: { key: `${namespace}/app/db` } }] });
  await team.waitStore("vault");
  await team.waitStore("vault1");
  await team.waitStore("locked", { ready: "False" });
  await team.waitStore("mismatched", { ready: "False" });
  await team.waitExternalSecret(NEIGHBOUR);
  return { team, remotes, stores: storesOf(namespace) };
}

function storesOf(namespace: string): FuzzSite["stores"] {
  const { open, closed } = clusterStoreNames(namespace);
  return new Map<string, Serving>([
    ["SecretStore/vault", { mount: "kv" }],
    ["SecretStore/vault1", { mount: "kv1" }],
    ["SecretStore/locked", { mount: undefined, reasons: ["Unauthenticated"] }],
    ["SecretStore/mismatched", { mount: undefined, reasons: ["StoreNotReady"] }],
    [`ClusterSecretStore/${open}`, { mount: "kv" }],
    [`ClusterSecretStore/${closed}`, { mount: undefined, reasons: ["StoreNotAllowed"] }],
  ]);
}

async function applyStores(team: Team): Promise<void> {
  const { namespace } = team;
  const { open, closed } = clusterStoreNames(namespace);
  const locked = { kubernetes: { role: "no-such-role", serviceAccountRef: { name: "reader" } } };
  await Promise.all([
    team.applyStore(),
    team.applyStore("vault1", { path: "kv1", version: "v1" }),
    team.applyStore("locked", { auth: locked }),
    team.applyStore("mismatched", { path: "kv1", version: "v2" }),
    applyClusterStore(team, open, namespace),
    applyClusterStore(team, closed, "elsewhere"),
  ]);
}

/** Logs in with the credentials of the tenant who asks. */
async function applyClusterStore(team: Team, name: string, servedNamespace: string): Promise<void> {
  const spec = { conditions: [{ namespaces: [servedNamespace] }] };
  await team.apply(secretStore({ namespace: undefined, name, vault: team.vaultSpec(), spec }));
}

/** Takes away what lies outside of the namespace too. */
export async function removeSite({ team }: FuzzSite): Promise<void> {
  const { api } = team.rig;
  const { open, closed } = clusterStoreNames(team.namespace);
  for (const name of [open, closed]) await ok(api.delete(`/apis/fairlead.dev/v1/clustersecretstores/${name}`));
  for (const plural of ["externalsecrets", "secretstores"])
    await ok(api.delete(`/apis/fairlead.dev/v1/namespaces/${team.namespace}/${plural}`));
  await ok(api.delete(`/api/v1/namespaces/${team.namespace}`));
}
