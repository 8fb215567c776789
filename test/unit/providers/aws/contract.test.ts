// The provider contract, held by the AWS provider against the stub AWS.

import {
  type ContractFault,
  describeProviderContract,
  describeProviderFaults,
  type FaultyRig,
  THROTTLED_SECONDS,
} from "../../../contract/provider-contract.ts";
import { awsTraits } from "../../../support/aws-traits.ts";
import { AwsRig, NEVER } from "../../../support/aws-rig.ts";
import { ACCESS_KEY_ID } from "../../../support/stub-aws.ts";
import { VENDOR_TEXT } from "../../../support/stub-kv.ts";
import { awsError } from "../../../support/stub-secrets.ts";
import { cutBody, respond, type StubFault, silence } from "../../../support/stub-vault.ts";

const throttling = awsError("ThrottlingException");
const faults: Readonly<Record<ContractFault, StubFault>> = {
  throttled: respond({ ...throttling, headers: { ...throttling.headers, "Retry-After": String(THROTTLED_SECONDS) } }),
  failing: respond(awsError("InternalServiceError", 500)),
  silent: silence,
  html: respond({ status: 404, body: `<html>${VENDOR_TEXT}</html>`, headers: { "Content-Type": "text/html" } }),
  cut: cutBody,
  empty: respond({ status: 200, body: "" }),
  emptyObject: respond({ status: 200, body: {} }),
  redirect: respond({ status: 307, body: "", headers: { Location: "/redirected" } }),
};

async function createRig(): Promise<FaultyRig> {
  const rig = await AwsRig.start();
  const { stub } = rig;
  const provider = rig.provider();
  await provider.validate(NEVER);
  const act = (step: () => unknown): Promise<void> => {
    step();
    return Promise.resolve();
  };
  return {
    provider,
    put: (key, properties) => act(() => stub.secrets.put(key, JSON.stringify(properties))),
    softDelete: (key) => act(() => (stub.secrets.create(key).isDeleted = true)),
    destroy: () => Promise.reject(new Error("AWS has no destroyed versions")),
    deny: (key) => act(() => stub.denied.add(key)),
    refuseLogins: () => act(() => stub.keys.clear()),
    acceptLogins: () => act(() => stub.keys.add(ACCESS_KEY_ID)),
    liveTokens: () => Promise.reject(new Error("AWS takes no keys back")),
    // A throttled batch would be an answer for all of it: there the entry alone is throttled.
    inject: (key, fault) =>
      act(() => {
        stub.faults.set(key, faults[fault]);
        if (fault === "throttled") stub.secrets.batchErrors.set(key, "ThrottlingException");
      }),
    heal: () =>
      act(() => {
        stub.faults.clear();
        stub.secrets.batchErrors.clear();
      }),
    arrival: (key) => stub.arrival(key),
    passDeadline: () => act(() => rig.clock.advance(10_000)),
    get redirected() {
      return stub.requests.filter(({ action }) => action === "").length;
    },
    close: () => rig.close(),
  };
}

describeProviderContract("the AWS provider", createRig, awsTraits);
describeProviderFaults("the AWS provider", createRig, awsTraits);
