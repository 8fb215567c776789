// Where STS answers for a region, and whether the addresses that a store names may be asked at all. The addresses of the
// other services come from the SDK.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { AwsStoreSpec } from "../../core/spec/secret-store.ts";
import type { Egress } from "../http/egress.ts";
import { urlFault } from "../http/transport.ts";

const FIELD = "spec.provider.aws";

/** Partitions beside the public one, by the beginning of their regions: botocore, data/partitions.json. */
const suffixes: readonly (readonly [prefix: string, suffix: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["us-isof-", "csp.hci.ic.gov"],
  ["us-iso-", "c2s.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["eusc-", "amazonaws.eu"],
];

/** Of the region: the global endpoint would be another failure domain, and its tokens are not valid everywhere. */
export function stsEndpoint({ stsEndpoint: own, region }: Pick<AwsStoreSpec, "stsEndpoint" | "region">): string {
  const suffix = suffixes.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "amazonaws.com";
  return own ?? `https://sts.${region}.${suffix}`;
}

/** Why an address that the store names may not be asked; undefined: all may. */
export function endpointError(spec: AwsStoreSpec, egress: Egress): ProviderError | undefined {
  for (const field of ["endpoint", "stsEndpoint"] as const) {
    const url = spec[field];
    const fault = url === undefined ? undefined : urlFault(new URL(url), egress);
    if (fault !== undefined) return providerError("invalidConfig", `${FIELD}.${field}: ${fault}`);
  }
  return undefined;
}
