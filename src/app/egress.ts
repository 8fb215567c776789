// The way out to the stores, as flags and environment have it: proxies, authorities to trust, addresses that are refused.

import type { Config, Environment } from "../config/config.ts";
import type { Result } from "../core/result.ts";
import { proxyVariables } from "../kubernetes/proxy-environment.ts";
import { createEgress, type Egress } from "../providers/http/egress.ts";
import { trustBundles } from "../providers/http/trusted-roots.ts";

/** Trusts the additional authorities in the whole process. Fails with a sentence about the flag or variable at fault. */
export async function openEgress(config: Config, env: Environment): Promise<Result<Egress, string>> {
  const bundles = [
    { origin: "--ca-bundle-file", path: config.caBundleFile },
    { origin: "SSL_CERT_FILE", path: env["SSL_CERT_FILE"] },
  ];
  const trusted = await trustBundles(bundles.flatMap(({ origin, path }) => (path ? [{ origin, path }] : [])));
  if (!trusted.ok) return trusted;
  return createEgress({
    env: proxyVariables(env),
    allowInsecureHttp: config.allowInsecureHttp,
    allowLinkLocal: config.allowLinkLocalServers,
  });
}
