// Starts etcd, kube-apiserver and kube-controller-manager with throwaway certificates, in the rig's directory.
// etcd listens on a unix socket, kube-controller-manager nowhere: only the API server needs a port.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateRsaKeys, type KeyPair } from "./certificates.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { startOnFreePort } from "./port-retry.ts";
import { createRestClient } from "./rest-client.ts";
import type { KubernetesHandle } from "./rig-handle.ts";
import { assertServerRuns, type RigSite, startServer } from "./rig-site.ts";
import { waitUntil } from "./wait-until.ts";

export const controlPlaneProcesses = {
  etcd: "etcd",
  apiServer: "kube-apiserver",
  controllerManager: "kube-controller-manager",
} as const;

/** In the rig's directory: the certificate that clients of all servers trust. */
export const AUTHORITY_FILE = "pki/ca.crt";
const SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc";

/** A cold kube-apiserver takes about 5 s on two idle cores; several rigs may start at once. */
const API_SERVER_START_TIMEOUT_MS = 90_000;
const CONTROLLERS_START_TIMEOUT_MS = 60_000;
/** Behaviours that Fairlead promises things about. A wrong name ends the process; without the last one quotas get no status. */
const CONTROLLERS = [
  "namespace-controller",
  "garbage-collector-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "root-ca-certificate-publisher-controller",
  "resourcequota-controller",
];
/** Unit: megabytes. At the default of 100 the log rotates, and counts silently become 0. */
const AUDIT_LOG_MAX_SIZE_MB = 100_000;

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata" }],
};

/** Returns when the API server is ready and has admitted the administrator; the controllers start behind it. */
export async function startControlPlane(site: RigSite): Promise<KubernetesHandle> {
  const files = await writeControlPlaneFiles(site);
  await startServer(site, {
    name: controlPlaneProcesses.etcd,
    command: site.binaries.etcd,
    args: etcdArgs(site.directory),
  });
  const handle = await startOnFreePort(site, controlPlaneProcesses.apiServer, async (port) => {
    const args = apiServerArgs(site.directory, port);
    await startServer(site, { name: controlPlaneProcesses.apiServer, command: site.binaries.kubeApiserver, args });
    const candidate = handleOf(site, files.admin, port);
    await waitUntilApiServerReady(site, candidate);
    return candidate;
  });
  await writeKubeconfig(handle.adminKubeconfigPath, { ...handle, user: { kind: "certificate", keys: files.admin } });
  await startControllerManager(site, handle, files.controllerManager);
  return handle;
}

/** Waits for /readyz of the API server; throws at once where the server or etcd has ended. */
export async function waitUntilApiServerReady(
  site: Pick<RigSite, "guardian" | "directory">,
  handle: KubernetesHandle,
): Promise<void> {
  const client = createRestClient({ origin: handle.server, caPem: handle.caPem, clientCertificate: handle.admin });
  const probe = async (): Promise<true | undefined> => {
    await assertServerRuns(site, controlPlaneProcesses.etcd);
    await assertServerRuns(site, controlPlaneProcesses.apiServer);
    const status = await client.call({ method: "GET", path: "/readyz", timeoutMs: 2000 }).then(
      (reply) => reply.status,
      () => undefined, // Not listening yet: the next probe tells.
    );
    return status === 200 ? true : undefined;
  };
  try {
    await waitUntil("kube-apiserver is ready", probe, { timeoutMs: API_SERVER_START_TIMEOUT_MS });
  } finally {
    client.close();
  }
}

/** Waits for what two of the controllers make in a new cluster: the first ServiceAccount and the published authority. */
export async function waitUntilControllersRun(handle: KubernetesHandle): Promise<void> {
  const client = createRestClient({ origin: handle.server, caPem: handle.caPem, clientCertificate: handle.admin });
  const paths = ["serviceaccounts/default", "configmaps/kube-root-ca.crt"];
  const probe = async (): Promise<true | undefined> => {
    const calls = paths.map((path) => client.call({ method: "GET", path: `/api/v1/namespaces/default/${path}` }));
    return (await Promise.all(calls)).every((reply) => reply.status === 200) ? true : undefined;
  };
  try {
    await waitUntil("kube-controller-manager works", probe, { timeoutMs: CONTROLLERS_START_TIMEOUT_MS });
  } finally {
    client.close();
  }
}

