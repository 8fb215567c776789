// Secrets Manager beyond the contract: batches, stages, denials of single permissions, absence that is not proved.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type NamePattern, remoteRefId } from "../../../../src/core/provider/port.ts";
import { AwsRig, NEVER, readOne, refTo, versionOf } from "../../../support/aws-rig.ts";
import { StubSecrets, awsError } from "../../../support/stub-secrets.ts";
import { respond } from "../../../support/stub-vault.ts";

let rig: AwsRig;
beforeEach(async () => {
  rig = await AwsRig.start();
});
afterEach(() => rig.close());

const containing = (text: string): unknown => expect.stringContaining(text);
const V1 = StubSecrets.versionId(1);
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `app/${index}`);

async function readAll(provider: ReturnType<AwsRig["provider"]>, keys: readonly string[]) {
  const refs = keys.map((key) => refTo(key));
  const answers = await provider.readSecrets(refs, NEVER);
  return refs.map((ref) => {
    const answer = answers.get(remoteRefId(ref));
    if (answer === undefined) throw new Error("no answer for a reference");
    return answer.ok ? answer.value.payload.revealUtf8() : answer.error.kind;
  });
}

async function validated(overrides: Parameters<AwsRig["provider"]>[0] = {}) {
  const provider = rig.provider(overrides);
  await provider.validate(NEVER);
  rig.stub.requests.splice(0);
  return provider;
}

describe("many secrets", () => {
  test("are read twenty at a time", async () => {
    for (const name of names(45)) rig.stub.secrets.put(name, name);
    const provider = await validated();
    expect(await readAll(provider, names(45))).toEqual(names(45));
    const sizes = rig.stub.requests.map(({ fields }) =>
      Array.isArray(fields["SecretIdList"]) ? fields["SecretIdList"].length : 0,
    );
    expect(sizes.sort()).toEqual([20, 20, 5]);
  });

  test("have each their own outcome", async () => {
    for (const name of names(4)) rig.stub.secrets.put(name, "word");
    rig.stub.secrets.create("app/1").isDeleted = true;
    rig.stub.denied.add("app/2");
    rig.stub.secrets.batchErrors.set("app/3", "InternalServiceError");
    const provider = await validated();
    expect(await readAll(provider, ["app/0", "app/1", "app/2", "app/3", "app/4", "a?b"])).toEqual([
      "word",
      "deleted",
      "accessDenied",
      "unavailable",
      "notFound",
      "invalidReference",
    ]);
    expect(rig.stub.count("GetSecretValue")).toBe(0);
  });

  test("are read one by one where the batch is denied, which is asked once and noted", async () => {
    for (const name of names(3)) rig.stub.secrets.put(name, "word");
    rig.stub.denied.add("BatchGetSecretValue");
    const provider = await validated();
    for (let round = 0; round < 2; round += 1)
      expect(await readAll(provider, names(3))).toEqual(["word", "word", "word"]);
    expect([rig.stub.count("BatchGetSecretValue"), rig.stub.count("GetSecretValue")]).toEqual([1, 6]);
    const health = await provider.validate(NEVER);
    expect(health.ok && health.value.notes).toEqual(["BatchGetSecretValue is denied: secrets are read one by one"]);
  });

  test("that AWS limits are not asked for one by one", async () => {
    for (const name of names(3)) rig.stub.secrets.put(name, "word");
    rig.stub.faults.set("BatchGetSecretValue", respond(awsError("ThrottlingException")));
    expect(await readAll(await validated(), names(3))).toEqual(["throttled", "throttled", "throttled"]);
    expect(rig.stub.count("GetSecretValue")).toBe(0);
  });

  test("of one name and its pinned version are two requests, equal references one", async () => {
    rig.stub.secrets.put("app/db", "word");
    const provider = await validated();
    const refs = [refTo("app/db"), refTo("app/db"), refTo("app/db", { version: `uuid/${V1}` })];
    expect((await provider.readSecrets(refs, NEVER)).size).toBe(2);
    expect(rig.stub.count("GetSecretValue")).toBe(2);
  });
});

