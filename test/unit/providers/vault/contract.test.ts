// The provider contract, held by the Vault provider against the stub Vault.

import {
  type ContractFault,
  describeProviderContract,
  describeProviderFaults,
  type FaultyRig,
  THROTTLED_SECONDS,
} from "../../../contract/provider-contract.ts";
import { VENDOR_TEXT } from "../../../support/stub-kv.ts";
import { cutBody, respond, type StubFault, silence } from "../../../support/stub-vault.ts";
import { VaultRig } from "../../../support/vault-rig.ts";

const errors = { errors: [VENDOR_TEXT] };
const faults: Readonly<Record<ContractFault, StubFault>> = {
  throttled: respond({ status: 429, body: errors, headers: { "Retry-After": String(THROTTLED_SECONDS) } }),
  failing: respond({ status: 500, body: errors }),
  silent: silence,
  html: respond({ status: 404, body: `<html>${VENDOR_TEXT}</html>`, headers: { "Content-Type": "text/html" } }),
  cut: cutBody,
  empty: respond({ status: 200, body: "" }),
  emptyObject: respond({ status: 200, body: {} }),
  redirect: respond({ status: 307, body: "", headers: { Location: "/v1/redirected" } }),
};

async function createRig(): Promise<FaultyRig> {
  const rig = await VaultRig.start();
  const { stub } = rig;
  const provider = rig.provider();
  await provider.validate(AbortSignal.any([]));
  const dataPath = (key: string): string => `kv/data/${key}`;
  const act = (step: () => unknown): Promise<void> => {
    step();
    return Promise.resolve();
  };
  return {
    provider,
    put: (key, properties) => act(() => stub.kv().put(key, properties)),
    softDelete: (key) => act(() => stub.kv().softDelete(key)),
    destroy: (key) => act(() => stub.kv().destroy(key)),
    deny: (key) => act(() => stub.denied.add(dataPath(key)).add(`kv/metadata/${key}`)),
    refuseLogins: () =>
      act(() => {
        stub.tokens.clear();
        stub.login.isRefused = true;
      }),
    acceptLogins: () => act(() => (stub.login.isRefused = false)),
    liveTokens: () => Promise.resolve(stub.tokens.size),
    inject: (key, fault) => act(() => stub.faults.set(dataPath(key), faults[fault])),
    heal: () => act(() => stub.faults.clear()),
    arrival: (key) => stub.arrival(dataPath(key)),
    passDeadline: () => act(() => rig.clock.advance(10_000)),
    get redirected() {
      return stub.count("redirected");
    },
    close: () => rig.close(),
  };
}

describeProviderContract("the Vault provider", createRig);
describeProviderFaults("the Vault provider", createRig);
