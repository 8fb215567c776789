// How remote secrets are lost in Vault, and how they come back.

import type { Team } from "./team.ts";

export interface Loss {
  readonly how: string;
  /** What status says of it. */
  readonly reason: string;
  lose(team: Team, name: string): Promise<unknown>;
  /** Brings it back with the value given. */
  restore(team: Team, name: string, value: string): Promise<unknown>;
}

export const softDelete: Loss = {
  how: "soft-deleted",
  reason: "SecretDeletedRemotely",
  lose: (team, name) => team.rig.vault.delete(`kv/data/${team.key(name)}`),
  restore: (team, name) => team.rig.vault.write(`kv/undelete/${team.key(name)}`, { versions: [1] }),
};

const destroy: Loss = {
  how: "destroyed",
  reason: "SecretDestroyed",
  lose: (team, name) => team.rig.vault.write(`kv/destroy/${team.key(name)}`, { versions: [1] }),
  restore: (team, name, value) => team.putSecret(name, { password: value }),
};

export const deleteMetadata: Loss = {
  how: "deleted with its metadata",
  reason: "SecretNotFound",
  lose: (team, name) => team.rig.vault.delete(`kv/metadata/${team.key(name)}`),
  restore: (team, name, value) => team.putSecret(name, { password: value }),
};

/** All of a secret that has one version. */
export const losses: readonly Loss[] = [softDelete, destroy, deleteMetadata];
