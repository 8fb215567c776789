// How requests to stores may leave: through which proxy, to which addresses, in the clear or not. One for the whole
// operator; each provider is given it, and every request of a provider or a login obeys it.

import { failed, ok, type Result } from "../../core/result.ts";
import type { Proxy } from "../../kubernetes/proxy.ts";
import { proxyFromEnvironment } from "../../kubernetes/proxy-environment.ts";
import { isMetadataAddress } from "./metadata-address.ts";

export interface Egress {
  /** Undefined: straight to the server. */
  proxyFor(url: URL): Proxy | undefined;
  /** False: no connection goes there. `host` is that of a URL, or an address that a name resolved to. */
  allowsAddress(host: string): boolean;
  /** True: `http://` servers are accepted. */
  readonly allowInsecureHttp: boolean;
}

export interface EgressOptions {
  /** Where the variables of proxies stand. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allowInsecureHttp: boolean;
  /** True: link-local addresses and metadata services are servers like others. */
  readonly allowLinkLocal: boolean;
}

/** Fails with a sentence about a variable that names no proxy. */
export function createEgress({ env, allowInsecureHttp, allowLinkLocal }: EgressOptions): Result<Egress, string> {
  // A proxy is read anew for each server, but what is wrong with its variable is the same for all.
  for (const url of ["https://store.invalid", "http://store.invalid"]) {
    const proxy = proxyFromEnvironment(url, env);
    if (!proxy.ok) return failed(proxy.error.message);
  }
  return ok({
    proxyFor: (url) => {
      const proxy = proxyFromEnvironment(url.href, env);
      return proxy.ok ? proxy.value : undefined;
    },
    allowsAddress: (host) => allowLinkLocal || !isMetadataAddress(host),
    allowInsecureHttp,
  });
}

/**
 * For the operator's own identity: straight to these hosts of its platform, such as 169.254.169.254, and to nothing
 * else. Never to be given a host that a store names.
 */
export function egressToPlatform(...hosts: readonly string[]): Egress {
  return { proxyFor: () => undefined, allowsAddress: (host) => hosts.includes(host), allowInsecureHttp: true };
}
