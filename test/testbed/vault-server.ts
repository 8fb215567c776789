// The running Vault of a rig: the administrator's client, and the faults that tests cause, all of them real.
// Works from any process that has the rig's handle.
import type { GuardianConnection } from "./guardian-client.ts";
import type { RigHandle } from "./rig-handle.ts";
import { createVaultAdmin, type VaultAdmin } from "./vault-admin.ts";
import { initialiseVault, unsealVault, waitUntilVaultAnswers } from "./vault-bootstrap.ts";
import { VAULT_PROCESS } from "./vault-start.ts";

export interface VaultServer extends VaultAdmin {
  /** https://127.0.0.1:port */
  readonly address: string;
  readonly caPem: string;
  readonly rootToken: string;
  /** A client with another token; close it when done. */
  withToken(token: string): VaultAdmin;
  seal(): Promise<void>;
  /** Returns when Vault is active again. */
  unseal(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the process and returns when it is gone. Default SIGKILL. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /**
   * Starts an ended Vault on the same address and returns when it is active. Storage raft: as it was. Storage inmem:
   * empty, with the rig's mounts, auth methods and root token, but without secrets, policies and roles.
   */
  restart(): Promise<void>;
  /** Headers X-Ratelimit-* and Retry-After on a 429 by a quota; off in a new Vault. */
  enableRateLimitHeaders(): Promise<void>;
}

export function connectVault(handle: RigHandle, guardian: GuardianConnection): VaultServer {
  const { vault } = handle;
  const admin = createVaultAdmin(vault, vault.rootToken);
  return {
    ...admin,
    address: vault.address,
    caPem: vault.caPem,
    rootToken: vault.rootToken,
    withToken: (token) => createVaultAdmin(vault, token),
    seal: async () => {
      await admin.write("sys/seal");
    },
    unseal: () => unsealVault(vault),
    pause: () => guardian.signal(VAULT_PROCESS, "SIGSTOP"),
    resume: () => guardian.signal(VAULT_PROCESS, "SIGCONT"),
    stop: async (signal = "SIGKILL") => {
      await guardian.signal(VAULT_PROCESS, signal);
      await guardian.waitExit(VAULT_PROCESS);
    },
    restart: async () => {
      await guardian.startAgain(VAULT_PROCESS);
      await waitUntilVaultAnswers({ guardian, directory: handle.directory }, vault);
      await initialiseVault(vault);
    },
    enableRateLimitHeaders: async () => {
      await admin.write("sys/quotas/config", { enable_rate_limit_response_headers: true });
    },
  };
}
