// How stores log in to AWS, as the stub sees it.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { AwsRig, NEVER, readOne, refTo, ROLE, staticKeys, webIdentity } from "../../../support/aws-rig.ts";
import { objectKeyRef } from "../../../support/vault-rig.ts";
import { ACCESS_KEY_ID } from "../../../support/stub-aws.ts";
import { VENDOR_TEXT } from "../../../support/stub-kv.ts";
import { respond } from "../../../support/stub-vault.ts";
import { awsError, StubSecrets } from "../../../support/stub-secrets.ts";

let rig: AwsRig;
beforeEach(async () => {
  rig = await AwsRig.start();
  rig.stub.secrets.put("db", "word");
});
afterEach(() => rig.close());

const read = (provider: ReturnType<AwsRig["provider"]>) => readOne(provider, refTo("db"));
const found = { text: "word", version: StubSecrets.versionId(1) };
const containing = (text: string): unknown => expect.stringContaining(text);
const plainRole = { externalId: undefined, sessionTags: [], transitiveTagKeys: [] };

describe("keys from Secrets", () => {
  test("sign requests, without the line end that is behind them", async () => {
    expect(await read(rig.provider())).toEqual(found);
    expect(rig.stub.requests.map(({ action, accessKeyId }) => [action, accessKeyId])).toEqual([
      ["GetSecretValue", ACCESS_KEY_ID],
    ]);
    expect(rig.logins).toEqual(["ok"]);
  });

  test("carry their session token", async () => {
    rig.objects.set("aws/token", "session-1");
    await read(rig.provider({ auth: { ...staticKeys, sessionToken: objectKeyRef("aws", "token") } }));
    expect(rig.stub.requests[0]?.headers["x-amz-security-token"]).toBe("session-1");
  });

  test.each([
    { given: "is not there", change: (): unknown => rig.objects.delete("aws/secret"), says: "has no key secret" },
    { given: "is empty", change: (): unknown => rig.objects.set("aws/secret", "\n"), says: "key secret of Secret aws" },
    {
      given: "is no key",
      change: (): unknown => rig.objects.set("aws/secret", "a b"),
      says: "key secret of Secret aws",
    },
  ])("are unauthenticated where one $given, and nothing is sent", async ({ change, says }) => {
    change();
    expect(await read(rig.provider())).toMatchObject({
      kind: "unauthenticated",
      detail: containing(says),
    });
    expect(rig.stub.requests).toEqual([]);
  });

  test("that AWS does not know are tried once more only if the Secret holds others by now", async () => {
    const provider = rig.provider();
    await read(provider);
    rig.stub.keys.clear();
    rig.stub.keys.add("AKIAOTHEROTHEROTHER0");
    expect(await read(provider)).toMatchObject({ kind: "unauthenticated" });
    expect(rig.stub.count("GetSecretValue")).toBe(2);
    rig.objects.set("aws/id", "AKIAOTHEROTHEROTHER0");
    expect(await read(provider)).toEqual(found);
  });
});

describe("a ServiceAccount", () => {
  test("assumes the role of its annotation with a token for STS, unsigned", async () => {
    expect(await read(rig.provider({ auth: webIdentity }))).toEqual(found);
    expect(rig.stub.requests[0]).toMatchObject({
      action: "AssumeRoleWithWebIdentity",
      accessKeyId: undefined,
      fields: { RoleArn: ROLE, WebIdentityToken: "jwt-1", RoleSessionName: "fairlead", Version: "2011-06-15" },
    });
    expect(rig.audiences).toEqual(["sts.amazonaws.com"]);
    expect(rig.stub.requests[1]?.headers["x-amz-security-token"]).toBe("stub-token-1");
  });

  test.each([
    { given: "its annotation", ref: [], then: "aud-1" },
    { given: "the reference before its annotation", ref: ["aud-2"], then: "aud-2" },
  ])("takes the audience from $given", async ({ ref: audiences, then }) => {
    rig.annotations = { ...rig.annotations, "eks.amazonaws.com/audience": "aud-1" };
    await read(rig.provider({ auth: { ...webIdentity, ref: { ...webIdentity.ref, audiences } } }));
    expect(rig.audiences).toEqual([then]);
  });

  test.each([{}, { "eks.amazonaws.com/role-arn": "reader" }])(
    "with annotations %j is unauthenticated",
    async (given) => {
      rig.annotations = given;
      const answer = await read(rig.provider({ auth: webIdentity }));
      expect(answer).toMatchObject({ kind: "unauthenticated", detail: containing("role-arn") });
      expect(rig.audiences).toEqual([]);
    },
  );

  test("is one login for a hundred parallel reads", async () => {
    const provider = rig.provider({ auth: webIdentity });
    const answers = await Promise.all(Array.from({ length: 100 }, () => read(provider)));
    expect(answers.every((answer) => "text" in answer)).toBe(true);
    expect(rig.stub.count("AssumeRoleWithWebIdentity")).toBe(1);
    expect(rig.logins).toEqual(["ok"]);
  });
});

