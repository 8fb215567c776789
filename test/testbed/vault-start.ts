// Starts a real Vault server for a rig: a configuration file, TLS from the rig's authority, inmem or raft storage.
// What makes the empty server useful (unsealing, audit, mounts, auth methods) is in vault-bootstrap.ts.
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import { startOnFreePort } from "./port-retry.ts";
import type { KubernetesAuthConfig, VaultHandle, VaultStorage } from "./rig-handle.ts";
import { type RigSite, startServer } from "./rig-site.ts";
import { initialiseVault, waitUntilVaultAnswers } from "./vault-bootstrap.ts";

export const VAULT_PROCESS = "vault";
/** No resolver knows it: for tests through a proxy, which is never asked for loopback addresses. */
export const VAULT_NAME_BEHIND_PROXY = "vault.test";

export interface VaultOptions {
  readonly storage: VaultStorage;
  /** Known only when the API server is ready; everything before it runs at the same time. */
  readonly kubernetesAuth: Promise<KubernetesAuthConfig>;
}

/** Returns when Vault is unsealed, active, audited, and has its mounts and auth methods. */
export async function startVault(site: RigSite, options: VaultOptions): Promise<VaultHandle> {
  const dnsNames = ["localhost", VAULT_NAME_BEHIND_PROXY];
  const keys = await site.authority.issue({ commonName: "vault", dnsNames, ipAddresses: ["127.0.0.1"] });
  await writeTlsFiles(site, keys);
  const address = await startOnFreePort(site, VAULT_PROCESS, (port) => startVaultOn(site, options.storage, port));
  const handle: VaultHandle = {
    address,
    caPem: site.authority.certificatePem,
    rootToken: `rig-${randomUUID()}`,
    storage: options.storage,
    auditLogPath: join(site.directory, "vault-audit.log"),
    unsealKeyPath: join(site.directory, "vault-unseal-key"),
    kubernetesAuth: await options.kubernetesAuth,
  };
  await initialiseVault(handle);
  return handle;
}

async function startVaultOn(site: RigSite, storage: VaultStorage, port: number): Promise<string> {
  const configPath = join(site.directory, "vault.json");
  await writeFile(configPath, JSON.stringify(vaultConfig(site.directory, storage, port), undefined, 2));
  await startServer(site, {
    name: VAULT_PROCESS,
    command: site.binaries.vault,
    args: ["server", `-config=${configPath}`],
    // Vault reads nothing else from its environment, in particular no address or token of the user.
    env: { VAULT_DISABLE_FILE_PERMISSIONS_CHECK: "true" },
  });
  const address = `https://127.0.0.1:${port}`;
  await waitUntilVaultAnswers(site, { address, caPem: site.authority.certificatePem });
  return address;
}

async function writeTlsFiles(site: RigSite, keys: KeyPair): Promise<void> {
  await mkdir(join(site.directory, "vault-raft"));
  await writeFile(join(site.directory, "vault.crt"), keys.certificatePem);
  await writeFile(join(site.directory, "vault.key"), keys.privateKeyPem, { mode: 0o600 });
}

function vaultConfig(directory: string, storage: VaultStorage, port: number): object {
  const raft = { path: join(directory, "vault-raft"), node_id: "rig", performance_multiplier: 1 };
  return {
    disable_mlock: true,
    ui: false,
    api_addr: `https://127.0.0.1:${port}`,
    // Used by raft only, and by one node never called.
    cluster_addr: `https://127.0.0.1:${port + 1}`,
    storage: storage === "raft" ? { raft } : { inmem: {} },
    listener: {
      tcp: {
        address: `127.0.0.1:${port}`,
        cluster_address: `127.0.0.1:${port + 1}`,
        tls_cert_file: join(directory, "vault.crt"),
        tls_key_file: join(directory, "vault.key"),
      },
    },
  };
}
