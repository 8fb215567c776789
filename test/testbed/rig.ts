// The rig: a real control plane and a real Vault, for tests, demo and bench. startRig brings them up and owns their end;
// connectRig gives the same to another process (a test worker) that got the handle. When the process that started a rig
// ends, in whatever way, the rig ends with it.
import { join } from "node:path";
import { createCertificateAuthority } from "./certificates.ts";
import { type ControlPlane, connectControlPlane } from "./control-plane.ts";
import { AUTHORITY_FILE, startControlPlane, waitUntilControllersRun } from "./control-plane-start.ts";
import type { AuditTrail } from "./audit-trail.ts";
import { connectGuardian, type GuardianConnection, spawnGuardian } from "./guardian-client.ts";
import { createKubernetesApi, type KubernetesApi } from "./kubernetes-api.ts";
import { createKubernetesAuditTrail, type KubernetesRequest } from "./kubernetes-audit.ts";
import { type KubectlOptions, runKubectl } from "./kubectl.ts";
import { createRestClient } from "./rest-client.ts";
import type { RigHandle, VaultStorage } from "./rig-handle.ts";
import type { RigSite } from "./rig-site.ts";
import { ensureServers, type Report } from "./servers.ts";
import { type ServiceAccountKubeconfig, writeServiceAccountKubeconfig } from "./service-account.ts";
import { createVaultAuditTrail, type VaultRequest } from "./vault-audit.ts";
import { prepareTokenReview } from "./vault-reviewer.ts";
import { connectVault, type VaultServer } from "./vault-server.ts";
import { startVault } from "./vault-start.ts";

export interface RigOptions {
  /** Default inmem. */
  readonly vaultStorage?: VaultStorage;
  /** Receives progress of builds, one line each. Default: stderr. */
  readonly report?: Report;
}

export interface Rig extends AsyncDisposable {
  /** Plain data for connectRig in another process. */
  readonly handle: RigHandle;
  /** The Kubernetes API as an administrator. */
  readonly api: KubernetesApi;
  /** Kubeconfig of an administrator. */
  readonly kubeconfigPath: string;
  /** Runs kubectl as an administrator and returns its stdout. Throws KubectlError. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** A kubeconfig with a token of a ServiceAccount that exists. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<ServiceAccountKubeconfig>;
  readonly controlPlane: ControlPlane;
  readonly vault: VaultServer;
  readonly audit: { readonly kubernetes: AuditTrail<KubernetesRequest>; readonly vault: AuditTrail<VaultRequest> };
  /** Runs further processes that end with the rig. */
  readonly guardian: GuardianConnection;
  /** startRig: ends all servers and removes the directory. connectRig: closes this process's connections only. */
  stop(): Promise<void>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const binaries = await ensureServers(options.report ?? reportToStderr);
  const spawned = await spawnGuardian();
  const { directory, socketPath, pid } = spawned.greeting;
  try {
    const authority = await createCertificateAuthority("fairlead-rig");
    const site: RigSite = { directory, guardian: connectGuardian(socketPath), binaries, authority };
    const kubernetes = startControlPlane(site);
    const kubernetesAuth = kubernetes.then(prepareTokenReview);
    const vault = startVault(site, { storage: options.vaultStorage ?? "inmem", kubernetesAuth });
    const controllers = kubernetes.then(waitUntilControllersRun);
    const [kubernetesHandle, vaultHandle] = await Promise.all([kubernetes, vault, kubernetesAuth, controllers]);
    const handle: RigHandle = {
      directory,
      caPath: join(directory, AUTHORITY_FILE),
      guardianSocketPath: socketPath,
      guardianPid: pid,
      binaries,
      kubernetes: kubernetesHandle,
      vault: vaultHandle,
    };
    return rigOf(handle, () => spawned.stop());
  } catch (cause) {
    await spawned.stop();
    throw cause;
  }
}

/** The same rig from another process. Its stop() leaves the servers alone. */
export function connectRig(handle: RigHandle): Rig {
  return rigOf(handle, () => Promise.resolve());
}

function rigOf(handle: RigHandle, end: () => Promise<void>): Rig {
  const { kubernetes, vault: vaultHandle } = handle;
  const guardian = connectGuardian(handle.guardianSocketPath);
  const client = createRestClient({
    origin: kubernetes.server,
    caPem: kubernetes.caPem,
    clientCertificate: kubernetes.admin,
  });
  const api = createKubernetesApi(client);
  const vault = connectVault(handle, guardian);
  const stop = async (): Promise<void> => {
    client.close();
    vault.close();
    await end();
  };
  return {
    handle,
    api,
    guardian,
    vault,
    kubeconfigPath: kubernetes.adminKubeconfigPath,
    controlPlane: connectControlPlane(handle, guardian),
    kubectl: (args, options) => runKubectl(handle, args, options),
    serviceAccountKubeconfig: (namespace, name) => writeServiceAccountKubeconfig(handle, api, { namespace, name }),
    audit: {
      kubernetes: createKubernetesAuditTrail(kubernetes.auditLogPath, api),
      vault: createVaultAuditTrail(vaultHandle.auditLogPath, vault),
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function reportToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
