// The fault proxies of one run. All show a certificate of the batch's authority, which is made once: keys cost time.

import type { CertificateAuthority, KeyPair } from "../../testbed/certificates.ts";
import type { NamedText } from "../../testbed/leaks.ts";
import type { Rig } from "../../testbed/rig.ts";
import { startKubernetesProxy, startStoreProxy } from "../proxy/fault-proxies.ts";
import type { FaultProxy } from "../proxy/proxy-port.ts";
import type { RequestFacts } from "../proxy/rule.ts";
import { watchProxy, type WatchedProxy } from "./watched-proxy.ts";

export interface ProxyIdentity {
  readonly caPem: string;
  readonly keys: KeyPair;
}

export interface Proxies extends AsyncDisposable {
  readonly kube: FaultProxy;
  readonly vault: FaultProxy;
  addKube(): Promise<FaultProxy>;
  /** Ends all faults of all proxies. */
  clear(): void;
  fired(): number;
  leaks(): readonly string[];
  /** What each saw, a line for each request. */
  logs(): readonly NamedText[];
}

export async function createProxyIdentity(authority: CertificateAuthority): Promise<ProxyIdentity> {
  const keys = await authority.issue({
    commonName: "fault-proxy",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  return { caPem: authority.certificatePem, keys };
}

export async function startProxies({ handle }: Rig, certificate: ProxyIdentity, canary: string): Promise<Proxies> {
  const all: WatchedProxy[] = [];
  const addKube = async (): Promise<FaultProxy> => {
    const proxy = await startKubernetesProxy({ upstream: handle.kubernetes, certificate });
    all.push(watchProxy(proxy, canary, isSecretWrite));
    return all.at(-1)?.proxy ?? proxy;
  };
  const kube = await addKube();
  const vaultProxy = await startStoreProxy({ upstream: handle.vault, certificate });
  const vault = watchProxy(vaultProxy, canary, isLogin);
  all.push(vault);
  return {
    kube,
    vault: vault.proxy,
    addKube,
    clear: () => all.forEach(({ proxy }) => proxy.clear()),
    fired: () => all.reduce((sum, { fired }) => sum + fired(), 0),
    leaks: () => all.flatMap(({ leaks }) => leaks()),
    logs: () => all.map(({ proxy }) => ({ where: `requests at ${proxy.address}`, text: logOf(proxy) })),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(({ proxy }) => proxy.close()));
    },
  };
}

/** The one place where a value belongs. */
function isSecretWrite({ verb, resource, subresource }: RequestFacts): boolean {
  return resource === "secrets" && subresource === "" && ["create", "patch", "update"].includes(verb);
}

/** Credentials of a scenario's own may be made of the canary; they go to Vault's login. */
function isLogin({ method, path }: RequestFacts): boolean {
  return method !== "GET" && /^auth\/.+\/login(\/|$)/.test(path);
}

function logOf(proxy: FaultProxy): string {
  const lines = proxy.requests().map(({ order, method, path, query, serverStatus, faults }) => {
    const target = query.size === 0 ? path : `${path}?${query.toString()}`;
    return `${order} ${method} ${target} ${serverStatus ?? "-"} ${faults.join(", ")}`.trimEnd();
  });
  return lines.join("\n");
}
