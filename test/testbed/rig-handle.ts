// What one process must know to use a rig that another process started: plain data, fit for JSON.
// Paths lie in the rig's directory, which goes away with the rig.
import type { KeyPair } from "./certificates.ts";
import type { ServerBinaries } from "./servers.ts";

export interface KubernetesHandle {
  /** https://127.0.0.1:port */
  readonly server: string;
  readonly caPem: string;
  /** Client certificate of an administrator (group system:masters: API priority and fairness does not apply). */
  readonly admin: KeyPair;
  readonly adminKubeconfigPath: string;
  readonly auditLogPath: string;
}

export interface VaultHandle {
  /** https://127.0.0.1:port */
  readonly address: string;
  readonly caPem: string;
  /** The same before and after a restart of either storage. */
  readonly rootToken: string;
  readonly storage: VaultStorage;
  readonly auditLogPath: string;
  /** Holds the one unseal key; written anew when an inmem Vault starts over. */
  readonly unsealKeyPath: string;
  /** What the kubernetes auth method is configured with, kept for an inmem Vault that starts over. */
  readonly kubernetesAuth: KubernetesAuthConfig;
}

/** inmem forgets everything when the process ends; raft keeps it in the rig's directory and takes seconds longer. */
export type VaultStorage = "inmem" | "raft";

/** Body of Vault's auth/kubernetes/config. */
export interface KubernetesAuthConfig {
  readonly kubernetes_host: string;
  readonly kubernetes_ca_cert: string;
  readonly token_reviewer_jwt: string;
  readonly disable_local_ca_jwt: true;
}

export interface RigHandle {
  readonly directory: string;
  /** Certificate of the authority behind all servers, as a file: for curl --cacert and VAULT_CACERT. */
  readonly caPath: string;
  readonly guardianSocketPath: string;
  readonly guardianPid: number;
  readonly binaries: ServerBinaries;
  readonly kubernetes: KubernetesHandle;
  readonly vault: VaultHandle;
}
