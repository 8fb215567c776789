// Where a store's tokens may go: its vault, and the login of its cloud. The hosts of the known clouds are fixed here; a
// cloud of its own serves only if the operator trusts its hosts, because a store's author could name any.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { AzureCloud, AzureStoreSpec } from "../../core/spec/azure-store.ts";

/** A cloud and a vault in it, checked. */
export interface AzurePlaces {
  /** Origin of the vault. */
  readonly vault: string;
  /** Origin of the login. */
  readonly authority: string;
  /** What tokens for the vault are asked for, such as https://vault.azure.net. */
  readonly resource: string;
}

interface CloudHosts {
  readonly authority: string;
  readonly vaultSuffix: string;
}

/**
 * Logins: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud ; suffixes of vaults:
 * https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers
 */
const knownClouds = {
  PublicCloud: { authority: "https://login.microsoftonline.com", vaultSuffix: "vault.azure.net" },
  USGovernmentCloud: { authority: "https://login.microsoftonline.us", vaultSuffix: "vault.usgovcloudapi.net" },
  ChinaCloud: { authority: "https://login.partner.microsoftonline.cn", vaultSuffix: "vault.azure.cn" },
} as const satisfies Record<Exclude<AzureCloud["kind"], "custom">, CloudHosts>;

const FIELD = "spec.provider.azurekv";

/** `trustedHosts`: hosts, and DNS suffixes of vaults, that clouds other than the known ones may have. */
export function resolvePlaces(
  spec: Pick<AzureStoreSpec, "vaultUrl" | "cloud">,
  trustedHosts: readonly string[],
): Result<AzurePlaces, ProviderError> {
  const hosts = cloudHosts(spec.cloud, trustedHosts);
  if (!hosts.ok) return hosts;
  const { authority, vaultSuffix } = hosts.value;
  const vault = originOf(spec.vaultUrl);
  if (vault === undefined)
    return invalid("vaultUrl", "must be https://NAME.SUFFIX, without path, query or credentials");
  if (!isBelow(vault, vaultSuffix, spec.cloud.kind === "custom")) {
    return invalid("vaultUrl", `is not below ${vaultSuffix}, where the vaults of this cloud are`);
  }
  return ok({ vault: vault.origin, authority, resource: `https://${vaultSuffix}` });
}

function cloudHosts(cloud: AzureCloud, trustedHosts: readonly string[]): Result<CloudHosts, ProviderError> {
  if (cloud.kind !== "custom") return ok(knownClouds[cloud.kind]);
  const authority = originOf(cloud.authority);
  if (authority === undefined) {
    return invalid(
      "customCloudConfig.activeDirectoryEndpoint",
      "must be https://HOST, without path, query or credentials",
    );
  }
  const { vaultSuffix } = cloud;
  for (const host of [authority.hostname, vaultSuffix]) {
    if (!trustedHosts.includes(host)) {
      return invalid("customCloudConfig", `names ${host}, which the operator does not trust (see --trusted-hosts)`);
    }
  }
  return ok({ authority: authority.origin, vaultSuffix });
}

/** A vault of a known cloud has a name and nothing else before the suffix, and the usual port. */
function isBelow(vault: URL, suffix: string, isCustom: boolean): boolean {
  if (isCustom) return vault.hostname === suffix || vault.hostname.endsWith(`.${suffix}`);
  const name = vault.hostname.slice(0, -suffix.length - 1);
  return vault.hostname === `${name}.${suffix}` && /^[a-z0-9-]{1,63}$/.test(name) && vault.port === "";
}

/** Of a URL that holds an https origin and nothing else. */
function originOf(text: string): URL | undefined {
  const url = URL.parse(text);
  const isBare =
    url !== null && url.protocol === "https:" && url.username === "" && url.password === "" && url.pathname === "/";
  return isBare && !/[?#]/.test(text) ? url : undefined;
}

function invalid(field: string, fault: string): { readonly ok: false; readonly error: ProviderError } {
  return failed(providerError("invalidConfig", `${FIELD}.${field} ${fault}`));
}