describe("one secret", () => {
  test("is read by stage and by ARN, and bytes stay bytes", async () => {
    rig.stub.secrets.put("app/db", "one");
    rig.stub.secrets.put("app/db", Buffer.from([1, 2]));
    const provider = await validated();
    expect(await readOne(provider, refTo("app/db", { version: "AWSPREVIOUS" }))).toEqual({ text: "one", version: V1 });
    expect(await readOne(provider, refTo(rig.stub.secrets.arn("app/db")))).toMatchObject({ text: "\u0001\u0002" });
    expect(await versionOf(provider, refTo("app/db", { version: "AWSPREVIOUS" }))).toBe(V1);
  });

  test("with a stage that has no value yet is a missing version, and so is one without any value", async () => {
    rig.stub.secrets.put("app/db", "one");
    rig.stub.secrets.create("app/db").stages.set("AWSPENDING", StubSecrets.versionId(9));
    rig.stub.secrets.create("app/new");
    const provider = await validated();
    for (const ref of [refTo("app/db", { version: "AWSPENDING" }), refTo("app/new")]) {
      expect(await readOne(provider, ref)).toMatchObject({ kind: "versionNotFound" });
    }
  });

  test("of an old version that no stage names has its id as version, once its value was read", async () => {
    rig.stub.secrets.put("app/db", "one");
    rig.stub.secrets.create("app/db").stages.clear();
    const provider = await validated();
    expect(await versionOf(provider, refTo("app/db", { version: `uuid/${V1}` }))).toBe(V1);
  });

  test("that denies DescribeSecret has its version read with its value, and that is noted", async () => {
    rig.stub.secrets.put("app/db", "one");
    rig.stub.denied.add("DescribeSecret");
    const provider = await validated();
    for (let round = 0; round < 2; round += 1) expect(await versionOf(provider, refTo("app/db"))).toBe(V1);
    expect([rig.stub.count("DescribeSecret"), rig.stub.count("GetSecretValue")]).toEqual([1, 2]);
    const health = await provider.validate(NEVER);
    expect(health.ok && health.value.notes[0]).toMatch(/DescribeSecret/);
  });

  test("whose tags change has another version for metadata, and the same for its value", async () => {
    rig.stub.secrets.put("app/db", "one");
    const provider = await validated();
    const fetch = refTo("app/db", { metadataPolicy: "Fetch" });
    const before = await versionOf(provider, fetch);
    rig.stub.secrets.create("app/db").tags = { team: "a" };
    rig.stub.secrets.create("app/db").description = "about";
    expect(await versionOf(provider, fetch)).not.toBe(before);
    expect(await versionOf(provider, refTo("app/db"))).toBe(V1);
    expect(await readOne(provider, fetch)).toEqual({ text: '{"description":"about","team":"a"}', version: V1 });
    expect(await readOne(provider, { ...fetch, version: V1 })).toMatchObject({ kind: "invalidReference" });
  });

  test.each([
    {
      given: "the account is not known",
      change: (): unknown => rig.stub.faults.set("GetCallerIdentity", respond(awsError("InternalFailure", 500))),
    },
    { given: "DescribeSecret is denied", change: (): unknown => rig.stub.denied.add("DescribeSecret") },
  ])("is absent without proof where $given", async ({ change }) => {
    change();
    const provider = await validated();
    expect(await readOne(provider, refTo("app/none"))).toMatchObject({ kind: "notFound", isUnproved: true });
  });

  test("is absent for good where the account is known", async () => {
    const absent = await readOne(await validated(), refTo("app/none"));
    expect(absent).toMatchObject({ kind: "notFound" });
    expect(absent).not.toHaveProperty("isUnproved");
  });
});

