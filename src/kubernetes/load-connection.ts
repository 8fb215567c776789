// Chooses where the connection comes from: KUBECONFIG, else the pod's service account, else ~/.kube/config.

import { access, readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { delimiter, join } from "node:path";
import { failed, ok, type Result } from "../core/result.ts";
import { SecretValue } from "../core/secret-value.ts";
import type { Connection, ConnectionError } from "./connection.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where Kubernetes mounts the service account of a pod. */
const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Reads KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and HOME of `env`, nothing of the process. */
export async function loadConnection(
  env: Environment,
  serviceAccountDirectory = SERVICE_ACCOUNT_DIRECTORY,
): Promise<Result<Connection, ConnectionError>> {
  const kubeconfig = env["KUBECONFIG"] ?? "";
  if (kubeconfig !== "") return loadKubeconfig(kubeconfig.split(delimiter).filter((path) => path !== ""));
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  if (host !== "")
    return serviceAccountConnection(host, env["KUBERNETES_SERVICE_PORT"] ?? "443", serviceAccountDirectory);
  const home = env["HOME"] ?? "";
  const path = join(home, ".kube", "config");
  if (home !== "" && (await exists(path))) return loadKubeconfig([path]);
  return failed({ message: "No cluster to talk to: set KUBECONFIG, or run in a pod with a service account" });
}

async function serviceAccountConnection(
  host: string,
  port: string,
  directory: string,
): Promise<Result<Connection, ConnectionError>> {
  const read = (file: string): Promise<string> => readFile(join(directory, file), "utf8");
  const connection: Connection = {
    serverUrl: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    tlsServerName: undefined,
    namespace: (await exists(join(directory, "namespace"))) ? (await read("namespace")).trim() : undefined,
    inCluster: true,
    async loadCredentials() {
      const [caPem, token] = await Promise.all([read("ca.crt"), read("token")]);
      return { caPem, clientCertificate: undefined, bearerToken: SecretValue.ofUtf8(token.trim()) };
    },
  };
  if (await exists(join(directory, "token"))) return ok(connection);
  return failed({ message: `No service account token in ${directory}: is automountServiceAccountToken off?` });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
