import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Connection, Credentials } from "../../../src/kubernetes/connection.ts";
import { type Environment, loadConnection } from "../../../src/kubernetes/load-connection.ts";

function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-connection-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

async function load(env: Environment, serviceAccount?: string): Promise<Connection> {
  const connection = await loadConnection(env, serviceAccount);
  if (!connection.ok) throw new Error(connection.error.message);
  return connection.value;
}

const plain = ({ caPem, clientCertificate, bearerToken }: Credentials) => ({
  caPem,
  cert: clientCertificate?.certPem,
  key: clientCertificate?.keyPem.revealUtf8(),
  token: bearerToken?.revealUtf8(),
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const kubeconfig = (user: string, cluster = "", context = "") => `
apiVersion: v1
kind: Config
current-context: here
contexts: [{ name: here, context: { cluster: c, user: u, namespace: ns${context} } }]
clusters: [{ name: c, cluster: { server: "https://api.example:6443/", certificate-authority-data: ${base64("CA")}${cluster} } }]
users: [{ name: u, user: { ${user} } }]
`;

describe("loadConnection from KUBECONFIG", () => {
  const fromText = (text: string) => loadConnection({ KUBECONFIG: join(directoryWith({ config: text }), "config") });

  test("finds server, namespace, CA and token of the current context", async () => {
    const directory = directoryWith({ config: kubeconfig("token: t0") });
    const connection = await load({ KUBECONFIG: join(directory, "config") });
    expect(connection).toMatchObject({
      serverUrl: "https://api.example:6443",
      tlsServerName: undefined,
      namespace: "ns",
      inCluster: false,
    });
    expect(plain(await connection.loadCredentials("start"))).toEqual({
      caPem: "CA",
      cert: undefined,
      key: undefined,
      token: "t0",
    });
  });

  test("reads files beside the kubeconfig, anew each time", async () => {
    const user = "client-certificate: cert.pem, client-key: key.pem, tokenFile: token, token: ignored";
    const directory = directoryWith({ config: kubeconfig(user), "cert.pem": "CERT", "key.pem": "KEY", token: "t1\n" });
    const connection = await load({ KUBECONFIG: join(directory, "config") });
    expect(plain(await connection.loadCredentials("start"))).toEqual({
      caPem: "CA",
      cert: "CERT",
      key: "KEY",
      token: "t1",
    });
    writeFileSync(join(directory, "token"), "t2\n");
    expect(plain(await connection.loadCredentials("age")).token).toBe("t2");
    rmSync(join(directory, "key.pem"));
    await expect(connection.loadCredentials("age")).rejects.toThrow();
  });

  test("prefers inline data to files", async () => {
    const user = `client-certificate: absent, client-certificate-data: ${base64("C")}, client-key-data: ${base64("K")}`;
    const connection = await load({ KUBECONFIG: join(directoryWith({ config: kubeconfig(user) }), "config") });
    expect(plain(await connection.loadCredentials("start"))).toMatchObject({ cert: "C", key: "K" });
  });

  test("merges several files: the first that names a thing wins", async () => {
    const first = directoryWith({ config: "current-context: here\nusers: [{ name: u, user: { token: first } }]" });
    const second = directoryWith({ config: kubeconfig("token: second") });
    const connection = await load({ KUBECONFIG: `${first}/config:${second}/config` });
    expect(plain(await connection.loadCredentials("start"))).toMatchObject({ caPem: "CA", token: "first" });
  });

  test.each([
    { given: "proxy-url", cluster: ", proxy-url: 'http://p:1'", env: {}, proxy: "http://p:1" },
    { given: "HTTPS_PROXY", cluster: "", env: { HTTPS_PROXY: "http://q:2" }, proxy: "http://q:2" },
    { given: "both", cluster: ", proxy-url: 'http://p:1'", env: { HTTPS_PROXY: "http://q:2" }, proxy: "http://p:1" },
    {
      given: "proxy-url and an exception",
      cluster: ", proxy-url: 'http://p:1'",
      env: { NO_PROXY: "*" },
      proxy: "http://p:1",
    },
    {
      given: "an exception",
      cluster: "",
      env: { HTTPS_PROXY: "http://q:2", NO_PROXY: "api.example" },
      proxy: undefined,
    },
  ])("given $given, goes through the proxy $proxy", async ({ cluster, env, proxy }) => {
    const path = join(directoryWith({ config: kubeconfig("", cluster) }), "config");
    expect((await load({ ...env, KUBECONFIG: path })).proxy?.url).toBe(proxy);
  });

  test("passes the TLS server name on", async () => {
    const text = kubeconfig("", ", tls-server-name: other");
    expect(await fromText(text)).toMatchObject({ ok: true, value: { tlsServerName: "other" } });
  });

  test.each([
    { given: "an http server", text: kubeconfig("").replace("https://", "http://"), says: "https://" },
    {
      given: "no TLS check",
      text: kubeconfig("", ", insecure-skip-tls-verify: true"),
      says: "insecure-skip-tls-verify",
    },
    {
      given: "a SOCKS proxy",
      text: kubeconfig("", ", proxy-url: 'socks5://u:canary-9@p'"),
      says: "proxy-url names no",
    },
    { given: "a proxy without a scheme", text: kubeconfig("", ", proxy-url: p"), says: "proxy-url is no URL" },
    { given: "impersonation", text: kubeconfig("as: root"), says: "impersonation" },
    { given: "a password", text: kubeconfig("username: u, password: canary-9"), says: "username" },
    {
      given: "no current context",
      text: kubeconfig("").replace("here\ncontexts", "there\ncontexts"),
      says: "current-context",
    },
    { given: "an unknown cluster", text: kubeconfig("").replace("name: c,", "name: d,"), says: "current-context" },
    { given: "broken YAML", text: "a: [canary-9", says: "cannot be read as YAML" },
    { given: "a text", text: "canary-9", says: "current-context" },
  ])("refuses $given, in our own words", async ({ text, says }) => {
    const result = await fromText(text);
    const message = result.ok ? "accepted" : result.error.message;
    expect(message).toContain(says);
    expect(message).not.toContain("canary-9");
  });

  test("names the file that is not there", async () => {
    const result = await loadConnection({ KUBECONFIG: "/nowhere/config" });
    expect(result.ok ? "" : result.error.message).toContain("/nowhere/config");
  });

  test("asks a login plugin, and runs it again only after a refusal", { timeout: 60_000 }, async () => {
    const directory = directoryWith({ count: "" });
    const status = `{ token: "t" + n, clientCertificateData: "C", clientKeyData: "K" }`;
    const script = [
      `const fs = require("fs"), file = ${JSON.stringify(join(directory, "count"))};`,
      `fs.appendFileSync(file, "x"); const n = fs.readFileSync(file).length;`,
      `console.log(JSON.stringify({ status: ${status} }));`,
    ].join(" ");
    const exec = JSON.stringify({ command: process.execPath, args: ["-e", script], apiVersion: "v1" });
    writeFileSync(join(directory, "config"), kubeconfig(`exec: ${exec}`));
    const connection = await load({ KUBECONFIG: join(directory, "config") });
    const first = { caPem: "CA", cert: "C", key: "K", token: "t1" };
    expect(plain(await connection.loadCredentials("start"))).toEqual(first);
    expect(plain(await connection.loadCredentials("age"))).toEqual(first);
    expect(plain(await connection.loadCredentials("unauthorized"))).toEqual({ ...first, token: "t2" });
  });
});

describe("loadConnection elsewhere", () => {
  const account = { "ca.crt": "CA", token: "t\n", namespace: "fairlead-system\n" };

  test("uses the service account of a pod", async () => {
    const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443", HOME: "/root" };
    const connection = await load(env, directoryWith(account));
    expect(connection).toMatchObject({
      serverUrl: "https://10.0.0.1:443",
      namespace: "fairlead-system",
      inCluster: true,
    });
    expect(plain(await connection.loadCredentials("start"))).toMatchObject({ caPem: "CA", token: "t" });
  });

  test.each([
    { env: { https_proxy: "http://p:1" }, proxy: "http://p:1" },
    { env: { https_proxy: "http://p:1", no_proxy: "10.0.0.0/8" }, proxy: undefined },
  ])("takes the proxy of the environment in a pod too: $env", async ({ env, proxy }) => {
    const connection = await load({ ...env, KUBERNETES_SERVICE_HOST: "10.0.0.1" }, directoryWith(account));
    expect(connection.proxy?.url).toBe(proxy);
  });

  test("refuses a proxy of the environment that it cannot use", async () => {
    const env = { HTTPS_PROXY: "socks5://p", KUBERNETES_SERVICE_HOST: "10.0.0.1" };
    const result = await loadConnection(env, directoryWith(account));
    expect(result.ok ? "" : result.error.message).toContain("HTTPS_PROXY names no proxy that we can use: SOCKS");
  });

  test("puts an IPv6 address into brackets", async () => {
    const connection = await load({ KUBERNETES_SERVICE_HOST: "fd00::1" }, directoryWith(account));
    expect(connection.serverUrl).toBe("https://[fd00::1]:443");
  });

  test("prefers KUBECONFIG to the pod's service account", async () => {
    const directory = directoryWith({ config: kubeconfig("token: t"), ...account });
    const env = { KUBECONFIG: join(directory, "config"), KUBERNETES_SERVICE_HOST: "10.0.0.1" };
    expect((await load(env, directory)).inCluster).toBe(false);
  });

  test("falls back to ~/.kube/config", async () => {
    const home = directoryWith({});
    expect(await loadConnection({ HOME: home })).toMatchObject({ ok: false });
    mkdirSync(join(home, ".kube"));
    writeFileSync(join(home, ".kube", "config"), kubeconfig("token: t"));
    expect((await load({ HOME: home })).serverUrl).toBe("https://api.example:6443");
  });

  test.each([
    { given: "nothing", env: {}, says: "KUBECONFIG" },
    {
      given: "a pod without a token",
      env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
      says: "automountServiceAccountToken",
    },
  ])("given $given, says what to do", async ({ env, says }) => {
    const result = await loadConnection(env, directoryWith({}));
    expect(result.ok ? "" : result.error.message).toContain(says);
  });
});