describe("roles", () => {
  const first = { arn: "arn:aws:iam::123456789012:role/first", ...plainRole };
  const last = {
    arn: ROLE,
    externalId: "ext-1",
    sessionTags: [
      { key: "team", value: "a & b" },
      { key: "env", value: "" },
    ],
    transitiveTagKeys: ["team"],
  };

  test("are assumed one after the other, each with the keys of the one before", async () => {
    expect(await read(rig.provider({ roles: [first, last] }))).toEqual(found);
    const chain = rig.stub.requests.map(({ action, accessKeyId }) => [action, accessKeyId]);
    expect(chain).toEqual([
      ["AssumeRole", ACCESS_KEY_ID],
      ["AssumeRole", "ASIASTUB000000000001"],
      ["GetSecretValue", "ASIASTUB000000000002"],
    ]);
    expect(rig.stub.requests[0]?.fields).not.toHaveProperty("ExternalId");
    expect(rig.stub.requests[1]?.fields).toMatchObject({
      ...{ RoleArn: ROLE, ExternalId: "ext-1", "TransitiveTagKeys.member.1": "team" },
      ...{ "Tags.member.1.Key": "team", "Tags.member.1.Value": "a & b" },
      ...{ "Tags.member.2.Key": "env", "Tags.member.2.Value": "" },
    });
  });

  test.each([
    { code: "AccessDenied", kind: "unauthenticated" },
    { code: "InvalidIdentityToken", kind: "unauthenticated" },
    { code: "ExpiredTokenException", kind: "unauthenticated" },
    { code: "RegionDisabledException", kind: "invalidConfig" },
    { code: "PackedPolicyTooLarge", kind: "invalidConfig" },
    { code: "Throttling", kind: "throttled" },
    { code: "SomethingNew", kind: "unavailable" },
  ])("that STS refuses with $code are $kind", async ({ code, kind }) => {
    rig.stub.roles = { ...rig.stub.roles, isRefused: true, code };
    const answer = await read(rig.provider({ roles: [last] }));
    expect(answer).toMatchObject({ kind });
    expect(JSON.stringify(answer)).not.toContain(VENDOR_TEXT);
    expect(rig.logins).toEqual([kind]);
  });

  test("whose session has ended too early are assumed anew, once for all readers", async () => {
    const provider = rig.provider({ roles: [last] });
    await read(provider);
    rig.stub.keys.delete("ASIASTUB000000000001");
    rig.stub.keyError = "ExpiredTokenException";
    const answers = await Promise.all(Array.from({ length: 20 }, () => read(provider)));
    expect(answers.every((answer) => "text" in answer)).toBe(true);
    expect(rig.stub.count("AssumeRole")).toBe(2);
  });

  test("whose new session is refused as well are unauthenticated, after one try", async () => {
    const provider = rig.provider({ roles: [last] });
    await read(provider);
    rig.stub.faults.set("GetSecretValue", respond(awsError("ExpiredTokenException")));
    expect(await read(provider)).toMatchObject({ kind: "unauthenticated" });
    expect([rig.stub.count("AssumeRole"), rig.stub.count("GetSecretValue")]).toEqual([2, 3]);
  });
});

describe("the operator itself", () => {
  const identity = (variables: Readonly<Record<string, string>>) => ({
    variable: (name: string) => variables[name],
    readFile: (path: string) => Promise.resolve(path === "/token" ? SecretValue.ofUtf8("jwt-2") : undefined),
  });
  const auth = { kind: "operator" } as const;

  test("is refused where the reader refuses it", async () => {
    expect(await read(rig.provider({ auth }))).toMatchObject({ kind: "invalidConfig" });
    expect(rig.stub.requests).toEqual([]);
  });

  test("assumes the role of its ServiceAccount with the file that the platform mounts", async () => {
    rig.operator = identity({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: "/token" });
    expect(await read(rig.provider({ auth }))).toEqual(found);
    expect(rig.stub.requests[0]?.fields).toMatchObject({ RoleArn: ROLE, WebIdentityToken: "jwt-2" });
  });

  test.each([
    { given: "a file that is not there", variables: { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: "/none" } },
    { given: "no identity at all", variables: { AWS_EC2_METADATA_DISABLED: "true" } },
    {
      given: "a foreign server for Pod Identity",
      variables: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://attacker.example/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/token",
      },
    },
  ])("with $given is unauthenticated, and nothing is sent", async ({ variables }) => {
    rig.operator = identity(variables);
    expect(await read(rig.provider({ auth }))).toMatchObject({ kind: "unauthenticated" });
    expect(rig.limited).toBe(0);
  });
});

describe("what leaves the operator", () => {
  test("passes limiter and metrics exactly once per request, logins too", async () => {
    const provider = rig.provider({ auth: webIdentity, roles: [{ arn: ROLE, ...plainRole }] });
    await provider.validate(NEVER);
    await read(provider);
    const sent = rig.stub.requests.length;
    expect([rig.limited, rig.requestFacts.length]).toEqual([sent, sent]);
    expect(rig.stub.requests.map(({ action }) => action)).toEqual([
      ...["AssumeRoleWithWebIdentity", "AssumeRole", "ListSecrets", "GetSecretValue"],
    ]);
  });

  test("is nothing where an endpoint is plain HTTP without the flag", async () => {
    const { egress } = rig.deps();
    const provider = rig.provider({}, { egress: { ...egress, allowInsecureHttp: false } });
    expect(await read(provider)).toMatchObject({
      kind: "invalidConfig",
      detail: containing("spec.provider.aws.endpoint"),
    });
    expect(rig.stub.requests).toEqual([]);
  });

  test("names no key, token or text of AWS in logs and errors", async () => {
    rig.stub.roles = { ...rig.stub.roles, isRefused: true };
    const answers = [
      await read(rig.provider({ roles: [{ arn: ROLE, ...plainRole }] })),
      await read(rig.provider({ auth: webIdentity })),
    ];
    const told = JSON.stringify([answers, rig.logged.lines, rig.requestFacts]);
    for (const canary of ["stub-secret", "jwt-1", VENDOR_TEXT, ACCESS_KEY_ID]) expect(told).not.toContain(canary);
  });
});
