// Chooses where the connection comes from: KUBECONFIG, else the pod's service account, else ~/.kube/config.

import { access, readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { delimiter, join } from "node:path";
import { failed, ok, type Result } from "../core/result.ts";
import { SecretValue } from "../core/secret-value.ts";
import type { Connection, ConnectionError } from "./connection.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { proxyFromEnvironment } from "./proxy-environment.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where Kubernetes mounts the service account of a pod. */
const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Reads KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, HOME, and the variables of proxy-environment.ts of
 * `env`, nothing of the process.
 */
export async function loadConnection(
  env: Environment,
  serviceAccountDirectory = SERVICE_ACCOUNT_DIRECTORY,
): Promise<Result<Connection, ConnectionError>> {
  const kubeconfig = env["KUBECONFIG"] ?? "";
  if (kubeconfig !== "")
    return loadKubeconfig(
      kubeconfig.split(delimiter).filter((path) => path !== ""),
      env,
    );
  if ((env["KUBERNETES_SERVICE_HOST"] ?? "") !== "") return serviceAccountConnection(env, serviceAccountDirectory);
  const home = env["HOME"] ?? "";
  const path = join(home, ".kube", "config");
  if (home !== "" && (await exists(path))) return loadKubeconfig([path], env);
  return failed({ message: "No cluster to talk to: set KUBECONFIG, or run in a pod with a service account" });
}

async function serviceAccountConnection(
  env: Environment,
  directory: string,
): Promise<Result<Connection, ConnectionError>> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = env;
  const serverUrl = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const proxy = proxyFromEnvironment(serverUrl, env);
  if (!proxy.ok) return proxy;
  const read = (file: string): Promise<string> => readFile(join(directory, file), "utf8");
  const connection: Connection = {
    serverUrl,
    tlsServerName: undefined,
    proxy: proxy.value,
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
