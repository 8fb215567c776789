// A store that answers wrongly or not at all, through a proxy in front of the real Vault: what ExternalSecrets and
// store say, that every Secret is kept whole, and that all is right again within 30 s of the repair.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FaultProxy } from "../support/fault-proxy.ts";
import { cutBody, respond, silence, type StubFault } from "../support/stub-vault.ts";
import { createCertificateAuthority, type KeyPair } from "../testbed/certificates.ts";
import { type JsonRecord, listAt, optionalTextAt, valueAt } from "../testbed/json.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import { dataEntry } from "./support/manifests.ts";
import { message, type Team } from "./support/team.ts";
import { startTrio } from "./support/trio.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
/** Signed by the rig's authority. */
let rightKeys: KeyPair;
/** For the same address, signed by an authority that nobody trusts. */
let foreignKeys: KeyPair;
const proxies: FaultProxy[] = [];

beforeAll(async () => {
  const { directory } = rigForSuite().handle;
  rightKeys = {
    certificatePem: await readFile(join(directory, "vault.crt"), "utf8"),
    privateKeyPem: await readFile(join(directory, "vault.key"), "utf8"),
  };
  const foreign = await createCertificateAuthority("somebody-else");
  foreignKeys = await foreign.issue({ commonName: "vault", ipAddresses: ["127.0.0.1"] });
  world = await startWorld(rigForSuite(), { args: ["--store-request-timeout=5s"] });
});
afterAll(async () => {
  await world.stop();
  await Promise.all(proxies.map((proxy) => proxy.close()));
});

async function startProxy(): Promise<FaultProxy> {
  const proxy = await FaultProxy.start(world.rig.vault, rightKeys);
  proxies.push(proxy);
  return proxy;
}

const always = (answer: () => StubFault) => (proxy: FaultProxy) => {
  proxy.faultFor = answer;
};
/** A page that quotes what it must not. */
const page = (status: number): StubFault =>
  respond({
    status,
    body: `<html><body>${world.canary}</body></html>`,
    headers: { "Content-Type": "text/html" },
  });
const throttled = (): StubFault =>
  respond({ status: 429, body: { errors: [world.canary] }, headers: { "Retry-After": "2" } });

describe.concurrent(
  "every Secret is kept under every deletionPolicy, and right within 30 s of the repair, when",
  () => {
    test.each([
      {
        given: "Vault shows a certificate of another authority",
        begin: (proxy: FaultProxy) => proxy.useCertificate(foreignKeys),
        wording: /TLS failed: the server's certificate is not signed by a trusted authority/,
      },
      {
        given: "a gateway answers 200 with HTML",
        begin: always(() => page(200)),
        wording: /the answer is not one that Vault gives \(HTTP 200\)/,
      },
      {
        given: "a gateway answers 404 with HTML",
        begin: always(() => page(404)),
        wording: /the answer is not one that Vault gives \(HTTP 404\)/,
      },
      {
        given: "a gateway answers 403 with HTML",
        begin: always(() => page(403)),
        wording: /the answer is not one that Vault gives \(HTTP 403\)/,
      },
      {
        given: "answers are cut in their bodies",
        begin: always(() => cutBody),
        wording: /the connection broke before the answer was complete/,
      },
      {
        given: "Vault is silent",
        begin: always(() => silence),
        wording: /no answer within 5 s/,
      },
      {
        given: "everything is answered with 429 and Retry-After",
        begin: always(throttled),
        wording: /Vault's rate quota is used up \(HTTP 429\)/,
        reason: "Throttled",
        storeReason: "Throttled",
      },
    ])("$given", async ({ begin, wording, reason = "ProviderUnavailable", storeReason = "Unreachable" }) => {
      const proxy = await startProxy();
      const team = await world.team();
      const trio = await startTrio(team, { vault: { server: proxy.address } });
      begin(proxy);
      await trio.expectTrouble({ reason, message: wording, storeReason });
      proxy.faultFor = () => undefined;
      proxy.useCertificate(rightKeys);
      await trio.expectRepaired();
    });

    test("a rate quota of Vault is used up: Throttled until its Retry-After, though the store stays Ready", async () => {
      const team = await world.team();
      const { vault } = team.rig;
      await mountKv(team, "2");
      const trio = await startTrio(team, {
        vault: { path: team.namespace },
        key: "db",
        write: (value) => put(team, value),
      });
      await vault.enableRateLimitHeaders();
      await vault.write(`sys/quotas/rate-limit/${team.namespace}`, {
        path: `${team.namespace}/`,
        rate: 1,
        interval: "15s",
      });
      await trio.expectTrouble({
        reason: "Throttled",
        message: /Vault's rate quota is used up/,
        storeReason: undefined,
      });
      expect(optionalTextAt(await team.store(), "status", "conditions", 0, "reason")).toBe("Valid");
      await vault.delete(`sys/quotas/rate-limit/${team.namespace}`);
      await trio.expectRepaired();
    });

    test("the auth role is removed and the token revoked: Unauthenticated until the role is restored", async () => {
      const team = await world.team();
      const trio = await startTrio(team);
      await team.rig.vault.delete(`auth/kubernetes/role/${team.namespace}`);
      await revokeTokens(team);
      await trio.expectTrouble({
        reason: "Unauthenticated",
        message: /Vault refused the Kubernetes login \(HTTP 4\d\d\); correct auth of the store, or its role/,
        storeReason: "Unauthenticated",
      });
      await team.writeRole();
      await trio.expectRepaired();
    });

    test("the KV mount is disabled, and enabled anew: no such mount, then MountChanged, until the store accepts it", async () => {
      const team = await world.team();
      await mountKv(team, "2");
      const trio = await startTrio(team, {
        vault: { path: team.namespace },
        key: "db",
        write: (value) => put(team, value),
      });
      await team.rig.vault.delete(`sys/mounts/${team.namespace}`);
      await trio.expectTrouble({
        reason: "ProviderUnavailable",
        message: new RegExp(`no such mount: ${team.namespace}`),
        storeReason: undefined,
      });
      await mountKv(team, "2");
      await trio.expectTrouble({ reason: "StoreNotReady", message: /another backend/, storeReason: "MountChanged" });
      await team.rig.kubectl(["-n", team.namespace, "annotate", "fss", "vault", "fairlead.dev/force-sync=replaced"]);
      await trio.expectRepaired();
    });

    test.each([
      { kv: "1", right: "v1", wrong: "v2" },
      { kv: "2", right: "v2", wrong: "v1" },
    ])("KV $right is declared $wrong: MountChanged and StoreNotReady", async ({ kv, right, wrong }) => {
      const team = await world.team();
      await mountKv(team, kv);
      const vault = { path: team.namespace, version: right };
      const write = (value: JsonRecord): Promise<unknown> =>
        kv === "1" ? team.rig.vault.write(`${team.namespace}/db`, value) : put(team, value);
      const trio = await startTrio(team, { vault, key: "db", write });
      await team.applyStore("vault", { ...vault, version: wrong });
      await trio.expectTrouble({
        reason: "StoreNotReady",
        message: new RegExp(`mount ${team.namespace} is KV version ${kv}, the store says ${wrong}`),
        storeReason: "MountChanged",
      });
      await team.applyStore("vault", vault);
      await trio.expectRepaired();
    });
  },
);

