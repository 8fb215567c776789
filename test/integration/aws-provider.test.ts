// The AWS provider against moto: the contract of all providers, and what only another implementation of AWS can prove,
// such as that our signatures are right.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import type { CredentialReader } from "../../src/core/provider/credentials.ts";
import type { SecretProvider } from "../../src/core/provider/port.ts";
import { failed, ok } from "../../src/core/result.ts";
import { SecretValue } from "../../src/core/secret-value.ts";
import type { AwsStoreSpec } from "../../src/core/spec/secret-store.ts";
import { createAwsProvider } from "../../src/providers/aws/aws-provider.ts";
import { systemClock } from "../../src/runtime/system-clock.ts";
import { contractStores } from "../contract/cases.ts";
import type { ContractRig } from "../contract/contract-rig.ts";
import { describeProviderContract } from "../contract/provider-contract.ts";
import { NEVER, readOne, refTo, staticKeys, versionOf, webIdentity } from "../support/aws-rig.ts";
import { createMotoRig } from "../support/aws-contract.ts";
import { AwsProxy } from "../support/aws-proxy.ts";
import { awsTraits } from "../support/aws-traits.ts";
import { LoginGate } from "../support/login-gate.ts";
import { type KeyPair, MotoAccount, REGION } from "../support/moto-account.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { PassableClock } from "../support/passable-clock.ts";
import { StubSecrets } from "../support/stub-secrets.ts";
import { testEgress } from "../support/test-egress.ts";
import { type MotoServer, startMoto } from "../testbed/aws/moto-server.ts";
import { rigForSuite } from "../testbed/rig-for-suite.ts";

const INSTALL_MS = 10 * 60_000;
const plainRole = { externalId: undefined, sessionTags: [], transitiveTagKeys: [] };

let moto: MotoServer;
beforeAll(async () => {
  const { guardian, handle } = rigForSuite();
  moto = await startMoto({
    guardian,
    directory: handle.directory,
    report: (line) => process.stderr.write(`${line}\n`),
  });
}, INSTALL_MS);
afterAll(() => moto.stop());

const providers: SecretProvider[] = [];
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.close()));
});

const SOME_KEYS = { id: "AKIATEST", secret: "made-up" };

function credentialsOf({ id, secret }: KeyPair): CredentialReader {
  const refused = () => failed({ kind: "refused", detail: "not here" } as const);
  return {
    readSecretKey: ({ key }) => Promise.resolve(ok(SecretValue.ofUtf8(key === "id" ? id : secret))),
    readConfigMapKey: () => Promise.resolve(refused()),
    readAnnotations: () =>
      Promise.resolve(ok({ "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/reader" })),
    requestToken: () =>
      Promise.resolve(ok({ token: SecretValue.ofUtf8("jwt-1"), expiresAtMs: Number.MAX_SAFE_INTEGER })),
    readOperatorToken: () => Promise.resolve(refused()),
    operatorIdentity: refused,
  };
}

/** A provider at `address`, or at moto. */
function providerOf(
  overrides: Partial<AwsStoreSpec> = {},
  credentials = credentialsOf(SOME_KEYS),
  clock: Clock = systemClock,
): SecretProvider {
  const { address } = moto;
  const place = {
    service: "SecretsManager",
    region: REGION,
    prefix: "",
    endpoint: address,
    stsEndpoint: address,
  } as const;
  const spec: AwsStoreSpec = { kind: "aws", ...place, auth: staticKeys, roles: [], ...overrides };
  const provider = createAwsProvider(spec, {
    credentials,
    clock,
    random: () => 0.5,
    log: recordingLogger().log,
    egress: testEgress({ allowInsecureHttp: true }),
    limiter: (task) => task(),
  });
  providers.push(provider);
  return provider;
}

async function createContractRig(): Promise<ContractRig> {
  const account = await MotoAccount.create(moto);
  const proxy = await AwsProxy.start(moto.address);
  const clock = new PassableClock();
  const loginGate = new LoginGate();
  const place = { endpoint: proxy.address, stsEndpoint: proxy.address, auth: webIdentity };
  const credentials = loginGate.before(credentialsOf(SOME_KEYS));
  return createMotoRig({ account, proxy, clock, loginGate, provider: providerOf(place, credentials, clock) });
}

