// Reads kubeconfig files: one or several, merged as kubectl does (the first that names a thing wins). Credentials that
// need a plugin are asked of @kubernetes/client-node (plugin-credentials.ts); plain ones are read here, because that
// package costs 55 MB and 0.3 s to load. What we do not serve is refused, never ignored.
// Format: kubernetes/client-go tools/clientcmd/api/v1/types.go.

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { failed, ok, type Result } from "../core/result.ts";
import { SecretValue } from "../core/secret-value.ts";
import { isRecord, listOf } from "../core/unknown.ts";
import type { Connection, ConnectionError, Credentials } from "./connection.ts";
import { createPluginCredentials } from "./plugin-credentials.ts";
import { parseProxy, type Proxy } from "./proxy.ts";
import { proxyFromEnvironment } from "./proxy-environment.ts";

type Entry = Readonly<Record<string, unknown>>;

interface KubeconfigFile {
  readonly directory: string;
  readonly content: Entry;
}

/** An entry of a kubeconfig, with the directory that its relative paths start from. */
interface Located {
  readonly directory: string;
  readonly entry: Entry;
}

interface SelectedContext {
  readonly cluster: Located;
  readonly user: Located;
  readonly namespace: string | undefined;
}

/** The connection of the current context. Fails with a sentence for people. `env` may name a proxy. */
export async function loadKubeconfig(
  paths: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Result<Connection, ConnectionError>> {
  const files = await readFiles(paths);
  if (!files.ok) return files;
  const selected = selectContext(files.value);
  if (!selected.ok) return selected;
  const { cluster, user, namespace } = selected.value;
  const refusal = refusalOf(cluster.entry, user.entry);
  if (refusal !== undefined) return failed({ message: `KUBECONFIG: ${refusal}` });
  const serverUrl = String(cluster.entry["server"]).replace(/\/+$/, "");
  const proxy = proxyOf(cluster.entry, serverUrl, env);
  if (!proxy.ok) return proxy;
  const plugin = needsPlugin(user.entry) ? createPluginCredentials(user.entry) : undefined;
  return ok({
    serverUrl,
    tlsServerName: text(cluster.entry, "tls-server-name"),
    proxy: proxy.value,
    namespace,
    inCluster: false,
    async loadCredentials(after) {
      if (plugin === undefined) return plainCredentials(paths);
      return { ...(await plugin.load(after)), caPem: await pem(cluster, "certificate-authority") };
    },
  });
}

function needsPlugin(user: Entry): boolean {
  return isRecord(user["exec"]) || isRecord(user["auth-provider"]);
}

function refusalOf(cluster: Entry, user: Entry): string | undefined {
  if (!(text(cluster, "server") ?? "").startsWith("https://")) return "the server's URL must start with https://";
  if (cluster["insecure-skip-tls-verify"] === true)
    return "insecure-skip-tls-verify is not supported: name the certificate-authority";
  if (text(user, "as") !== undefined) return "impersonation (as) is not supported";
  if (text(user, "username") !== undefined)
    return "username and password are not supported: use a token or a client certificate";
  return undefined;
}

/** `proxy-url` goes before the environment, and knows no exceptions: k8s.io/client-go clientcmd/client_config.go. */
function proxyOf(
  cluster: Entry,
  serverUrl: string,
  env: Readonly<Record<string, string | undefined>>,
): Result<Proxy | undefined, ConnectionError> {
  const url = text(cluster, "proxy-url");
  if (url === undefined) return proxyFromEnvironment(serverUrl, env);
  const proxy = parseProxy(url);
  return proxy.ok ? proxy : failed({ message: `KUBECONFIG: proxy-url ${proxy.error}` });
}

async function readFiles(paths: readonly string[]): Promise<Result<readonly KubeconfigFile[], ConnectionError>> {
  const { parse } = await import("yaml");
  const files: KubeconfigFile[] = [];
  for (const path of paths) {
    try {
      const content: unknown = parse(await readFile(path, "utf8"));
      if (isRecord(content)) files.push({ directory: dirname(path), content });
    } catch {
      return failed({ message: `KUBECONFIG: ${path} cannot be read as YAML: check the path and the file` });
    }
  }
  return ok(files);
}

function selectContext(files: readonly KubeconfigFile[]): Result<SelectedContext, ConnectionError> {
  const current = files.map((file) => text(file.content, "current-context")).find((name) => name !== undefined);
  const context = current === undefined ? undefined : find(files, ["contexts", "context"], current)?.entry;
  const cluster = find(files, ["clusters", "cluster"], context === undefined ? undefined : text(context, "cluster"));
  if (context === undefined || cluster === undefined) {
    return failed({
      message: "KUBECONFIG: current-context does not name a context with a cluster: see `kubectl config view`",
    });
  }
  const user = find(files, ["users", "user"], text(context, "user")) ?? { directory: cluster.directory, entry: {} };
  return ok({ cluster, user, namespace: text(context, "namespace") });
}

function find(
  files: readonly KubeconfigFile[],
  [list, member]: readonly [string, string],
  name: string | undefined,
): Located | undefined {
  for (const { directory, content } of files) {
    const named = listOf(content[list]).find((item) => isRecord(item) && item["name"] === name);
    const entry = isRecord(named) ? named[member] : undefined;
    if (isRecord(entry)) return { directory, entry };
  }
  return undefined;
}

/** Reads the files anew each time: tokens and certificates in them are replaced while we run. */
async function plainCredentials(paths: readonly string[]): Promise<Credentials> {
  const files = await readFiles(paths);
  const selected = files.ok ? selectContext(files.value) : files;
  if (!selected.ok) throw new Error(selected.error.message);
  const { cluster, user } = selected.value;
  const [caPem, certPem, keyPem] = await Promise.all([
    pem(cluster, "certificate-authority"),
    pem(user, "client-certificate"),
    pem(user, "client-key"),
  ]);
  const token = await bearerToken(user);
  return {
    caPem,
    clientCertificate:
      certPem === undefined || keyPem === undefined ? undefined : { certPem, keyPem: SecretValue.ofUtf8(keyPem) },
    bearerToken: token === undefined ? undefined : SecretValue.ofUtf8(token),
  };
}

/** `NAME-data` (base64) goes before the file `NAME`, as in client-go. */
async function pem({ directory, entry }: Located, name: string): Promise<string | undefined> {
  const inline = text(entry, `${name}-data`);
  if (inline !== undefined) return Buffer.from(inline, "base64").toString("utf8");
  const path = text(entry, name);
  return path === undefined ? undefined : readFile(resolve(directory, path), "utf8");
}

/** `tokenFile` goes before `token`, as in client-go. */
async function bearerToken({ directory, entry }: Located): Promise<string | undefined> {
  const path = text(entry, "tokenFile");
  return path === undefined ? text(entry, "token") : (await readFile(resolve(directory, path), "utf8")).trim();
}

function text(entry: Entry, name: string): string | undefined {
  const value = entry[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