async function writeControlPlaneFiles(site: RigSite): Promise<{ admin: KeyPair; controllerManager: KeyPair }> {
  const [serving, admin, controllerManager, tokens] = await Promise.all([
    site.authority.issue({
      commonName: "kube-apiserver",
      dnsNames: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
      ipAddresses: ["127.0.0.1", "10.0.0.1"],
    }),
    site.authority.issue({ commonName: "rig-admin", organizations: ["system:masters"] }),
    site.authority.issue({ commonName: "system:kube-controller-manager", organizations: ["system:masters"] }),
    generateRsaKeys(),
  ]);
  await mkdir(join(site.directory, "pki"));
  const contents = {
    [AUTHORITY_FILE]: site.authority.certificatePem,
    "pki/apiserver.crt": serving.certificatePem,
    "pki/apiserver.key": serving.privateKeyPem,
    "pki/service-account.pub": tokens.publicKeyPem,
    "pki/service-account.key": tokens.privateKeyPem,
    "audit-policy.json": JSON.stringify(auditPolicy),
  };
  await Promise.all(
    Object.entries(contents).map(([path, text]) => writeFile(join(site.directory, path), text, { mode: 0o600 })),
  );
  return { admin, controllerManager };
}

function handleOf(site: RigSite, admin: KeyPair, port: number): KubernetesHandle {
  return {
    server: `https://127.0.0.1:${port}`,
    caPem: site.authority.certificatePem,
    admin,
    adminKubeconfigPath: join(site.directory, "admin.kubeconfig"),
    auditLogPath: join(site.directory, "kubernetes-audit.log"),
  };
}

async function startControllerManager(site: RigSite, handle: KubernetesHandle, keys: KeyPair): Promise<void> {
  const kubeconfigPath = join(site.directory, "controller-manager.kubeconfig");
  await writeKubeconfig(kubeconfigPath, { ...handle, user: { kind: "certificate", keys } });
  await startServer(site, {
    name: controlPlaneProcesses.controllerManager,
    command: site.binaries.kubeControllerManager,
    args: [
      `--kubeconfig=${kubeconfigPath}`,
      `--controllers=${CONTROLLERS.join(",")}`,
      `--root-ca-file=${join(site.directory, AUTHORITY_FILE)}`,
      `--service-account-private-key-file=${join(site.directory, "pki/service-account.key")}`,
      "--leader-elect=false",
      "--secure-port=0",
    ],
  });
}

function etcdArgs(directory: string): readonly string[] {
  // Advertised addresses must look like host:port (etcdmain, "failed to verify flags"); the peers' socket is a file of that name.
  const peerUrl = "unix://etcd-peer:1";
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=${etcdUrl(directory)}`,
    "--advertise-client-urls=unix://etcd:1",
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    "--name=rig",
    `--initial-cluster=rig=${peerUrl}`,
    `--quota-backend-bytes=${4 * 1024 ** 3}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

function etcdUrl(directory: string): string {
  return `unix://${join(directory, "etcd.sock")}`;
}

function apiServerArgs(directory: string, port: number): readonly string[] {
  const pki = join(directory, "pki");
  return [
    `--etcd-servers=${etcdUrl(directory)}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${join(pki, "apiserver.crt")}`,
    `--tls-private-key-file=${join(pki, "apiserver.key")}`,
    `--client-ca-file=${join(directory, AUTHORITY_FILE)}`,
    `--cert-dir=${pki}`,
    "--authorization-mode=RBAC",
    `--service-account-issuer=${SERVICE_ACCOUNT_ISSUER}`,
    `--service-account-key-file=${join(pki, "service-account.pub")}`,
    `--service-account-signing-key-file=${join(pki, "service-account.key")}`,
    // Tokens end when they say so: their rotation is a thing to test.
    "--service-account-extend-token-expiration=false",
    "--service-cluster-ip-range=10.0.0.0/24",
    // Without it SIGTERM waits 60 s for open watches; with it they end after this.
    "--shutdown-watch-termination-grace-period=1s",
    // The address is a loopback one, which cannot become an endpoint of the kubernetes Service.
    "--endpoint-reconciler-type=none",
    `--audit-policy-file=${join(directory, "audit-policy.json")}`,
    `--audit-log-path=${join(directory, "kubernetes-audit.log")}`,
    `--audit-log-maxsize=${AUDIT_LOG_MAX_SIZE_MB}`,
  ];
}