describeProviderContract(contractStores.aws, createContractRig, awsTraits);

describe("signatures, which moto checks with AWS's own code", () => {
  const may = ["secretsmanager:*", "sts:*"];

  test("of a key pair are right, for Secrets Manager and for STS", async () => {
    const account = await MotoAccount.create(moto);
    await account.put("app/db", "word");
    const keys = await account.user("reader", may);
    const arn = await account.role("reader", may);
    await moto.requireAuthentication();
    expect(await readOne(providerOf({}, credentialsOf(keys)), refTo("app/db"))).toMatchObject({ text: "word" });
    const byRole = providerOf({ roles: [{ arn, ...plainRole, externalId: "ext-1" }] }, credentialsOf(keys));
    expect(await readOne(byRole, refTo("app/db"))).toMatchObject({ text: "word" });
    expect(await byRole.validate(NEVER)).toMatchObject({ ok: true });
    await moto.requireNothing();
  });

  test("of a wrong key are unauthenticated, and what the user may not do is denied", async () => {
    const account = await MotoAccount.create(moto);
    await account.put("app/db", "word");
    const keys = await account.user("reader", ["secretsmanager:DescribeSecret"]);
    await moto.requireAuthentication();
    const wrong = providerOf({}, credentialsOf({ ...keys, secret: `${keys.secret}x` }));
    expect(await wrong.validate(NEVER)).toMatchObject({ ok: false, error: { kind: "unauthenticated" } });
    expect(await readOne(wrong, refTo("app/db"))).toMatchObject({ kind: "unauthenticated" });
    const right = providerOf({}, credentialsOf(keys));
    expect(await readOne(right, refTo("app/db"))).toMatchObject({ kind: "accessDenied" });
    expect(await versionOf(right, refTo("app/db"))).toBe(StubSecrets.versionId(1));
    await moto.requireNothing();
  });
});

describe("Secrets Manager", () => {
  test("reads by stage, binary values, and by ARN", async () => {
    const account = await MotoAccount.create(moto);
    await account.put("app/db", "one");
    await account.put("app/db", "two");
    const bytes = Buffer.from([0, 255, 10]);
    const { ARN } = await account.secrets("CreateSecret", { Name: "app/bin", SecretBinary: bytes.toString("base64") });
    const provider = providerOf({ auth: webIdentity });
    expect(await readOne(provider, refTo("app/db", { version: "AWSPREVIOUS" }))).toMatchObject({ text: "one" });
    expect(await readOne(provider, refTo("app/db", { version: "AWSPENDING" }))).toMatchObject({
      kind: "versionNotFound",
    });
    expect(await readOne(provider, refTo(String(ARN)))).toMatchObject({ text: bytes.toString("utf8") });
  });

  test("fetches tags and description, finds by tag, and sees tags change", async () => {
    const account = await MotoAccount.create(moto);
    for (const [name, team] of [
      ["app/a", "x"],
      ["app/b", "y"],
      ["other", "x"],
    ]) {
      const Tags = [{ Key: "team", Value: team }];
      await account.secrets("CreateSecret", { Name: name, SecretString: "v", Description: "about", Tags });
    }
    const provider = providerOf();
    await provider.validate(NEVER);
    const fetch = refTo("app/a", { metadataPolicy: "Fetch" });
    const before = await versionOf(provider, fetch);
    expect(await readOne(provider, fetch)).toMatchObject({ text: JSON.stringify({ description: "about", team: "x" }) });
    expect(await provider.find({ path: "app", name: undefined, tags: { team: "x" } }, NEVER)).toEqual({
      ok: true,
      value: ["app/a"],
    });
    await account.secrets("TagResource", { SecretId: "app/a", Tags: [{ Key: "team", Value: "z" }] });
    expect(await versionOf(provider, fetch)).not.toBe(before);
    expect(await provider.find({ path: undefined, name: undefined, tags: { team: "z" } }, NEVER)).toEqual({
      ok: true,
      value: ["app/a"],
    });
  });

  test("checks a version for less than a read of 64 KiB costs", async () => {
    const account = await MotoAccount.create(moto);
    await account.put("app/big", "x".repeat(64 * 1024));
    const proxy = await AwsProxy.start(moto.address);
    const provider = providerOf({ endpoint: proxy.address });
    await readOne(provider, refTo("app/big"));
    const read = proxy.traffic.seen;
    expect(await versionOf(provider, refTo("app/big"))).toBe(StubSecrets.versionId(1));
    expect(proxy.traffic.seen.requests - read.requests).toBe(1);
    expect(proxy.traffic.seen.answerBytes - read.answerBytes).toBeLessThan(1_024);
    await proxy.close();
  });
});