const bad = "key-7";

interface BadKey {
  readonly given: string;
  readonly begin: (team: Team, proxy: FaultProxy) => Promise<unknown>;
  readonly end: (team: Team, proxy: FaultProxy) => Promise<unknown>;
  readonly reason: string;
  readonly wording: RegExp;
}

const badKeys: readonly BadKey[] = [
  {
    given: "denied",
    begin: (team) => team.allow(policyOf(team, `path "kv/data/${team.key(bad)}" { capabilities = ["deny"] }`)),
    end: (team) => team.allow(),
    reason: "AccessDenied",
    wording: /denied access to \S+key-7 \(HTTP 403\)/,
  },
  {
    given: "missing",
    begin: (team) => team.rig.vault.delete(`kv/metadata/${team.key(bad)}`),
    end: () => Promise.resolve(),
    reason: "SecretNotFound",
    wording: /has no \S+key-7/,
  },
  {
    given: "slower than its deadline",
    begin: (team, proxy) => {
      proxy.faultFor = (path) => (path.includes(team.key(bad)) ? silence : undefined);
      return Promise.resolve();
    },
    end: (_, proxy) => {
      proxy.faultFor = () => undefined;
      return Promise.resolve();
    },
    reason: "ProviderUnavailable",
    wording: /cannot serve \S+key-7 now: no answer within 5 s/,
  },
];

describe.concurrent("one key of twenty", () => {
  const numbers = Array.from({ length: 20 }, (_, index) => index);

  test.each(badKeys)("$given: the Secret stays whole and old, the entry says which and why", async (row) => {
    const proxy = await startProxy();
    const team = await world.team();
    const rotate = (label: string) =>
      Promise.all(numbers.map((number) => team.putSecret(`key-${number}`, { value: team.value(label) })));
    const wanted = (label: string) => Object.fromEntries(numbers.map((number) => [`k${number}`, team.value(label)]));
    await rotate("old");
    await team.applyStore("vault", { server: proxy.address });
    await team.applyExternalSecret("twenty", {
      refreshInterval: "1s",
      data: numbers.map((number) => dataEntry(`k${number}`, team.key(`key-${number}`), "value")),
    });
    await team.waitExternalSecret("twenty");

    await row.begin(team, proxy);
    await team.waitExternalSecret("twenty", { ready: "False", reason: row.reason });
    for (const number of numbers.filter((one) => `key-${one}` !== bad)) {
      await team.putSecret(`key-${number}`, { value: team.value("new") });
    }
    const isPending = (object: JsonRecord): boolean =>
      listAt(object, "status", "entries").filter((entry) => valueAt(entry, "state") === "Pending").length === 19;
    const broken = await team.waitExternalSecret("twenty", { ready: "False", reason: row.reason, where: isPending });
    expect(message(broken)).toMatch(row.wording);
    expect(valueAt(broken, "status", "entryCounts")).toEqual({ total: 20, synced: 0, failed: 1 });
    const [first, second] = listAt(broken, "status", "entries");
    expect(first).toMatchObject({ key: team.key(bad), state: "Failed", reason: row.reason, version: "1" });
    expect(second).toMatchObject({ state: "Pending", version: "1", latestVersion: "2" });
    expect(await team.secretData("twenty")).toEqual(wanted("old"));
    expect(valueAt(broken, "status", "revision")).toBe(1);

    await row.end(team, proxy);
    await team.putSecret(bad, { value: team.value("new") });
    await team.waitSecretData("twenty", wanted("new"), 30_000);
    await team.waitExternalSecret("twenty", { ready: "True", reason: "SecretSynced" });
  });
});

