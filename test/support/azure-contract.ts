// The provider contract's rig for Azure: one cloud, one vault and one provider per test. It is the stand-in in every
// run, since Key Vault cannot be had elsewhere.

import type { ServerResponse } from "node:http";
import { act, type ContractFault, type ContractRig, THROTTLED_SECONDS } from "../contract/contract-rig.ts";
import { AzureRig, NEVER } from "./azure-rig.ts";
import { LoginGate } from "./login-gate.ts";
import { versionId } from "./azure-traits.ts";

const VENDOR_ERROR = JSON.stringify({ error: { code: "Vendor", message: "vendor-text-canary" } });
const JSON_TYPE = { "Content-Type": "application/json" };

const faults: Readonly<Record<ContractFault, (response: ServerResponse) => void>> = {
  throttled: (response) =>
    response.writeHead(429, { ...JSON_TYPE, "Retry-After": String(THROTTLED_SECONDS) }).end(VENDOR_ERROR),
  failing: (response) => response.writeHead(500, JSON_TYPE).end(VENDOR_ERROR),
  badGateway: (response) => response.writeHead(502, { "Content-Type": "text/html" }).end("<html></html>"),
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

export async function createAzureContractRig(): Promise<ContractRig> {
  const rig = await AzureRig.start();
  const { vault, entra } = rig.cloud;
  vault.objects.versionId = versionId;
  const loginGate = new LoginGate();
  const provider = rig.provider({}, { credentials: loginGate.before(rig.credentials()) });
  await provider.validate(NEVER);
  const path = (key: string): string => `/secrets/${key}/`;
  return {
    provider,
    put: (key, properties) => act(() => rig.putSecret(key, JSON.stringify(properties))),
    softDelete: (key) => act(() => vault.objects.softDelete("secrets", key)),
    putBinary: (bytes) => {
      vault.objects.put("certificates", "bin", { cer: Buffer.from(bytes).toString("base64") });
      return Promise.resolve({ key: "cert/bin", payload: bytes });
    },
    tag: (key, tags) => act(() => vault.objects.update("secrets", key, { tags })),
    withhold: (key) => act(() => vault.objects.update("secrets", key, { enabled: false })),
    deny: (key) => act(() => vault.denied.set(`secrets/${key}`, "ForbiddenByRbac")),
    endTokens: () => act(() => entra.endTokens()),
    refuseLogins: () =>
      act(() => {
        entra.endTokens();
        entra.refusal = { status: 401, body: { error: "invalid_client", error_codes: [7000215] } };
      }),
    acceptLogins: () => act(() => (entra.refusal = undefined)),
    logins: () => rig.loginCount,
    loginGate,
    liveTokens: undefined,
    inject: (key, fault) => act(() => vault.server.faults.set(path(key), faults[fault])),
    heal: () => act(() => vault.server.faults.clear()),
    arrival: (key) => vault.server.arrival(path(key)),
    passDeadline: () => act(() => rig.clock.advance(10_000)),
    redirected: () => vault.server.calls.filter(({ url }) => url.pathname === "/redirected").length,
    traffic: () => vault.server.traffic.seen,
    reached: (requests) => vault.server.traffic.reached(requests),
    socketsEnded: async () => {
      await Promise.all([vault.server.traffic.ended(), entra.server.traffic.ended()]);
    },
    close: () => rig.close(),
  };
}
