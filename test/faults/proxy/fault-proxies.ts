// The two fault proxies: before kube-apiserver, and before a store. Both are the same engine; they differ in how they
// read a request.

import type { KeyPair } from "../../testbed/certificates.ts";
import { startEngine } from "./engine.ts";
import { kubernetesTarget } from "./kubernetes-facts.ts";
import type { FaultProxy } from "./proxy-port.ts";

export interface KubernetesProxyOptions {
  readonly upstream: { readonly server: string; readonly caPem: string };
  /** What it shows to clients. Default: a certificate of an authority of its own. */
  readonly certificate?: ShownCertificate;
}

export interface StoreProxyOptions {
  readonly upstream: { readonly address: string; readonly caPem: string };
  readonly certificate?: ShownCertificate;
}

export interface ShownCertificate {
  readonly caPem: string;
  readonly keys: KeyPair;
}

/** Bearer tokens pass; client certificates do not. */
export function startKubernetesProxy({ upstream, ...options }: KubernetesProxyOptions): Promise<FaultProxy> {
  return startEngine({
    ...options,
    upstream: { origin: upstream.server, caPem: upstream.caPem },
    factsOf: (request) => ({ ...request, ...kubernetesTarget(request) }),
  });
}

export function startStoreProxy({ upstream, ...options }: StoreProxyOptions): Promise<FaultProxy> {
  return startEngine({
    ...options,
    upstream: { origin: upstream.address, caPem: upstream.caPem },
    factsOf: (request) => ({
      ...request,
      path: decodeURIComponent(request.path).replace(/^\/v1\//, ""),
      verb: "",
      resource: "",
      subresource: "",
      namespace: "",
      name: "",
    }),
  });
}
