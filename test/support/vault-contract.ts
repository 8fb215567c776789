// The provider contract's rigs for Vault: the stub in this process, and a part of a real Vault behind a proxy that makes
// the faults. Both for KV v2 and v1.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { act, type ContractFault, type ContractRig, THROTTLED_SECONDS } from "../contract/contract-rig.ts";
import type { Rig } from "../testbed/rig.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { LoginGate } from "./login-gate.ts";
import { PassableClock } from "./passable-clock.ts";
import { VENDOR_TEXT } from "./stub-kv.ts";
import { cutBody, respond, type StubFault, silence } from "./stub-vault.ts";
import { appRoleAuth, VaultRig } from "./vault-rig.ts";
import { VaultTeam } from "./vault-team.ts";

const errors = { errors: [VENDOR_TEXT] };
const html = { body: `<html>${VENDOR_TEXT}</html>`, headers: { "Content-Type": "text/html" } };
const faults: Readonly<Record<ContractFault, StubFault>> = {
  throttled: respond({ status: 429, body: errors, headers: { "Retry-After": String(THROTTLED_SECONDS) } }),
  failing: respond({ status: 500, body: errors }),
  badGateway: respond({ status: 502, ...html }),
  silent: silence,
  html: respond({ status: 404, ...html }),
  cut: cutBody,
  empty: respond({ status: 200, body: "" }),
  emptyObject: respond({ status: 200, body: {} }),
  redirect: respond({ status: 307, body: "", headers: { Location: "/v1/redirected" } }),
};
const REDIRECTED = "redirected";
const REQUEST_TIMEOUT_MS = 10_000;
const VALIDATE_MS = 30_000;
const LOGIN_PATH = /^auth\/.+\/login$/;

type KvVersion = 1 | 2;

/** The value's path below the mount. */
function valuePath(kvVersion: KvVersion, key: string): string {
  return kvVersion === 2 ? `data/${key}` : key;
}

export async function createStubVaultRig(kvVersion: KvVersion): Promise<ContractRig> {
  const rig = await VaultRig.start();
  const { stub } = rig;
  const kv = stub.mount("kv", kvVersion);
  const loginGate = new LoginGate();
  const credentials = loginGate.before(rig.credentials());
  const provider = rig.provider({ version: `v${kvVersion}`, auth: appRoleAuth }, { credentials });
  await provider.validate(AbortSignal.any([]));
  const path = (key: string): string => `kv/${valuePath(kvVersion, key)}`;
  return {
    provider,
    put: (key, properties) => act(() => kv.put(key, properties)),
    putBinary: (bytes) => {
      const document = binaryDocument(bytes);
      kv.put("app/bin", document);
      return Promise.resolve({ key: "app/bin", payload: Buffer.from(JSON.stringify(document)) });
    },
    tag: (key, tags) => act(() => kv.tag(key, tags)),
    softDelete: (key) => act(() => kv.softDelete(key)),
    withhold: (key) => act(() => kv.destroy(key)),
    deny: (key) => act(() => stub.denied.add(path(key)).add(`kv/metadata/${key}`)),
    endTokens: () => act(() => stub.tokens.clear()),
    refuseLogins: () =>
      act(() => {
        stub.tokens.clear();
        stub.login.isRefused = true;
      }),
    acceptLogins: () => act(() => (stub.login.isRefused = false)),
    logins: () => stub.requests.filter((request) => LOGIN_PATH.test(request.path)).length,
    loginGate,
    liveTokens: () => Promise.resolve(stub.tokens.size),
    inject: (key, fault) => act(() => stub.faults.set(path(key), faults[fault])),
    heal: () => act(() => stub.faults.clear()),
    arrival: (key) => stub.arrival(path(key)),
    passDeadline: () => act(() => rig.clock.advance(REQUEST_TIMEOUT_MS)),
    redirected: () => stub.count(REDIRECTED),
    traffic: () => stub.traffic.seen,
    reached: (requests) => stub.traffic.reached(requests),
    socketsEnded: () => stub.traffic.ended(),
    close: () => rig.close(),
  };
}

export async function createRealVaultRig({ vault, handle }: Rig, kvVersion: KvVersion): Promise<ContractRig> {
  const clock = new PassableClock();
  const loginGate = new LoginGate();
  const team = await VaultTeam.create(vault, { kvVersion, clock, loginGate });
  const proxy = await FaultProxy.start(vault, {
    certificatePem: await readFile(join(handle.directory, "vault.crt"), "utf8"),
    privateKeyPem: await readFile(join(handle.directory, "vault.key"), "utf8"),
  });
  const provider = team.provider({ server: proxy.address });
  // As every session does: what is absent is judged against the mount that was seen.
  await provider.validate(AbortSignal.timeout(VALIDATE_MS));
  const path = (key: string): string => `${team.name}/${valuePath(kvVersion, key)}`;
  const injected = new Map<string, StubFault>();
  proxy.faultFor = (asked) => injected.get(decodeURIComponent(asked.replace(/\?.*$/, "")));
  return {
    provider,
    put: (key, properties) => team.put(key, properties),
    putBinary: async (bytes) => {
      const document = binaryDocument(bytes);
      await team.put("app/bin", document);
      return { key: "app/bin", payload: Buffer.from(JSON.stringify(document)) };
    },
    tag: (key, tags) => team.tag(key, tags),
    softDelete: (key) => team.softDelete(key),
    withhold: (key) => team.destroy(key),
    deny: (key) => team.deny(valuePath(kvVersion, key), `metadata/${key}`),
    endTokens: () => team.revokeTokens(),
    refuseLogins: () => team.refuseLogins(),
    acceptLogins: () => team.acceptLogins(),
    logins: () => proxy.asked.filter((asked) => LOGIN_PATH.test(asked)).length,
    loginGate,
    liveTokens: () => team.liveTokens(),
    inject: (key, fault) => act(() => injected.set(path(key), faults[fault])),
    heal: () => act(() => injected.clear()),
    arrival: (key) => proxy.arrivals.of(path(key)),
    passDeadline: () => act(() => clock.pass(REQUEST_TIMEOUT_MS)),
    redirected: () => proxy.asked.filter((asked) => asked === REDIRECTED).length,
    traffic: () => proxy.traffic.seen,
    reached: (requests) => proxy.traffic.reached(requests),
    socketsEnded: () => proxy.traffic.ended(),
    close: async () => {
      injected.clear();
      await team.close();
      await proxy.close();
    },
  };
}

/** Vault holds JSON: bytes are written in base64, and decoded by the ExternalSecret. */
function binaryDocument(bytes: Uint8Array): Readonly<Record<string, string>> {
  return { bytes: Buffer.from(bytes).toString("base64") };
}
