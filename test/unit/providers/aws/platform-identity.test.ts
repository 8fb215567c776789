// The identity that AWS gives to the operator's own pod, as its agents answer.

import { describe, expect, test } from "vitest";
import { providerError } from "../../../../src/core/provider/error.ts";
import { failed, ok } from "../../../../src/core/result.ts";
import { SecretValue } from "../../../../src/core/secret-value.ts";
import { egressToPlatform } from "../../../../src/providers/http/egress.ts";
import type { HttpRequest } from "../../../../src/providers/http/http-message.ts";
import { PLATFORM_HOSTS, platformLogin } from "../../../../src/providers/aws/platform-identity.ts";

const NEVER = new AbortController().signal;
const NOW_MS = Date.UTC(2026, 0, 1);
const METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";
const POD_IDENTITY = {
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/token",
};
const issued = JSON.stringify({
  ...{ Code: "Success", AccessKeyId: "ASIA1", SecretAccessKey: "made-up", Token: "token-1" },
  Expiration: new Date(NOW_MS + 3_600_000).toISOString(),
});

interface Answer {
  readonly status?: number;
  readonly body: string;
}

/** Logs in where the platform answers as `answers` says, by method and URL; elsewhere nobody answers. */
async function logIn(variables: Readonly<Record<string, string>>, answers: Readonly<Record<string, Answer>>) {
  const asked: HttpRequest[] = [];
  const nobody = (): never => {
    throw new Error("nobody asks STS here");
  };
  const login = platformLogin(
    {
      variable: (name) => variables[name],
      readFile: () => Promise.resolve(SecretValue.ofUtf8("jwt-1")),
    },
    {
      platform: {
        send: (request) => {
          asked.push(request);
          const answer = answers[`${request.method} ${request.url}`];
          if (answer === undefined) return Promise.resolve(failed(providerError("unavailable", "nobody answers")));
          const facts = { headers: {}, retryAfterMs: undefined, serverTimeMs: NOW_MS };
          return Promise.resolve(ok({ status: answer.status ?? 200, body: Buffer.from(answer.body), ...facts }));
        },
        destroy: () => undefined,
      },
      sts: { assumeRole: nobody, assumeRoleWithWebIdentity: nobody, accountOf: nobody },
      nowMs: () => 0,
    },
  );
  const keys = await login(NEVER);
  return {
    asked,
    outcome: keys.ok ? { ...keys.value, secretAccessKey: keys.value.secretAccessKey.revealUtf8() } : keys.error,
  };
}

describe("EKS Pod Identity", () => {
  test("gives keys for the token that the platform mounts, until they end by its own clock", async () => {
    const { asked, outcome } = await logIn(POD_IDENTITY, {
      "GET http://169.254.170.23/v1/credentials": { body: issued },
    });
    expect(outcome).toMatchObject({ accessKeyId: "ASIA1", secretAccessKey: "made-up", lifeMs: 3_600_000 });
    expect(asked.map(({ headers }) => headers)).toEqual([{ authorization: "jwt-1" }]);
  });

  test.each([
    { given: "a denial", answer: { status: 403, body: "" }, kind: "unavailable" },
    { given: "no association", answer: { status: 404, body: "" }, kind: "unauthenticated" },
    { given: "half an answer", answer: { body: '{"AccessKeyId":"ASIA1"}' }, kind: "unavailable" },
    { given: "no JSON", answer: { body: "<html>" }, kind: "unavailable" },
  ])("with $given is $kind", async ({ answer, kind }) => {
    const { outcome } = await logIn(POD_IDENTITY, { "GET http://169.254.170.23/v1/credentials": answer });
    expect(outcome).toMatchObject({ kind });
  });

  test.each(["http://169.254.170.23.evil.example/", "http://169.254.170.23:8080/", "http://10.0.0.1/", "no URL"])(
    "is not asked at %s",
    async (AWS_CONTAINER_CREDENTIALS_FULL_URI) => {
      const { asked, outcome } = await logIn({ ...POD_IDENTITY, AWS_CONTAINER_CREDENTIALS_FULL_URI }, {});
      expect(outcome).toMatchObject({ kind: "unauthenticated" });
      expect(asked).toEqual([]);
    },
  );
});

describe("the role of the instance", () => {
  const session = { "PUT http://169.254.169.254/latest/api/token": { body: "session-1" } };

  test("gives keys to who has a session of the metadata service", async () => {
    const { asked, outcome } = await logIn(
      {},
      { ...session, [`GET ${METADATA}`]: { body: "reader" }, [`GET ${METADATA}reader`]: { body: issued } },
    );
    expect(outcome).toMatchObject({ accessKeyId: "ASIA1" });
    expect(asked.slice(1).map(({ headers }) => headers["x-aws-ec2-metadata-token"])).toEqual([
      "session-1",
      "session-1",
    ]);
  });

  test.each([
    { given: "no role", answer: { status: 404, body: "" } },
    { given: "a role of an illegal name", answer: { body: "../../user-data" } },
  ])("with $given is unauthenticated", async ({ answer }) => {
    const { outcome } = await logIn({}, { ...session, [`GET ${METADATA}`]: answer });
    expect(outcome).toMatchObject({ kind: "unauthenticated" });
  });

  test("that cannot be reached is unavailable", async () => {
    expect((await logIn({}, {})).outcome).toMatchObject({ kind: "unavailable" });
  });
});

test("the way to the platform leads to its own addresses only", () => {
  const egress = egressToPlatform(...PLATFORM_HOSTS);
  expect(["169.254.170.23", "fd00:ec2::23", "169.254.169.254"].every((host) => egress.allowsAddress(host))).toBe(true);
  expect(egress.allowsAddress("169.254.170.2")).toBe(false);
});
