// The provider contract's rigs for AWS: the stub in this process, and moto behind a proxy that makes the faults. The
// store logs in by web identity, since keys of a user have no session that could end.

import { act, type ContractFault, type ContractRig, THROTTLED_SECONDS } from "../contract/contract-rig.ts";
import type { AwsProxy } from "./aws-proxy.ts";
import { AwsRig, NEVER, webIdentity } from "./aws-rig.ts";
import { LoginGate } from "./login-gate.ts";
import type { MotoAccount } from "./moto-account.ts";
import type { PassableClock } from "./passable-clock.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import { VENDOR_TEXT } from "./stub-kv.ts";
import { awsError } from "./stub-secrets.ts";
import { cutBody, respond, type StubFault, silence } from "./stub-vault.ts";

const throttling = awsError("ThrottlingException");
const html = { body: `<html>${VENDOR_TEXT}</html>`, headers: { "Content-Type": "text/html" } };
const faults: Readonly<Record<ContractFault, StubFault>> = {
  throttled: respond({ ...throttling, headers: { ...throttling.headers, "Retry-After": String(THROTTLED_SECONDS) } }),
  failing: respond(awsError("InternalServiceError", 500)),
  badGateway: respond({ status: 502, ...html }),
  silent: silence,
  html: respond({ status: 404, ...html }),
  cut: cutBody,
  empty: respond({ status: 200, body: "" }),
  emptyObject: respond({ status: 200, body: {} }),
  redirect: respond({ status: 307, body: "", headers: { Location: "/redirected" } }),
};
const LOGIN = "AssumeRoleWithWebIdentity";
const REQUEST_TIMEOUT_MS = 10_000;
/** What a batch says of a secret whose KMS key is disabled, and what it says of one that is throttled. */
const UNDECRYPTABLE = "DecryptionFailure";
const THROTTLED_ENTRY = "ThrottlingException";

export async function createStubAwsRig(): Promise<ContractRig> {
  const rig = await AwsRig.start();
  const { stub } = rig;
  const loginGate = new LoginGate();
  const credentials = loginGate.before(rig.deps().credentials);
  const provider = rig.provider({ auth: webIdentity }, { credentials });
  await provider.validate(NEVER);
  return {
    provider,
    put: (key, properties) => act(() => stub.secrets.put(key, JSON.stringify(properties))),
    putBinary: (bytes) => {
      stub.secrets.put("app/bin", Buffer.from(bytes));
      return Promise.resolve({ key: "app/bin", payload: bytes });
    },
    tag: (key, tags) => act(() => (stub.secrets.create(key).tags = tags)),
    softDelete: (key) => act(() => (stub.secrets.create(key).isDeleted = true)),
    withhold: (key) => act(() => (stub.secrets.create(key).isUndecryptable = true)),
    deny: (key) => act(() => stub.denied.add(key)),
    endTokens: () => act(() => stub.keys.clear()),
    refuseLogins: () =>
      act(() => {
        stub.keys.clear();
        stub.roles.isRefused = true;
      }),
    acceptLogins: () => act(() => (stub.roles.isRefused = false)),
    logins: () => stub.count(LOGIN),
    loginGate,
    liveTokens: undefined,
    // A throttled batch would be an answer for all of it: there the entry alone is throttled.
    inject: (key, fault) =>
      act(() => {
        stub.faults.set(key, faults[fault]);
        if (fault === "throttled") stub.secrets.batchErrors.set(key, THROTTLED_ENTRY);
      }),
    heal: () =>
      act(() => {
        stub.faults.clear();
        stub.secrets.batchErrors.clear();
      }),
    arrival: (key) => stub.arrival(key),
    passDeadline: () => act(() => rig.clock.advance(REQUEST_TIMEOUT_MS)),
    redirected: () => stub.count(""),
    traffic: () => stub.traffic.seen,
    reached: (requests) => stub.traffic.reached(requests),
    socketsEnded: () => stub.traffic.ended(),
    close: () => rig.close(),
  };
}

export interface MotoParts {
  readonly account: MotoAccount;
  readonly proxy: AwsProxy;
  readonly clock: PassableClock;
  readonly loginGate: LoginGate;
  /** Of the proxy, by web identity. */
  readonly provider: SecretProvider;
}

export async function createMotoRig({ account, proxy, clock, loginGate, provider }: MotoParts): Promise<ContractRig> {
  await provider.validate(NEVER);
  return {
    provider,
    put: (key, properties) => account.put(key, JSON.stringify(properties)),
    putBinary: async (bytes) => {
      const SecretBinary = Buffer.from(bytes).toString("base64");
      await account.secrets("CreateSecret", { Name: "app/bin", SecretBinary });
      return { key: "app/bin", payload: bytes };
    },
    tag: async (key, tags) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await account.secrets("TagResource", { SecretId: key, Tags });
    },
    softDelete: async (key) => {
      await account.secrets("DeleteSecret", { SecretId: key });
    },
    // moto knows permissions by action only, takes no keys back, and decrypts with every key: the proxy answers for it.
    withhold: (key) => act(() => proxy.refuse(key, UNDECRYPTABLE, "GetSecretValue")),
    deny: (key) => act(() => proxy.refuse(key, "AccessDeniedException")),
    endTokens: () => act(() => proxy.endKeys()),
    refuseLogins: () =>
      act(() => {
        proxy.endKeys();
        proxy.refusesLogins = true;
      }),
    acceptLogins: () => act(() => (proxy.refusesLogins = false)),
    logins: () => proxy.count(LOGIN),
    loginGate,
    liveTokens: undefined,
    inject: (key, fault) =>
      act(() => {
        if (fault === "throttled") proxy.refuse(key, THROTTLED_ENTRY);
        proxy.faults.set(key, faults[fault]);
      }),
    heal: () => act(() => proxy.heal()),
    arrival: (key) => proxy.arrivals.of(key),
    passDeadline: () => act(() => clock.pass(REQUEST_TIMEOUT_MS)),
    redirected: () => proxy.count(""),
    traffic: () => proxy.traffic.seen,
    reached: (requests) => proxy.traffic.reached(requests),
    socketsEnded: () => proxy.traffic.ended(),
    close: async () => {
      await provider.close();
      await proxy.close();
    },
  };
}