describe("find", () => {
  const anything: NamePattern = { source: "", test: (text) => /^(db|web)/.test(text), replaceAll: (text) => text };

  test("takes pairs of tags, whatever AWS's own filters let through", async () => {
    for (const name of ["app/a", "app/b", "APP/c"]) rig.stub.secrets.put(name, "word");
    rig.stub.secrets.create("app/a").tags = { team: "x", env: "y" };
    rig.stub.secrets.create("app/b").tags = { team: "y", env: "x" };
    rig.stub.secrets.create("APP/c").tags = { team: "x", env: "y" };
    const provider = await validated();
    const found = await provider.find({ path: "app/", name: undefined, tags: { team: "x", env: "y" } }, NEVER);
    expect(found).toEqual({ ok: true, value: ["app/a"] });
  });

  test("shows keys without the store's prefix, and reads them with it", async () => {
    for (const name of ["prod/db", "prod/web", "test/db"]) rig.stub.secrets.put(name, name);
    const provider = await validated({ prefix: "prod/" });
    const found = await provider.find({ path: undefined, name: anything, tags: {} }, NEVER);
    expect(found).toEqual({ ok: true, value: ["db", "web"] });
    expect(await readAll(provider, found.ok ? found.value : [])).toEqual(["prod/db", "prod/web"]);
    expect(await readOne(provider, refTo(rig.stub.secrets.arn("test/db")))).toMatchObject({ kind: "invalidReference" });
  });

  test("of nothing is an absence without proof where the account is not known", async () => {
    const nothing = { path: "none", name: undefined, tags: {} };
    expect(await rig.provider().find(nothing, NEVER)).toMatchObject({ ok: false, error: { isUnproved: true } });
    expect(await (await validated()).find(nothing, NEVER)).toEqual({ ok: true, value: [] });
  });

  test("that is denied is no empty list", async () => {
    rig.stub.denied.add("ListSecrets");
    const provider = await validated();
    expect(await provider.find({ path: undefined, name: undefined, tags: {} }, NEVER)).toMatchObject({
      ok: false,
      error: { kind: "accessDenied" },
    });
  });
});

describe("the SDK", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("asks neither environment nor files, and writes nothing", async () => {
    const poison = {
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_ENDPOINT_URL_SECRETS_MANAGER: "http://127.0.0.1:9",
      AWS_ACCESS_KEY_ID: "AKIAPOISONPOISONPOIS",
      AWS_SECRET_ACCESS_KEY: "poison",
      AWS_REGION: "us-east-1",
      AWS_USE_FIPS_ENDPOINT: "true",
      AWS_USE_DUALSTACK_ENDPOINT: "true",
      AWS_SDK_UA_APP_ID: "poison",
      AWS_MAX_ATTEMPTS: "nonsense",
      AWS_RETRY_MODE: "nonsense",
      AWS_DEFAULTS_MODE: "nonsense",
      AWS_DISABLE_CLOCK_SKEW_CORRECTION: "nonsense",
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "nonsense",
      AWS_PROFILE: "nobody",
      AWS_CONFIG_FILE: "/proc/self/mem",
      AWS_SHARED_CREDENTIALS_FILE: "/proc/self/mem",
    };
    for (const [name, value] of Object.entries(poison)) vi.stubEnv(name, value);
    const written = [vi.spyOn(console, "warn"), vi.spyOn(console, "error"), vi.spyOn(console, "log")];
    rig.stub.secrets.put("app/db", "word");
    expect(await readOne(rig.provider(), refTo("app/db"))).toMatchObject({ text: "word" });
    expect(rig.stub.requests[0]?.headers["user-agent"]).not.toContain("poison");
    const nowhere = { ...rig.deps().egress, allowsAddress: () => false };
    const answer = await readOne(
      rig.provider({ endpoint: undefined, stsEndpoint: undefined }, { egress: nowhere }),
      refTo("app/db"),
    );
    expect(answer).toMatchObject({ detail: containing("(secretsmanager.eu-west-1.amazonaws.com)") });
    expect(written.map((spy) => spy.mock.calls)).toEqual([[], [], []]);
  });
});
