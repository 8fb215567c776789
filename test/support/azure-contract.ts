// The provider contract's rig for Azure: one cloud, one vault and one provider per test. It is the stand-in in every
// run, since Key Vault cannot be had elsewhere.

import type { ServerResponse } from "node:http";
import type { ContractFault, FaultyRig } from "../contract/provider-contract.ts";
import { THROTTLED_SECONDS } from "../contract/provider-contract.ts";
import { AzureRig, NEVER } from "./azure-rig.ts";
import { versionId } from "./azure-traits.ts";

const VENDOR_ERROR = JSON.stringify({ error: { code: "Vendor", message: "vendor-text-canary" } });
const JSON_TYPE = { "Content-Type": "application/json" };

const faults: Readonly<Record<ContractFault, (response: ServerResponse) => void>> = {
  throttled: (response) =>
    response.writeHead(429, { ...JSON_TYPE, "Retry-After": String(THROTTLED_SECONDS) }).end(VENDOR_ERROR),
  failing: (response) => response.writeHead(500, JSON_TYPE).end(VENDOR_ERROR),
  silent: () => undefined,
  html: (response) => response.writeHead(404, { "Content-Type": "text/html" }).end("<html>vendor-text-canary</html>"),
  cut: (response) => {
    response.writeHead(200, { ...JSON_TYPE, "Content-Length": "1000" });
    response.write('{"value":"cut', () => response.destroy());
  },
  empty: (response) => response.writeHead(200, JSON_TYPE).end(),
  emptyObject: (response) => response.writeHead(200, JSON_TYPE).end("{}"),
  redirect: (response) => response.writeHead(307, { Location: "/redirected" }).end(),
};

export async function createAzureContractRig(): Promise<FaultyRig> {
  const rig = await AzureRig.start();
  const { vault, entra } = rig.cloud;
  vault.objects.versionId = versionId;
  const provider = rig.provider();
  await provider.validate(NEVER);
  const path = (key: string): string => `/secrets/${key}/`;
  const act = (step: () => unknown): Promise<void> => {
    step();
    return Promise.resolve();
  };
  return {
    provider,
    put: (key, properties) => act(() => rig.putSecret(key, JSON.stringify(properties))),
    softDelete: (key) => act(() => vault.objects.softDelete("secrets", key)),
    destroy: () => Promise.reject(new Error("Key Vault has no destroyed versions")),
    deny: (key) => act(() => vault.denied.set(`secrets/${key}`, "ForbiddenByRbac")),
    refuseLogins: () =>
      act(() => {
        entra.endTokens();
        entra.refusal = { status: 401, body: { error: "invalid_client", error_codes: [7000215] } };
      }),
    acceptLogins: () => act(() => (entra.refusal = undefined)),
    liveTokens: () => Promise.reject(new Error("Entra takes no tokens back")),
    inject: (key, fault) => act(() => vault.server.faults.set(path(key), faults[fault])),
    heal: () => act(() => vault.server.faults.clear()),
    arrival: (key) => vault.server.arrival(path(key)),
    passDeadline: () => act(() => rig.clock.advance(10_000)),
    get redirected() {
      return vault.server.calls.filter(({ url }) => url.pathname === "/redirected").length;
    },
    close: () => rig.close(),
  };
}