describe("Parameter Store", () => {
  async function account(): Promise<MotoAccount> {
    const created = await MotoAccount.create(moto);
    const put = (Name: string, Value: string, more: object = {}) =>
      created.parameters("PutParameter", { Name, Value, Type: "String", ...more });
    await put("/app/db", "one", { Type: "SecureString" });
    await put("/app/db", "two", { Type: "SecureString", Overwrite: true });
    await created.parameters("LabelParameterVersion", { Name: "/app/db", ParameterVersion: 1, Labels: ["old"] });
    await put("/app/list", "a,b", { Type: "StringList", Tags: [{ Key: "team", Value: "a" }] });
    await put("/application", "x");
    await put("plain", "y");
    return created;
  }
  const store = () => providerOf({ service: "ParameterStore" });

  test.each([
    { key: "/app/db", version: undefined, then: { text: "two", version: "2" } },
    { key: "/app/db", version: "1", then: { text: "one", version: "1" } },
    { key: "/app/db", version: "old", then: { text: "one", version: "1" } },
    { key: "/app/list", version: undefined, then: { text: "a,b", version: "1" } },
    { key: "plain", version: undefined, then: { text: "y", version: "1" } },
    { key: "/app/db", version: "9", then: { kind: "versionNotFound" } },
    { key: "/app/db", version: "new", then: { kind: "versionNotFound" } },
    { key: "/app/none", version: undefined, then: { kind: "notFound" } },
    { key: "/app/none", version: "1", then: { kind: "notFound" } },
    { key: "/app/db", version: "1:2", then: { kind: "invalidReference" } },
    { key: "/app/d b", version: undefined, then: { kind: "invalidReference" } },
  ])("reads $key at $version", async ({ key, version, then }) => {
    await account();
    const provider = store();
    expect(await readOne(provider, refTo(key, { version }))).toMatchObject(then);
    const seen = await versionOf(provider, refTo(key, { version }));
    if (then.kind !== undefined) expect(seen).toMatchObject({ kind: then.kind });
    else expect(seen).toMatch(new RegExp(`^${then.version}@`));
  });

  test("reads many at once, each with its own answer", async () => {
    await account();
    const refs = ["/app/db", "/app/none", "plain", "/app/list"].map((key) => refTo(key));
    const answers = await store().readSecrets(refs, NEVER);
    expect([...answers.values()].map((answer) => answer.ok)).toEqual([true, false, true, true]);
  });

  test("finds below a path, by name and by tag", async () => {
    const created = await account();
    for (let n = 0; n < 60; n += 1)
      await created.parameters("PutParameter", { Name: `/many/${n}`, Value: "v", Type: "String" });
    const provider = store();
    await provider.validate(NEVER);
    const find = (path: string | undefined, tags = {}) => provider.find({ path, name: undefined, tags }, NEVER);
    expect(await find("/app")).toEqual({ ok: true, value: ["/app/db", "/app/list"] });
    expect(await find("pl")).toEqual({ ok: true, value: ["plain"] });
    expect(await find(undefined, { team: "a" })).toEqual({ ok: true, value: ["/app/list"] });
    const many = await find("/many");
    expect(many.ok && many.value.length).toBe(60);
  });

  test("fetches tags", async () => {
    await account();
    const tags = refTo("/app/list", { metadataPolicy: "Fetch" });
    expect(await readOne(store(), tags)).toMatchObject({ text: '{"team":"a"}', version: "1" });
  });
});