describe.concurrent("beside the store", () => {
  test("a token revoked while running is replaced by one new login, and nothing else shows", async () => {
    const team = await world.team();
    await team.putSecret("db", { password: team.value("old") });
    await team.applyStore();
    await team.applyExternalSecret("db", {
      refreshInterval: "1s",
      data: [dataEntry("password", team.key("db"), "password")],
    });
    const before = await team.waitExternalSecret("db");
    const mark = await team.rig.audit.vault.mark();
    await revokeTokens(team);
    await team.putSecret("db", { password: team.value("new") });
    await team.waitSecretData("db", { password: team.value("new") });
    const after = await team.waitExternalSecret("db", {
      ready: "True",
      where: (object) => valueAt(object, "status", "versionSummary") === "2",
    });
    expect(readySince(after)).toBe(readySince(before));
    const displayName = `kubernetes-${team.namespace}-reader`;
    const path = "auth/kubernetes/login";
    expect(await team.rig.audit.vault.countSince(mark, { type: "response", path, displayName })).toBe(1);
  });

  test("a full quota is TargetRejected in its namespace only, until it is raised", async () => {
    const [full, free] = [await world.team(), await world.team()];
    const quotas = `/api/v1/namespaces/${full.namespace}/resourcequotas`;
    const quota = { metadata: { name: "few" }, spec: { hard: { secrets: "0" } } };
    await full.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { namespace: full.namespace, ...quota.metadata },
      spec: quota.spec,
    });
    const isCounted = async (): Promise<unknown> =>
      valueAt((await full.rig.api.get(`${quotas}/few`)).body, "status", "hard", "secrets");
    await waitUntil("the quota is counted", isCounted, { timeoutMs: 30_000 });
    for (const team of [full, free]) {
      await team.putSecret("db", { password: team.value() });
      await team.applyStore();
      await team.applyExternalSecret("db", { data: [dataEntry("password", team.key("db"), "password")] });
    }
    const rejected = await full.waitExternalSecret("db", { ready: "False", reason: "TargetRejected" });
    expect(message(rejected)).toBe(
      `a resource quota of namespace ${full.namespace} is exhausted; raise it or remove other objects`,
    );
    await free.waitExternalSecret("db");
    await full.rig.api.patch(`${quotas}/few`, { spec: { hard: { secrets: "5" } } });
    await full.waitSecretData("db", { password: full.value() }, 30_000);
    await full.waitExternalSecret("db");
  });
});

/** A KV mount of the team's own name, which its role may read. */
async function mountKv(team: Team, version: string): Promise<void> {
  await team.rig.vault.write(`sys/mounts/${team.namespace}`, { type: "kv", options: { version } });
  await team.allow(`path "${team.namespace}/*" { capabilities = ["read", "list"] }`);
  // A new KV v2 mount answers 400 while it is being made ready.
  const serves = async (): Promise<true | undefined> =>
    (await team.rig.vault.request("GET", `${team.namespace}/metadata?list=true`)).status === 404 ? true : undefined;
  await waitUntil("the KV mount serves", serves, { timeoutMs: 10_000 });
}

function put(team: Team, values: JsonRecord): Promise<number> {
  return team.rig.vault.putSecret(team.namespace, "db", values);
}

function policyOf(team: Team, more: string): string {
  return `path "kv/data/${team.namespace}/*" { capabilities = ["read"] }\n${more}`;
}

/** Revokes all tokens of the team's ServiceAccount, as an administrator would. */
async function revokeTokens(team: Team): Promise<void> {
  const { vault } = team.rig;
  const accessors = listAt((await vault.request("LIST", "auth/token/accessors")).body, "data", "keys");
  for (const accessor of accessors) {
    const found = (await vault.request("PUT", "auth/token/lookup-accessor", { accessor })).body;
    if (valueAt(found, "data", "display_name") !== `kubernetes-${team.namespace}-reader`) continue;
    await vault.write("auth/token/revoke-accessor", { accessor });
  }
}

function readySince(object: JsonRecord): unknown {
  const ready = listAt(object, "status", "conditions").find((one) => valueAt(one, "type") === "Ready");
  return valueAt(ready, "lastTransitionTime");
}
