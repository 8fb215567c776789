// Vault's AWS login: what is signed and sent to Vault, with which keys, and that nothing else is asked.

import { afterEach, beforeEach, expect, test } from "vitest";
import { remoteRefId, type SecretProvider } from "../../../../src/core/provider/port.ts";
import { recordOf, textOf } from "../../../../src/core/unknown.ts";
import type { VaultAuth } from "../../../../src/core/spec/secret-store.ts";
import { respond } from "../../../support/stub-vault.ts";
import { verifiedSignature } from "../../../support/signature-v4.ts";
import { objectKeyRef, VaultRig } from "../../../support/vault-rig.ts";

const NEVER = new AbortController().signal;
const SECRET_KEY = "made/up+key";

let rig: VaultRig;
beforeEach(async () => {
  rig = await VaultRig.start();
  rig.stub.kv().put("app/db", { password: "p1" });
  rig.objects.set("aws/id", "AKIDMADEUP\n").set("aws/key", SECRET_KEY).set("aws/session", "made-up-session");
});
afterEach(() => rig.close());

type IamAuth = Extract<VaultAuth, { kind: "iam" }>;

function iam(changes: Partial<IamAuth> = {}): VaultAuth {
  return {
    kind: "iam",
    path: "aws",
    role: "reader",
    region: "us-east-1",
    serverId: "vault.example.com",
    identity: {
      kind: "secret",
      accessKeyId: objectKeyRef("aws", "id"),
      secretAccessKey: objectKeyRef("aws", "key"),
      sessionToken: objectKeyRef("aws", "session"),
    },
    roles: [],
    ...changes,
  };
}

async function read(provider: SecretProvider) {
  const ref = { key: "app/db", version: undefined, metadataPolicy: "None" } as const;
  const answer = (await provider.readSecrets([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer");
  return answer.ok ? "ok" : answer.error;
}

/** What Vault is to send to STS. */
function question() {
  const [login] = rig.stub.requests;
  const text = (name: string): string => Buffer.from(textOf(login?.body[name]) ?? "", "base64").toString("utf8");
  const url = new URL(text("iam_request_url"));
  const headers = Object.fromEntries(
    Object.entries(recordOf(JSON.parse(text("iam_request_headers")))).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
  const method = String(login?.body["iam_http_request_method"]);
  return { url, headers, request: { method, path: url.pathname, headers, body: text("iam_request_body") } };
}

test.each([
  { region: "us-east-1", host: "sts.amazonaws.com" },
  { region: "eu-west-1", host: "sts.eu-west-1.amazonaws.com" },
  { region: "cn-north-1", host: "sts.cn-north-1.amazonaws.com.cn" },
])("in $region the question is for $host, signed for it and for this Vault", async ({ region, host }) => {
  expect(await read(rig.provider({ auth: iam({ region }) }))).toBe("ok");
  expect(rig.stub.requests[0]).toMatchObject({ method: "POST", path: "auth/aws/login", body: { role: "reader" } });
  const { url, headers, request } = question();
  expect(url.href).toBe(`https://${host}/`);
  expect(request.body).toBe("Action=GetCallerIdentity&Version=2011-06-15");
  expect(headers).toMatchObject({ host, "x-vault-aws-iam-server-id": "vault.example.com" });
  expect(headers["x-amz-security-token"]).toBe("made-up-session");
  const facts = verifiedSignature(request, SECRET_KEY);
  expect(facts).toMatchObject({ accessKeyId: "AKIDMADEUP", region, service: "sts" });
  expect(facts?.signedHeaders).toEqual(
    expect.arrayContaining(["host", "x-amz-date", "x-amz-security-token", "x-vault-aws-iam-server-id"]),
  );
  expect(verifiedSignature(request, "another")).toBeUndefined();
});

test("without a server id, a session or a role none is sent", async () => {
  const identity: IamAuth["identity"] = {
    kind: "secret",
    accessKeyId: objectKeyRef("aws", "id"),
    secretAccessKey: objectKeyRef("aws", "key"),
    sessionToken: undefined,
  };
  await read(rig.provider({ auth: iam({ role: undefined, serverId: undefined, identity }) }));
  expect(rig.stub.requests[0]?.body).not.toHaveProperty("role");
  const { headers, request } = question();
  expect(Object.keys(headers)).not.toContain("x-vault-aws-iam-server-id");
  expect(Object.keys(headers)).not.toContain("x-amz-security-token");
  expect(verifiedSignature(request, SECRET_KEY)).toBeDefined();
});

test("the keys themselves never leave for Vault, nor appear in a log", async () => {
  await read(rig.provider({ auth: iam() }));
  expect(JSON.stringify(rig.stub.requests)).not.toContain(SECRET_KEY);
  expect(JSON.stringify(question())).not.toContain(SECRET_KEY);
  expect(rig.logLines.join()).not.toContain(SECRET_KEY);
});

test("a missing key is unauthenticated, and Vault is not asked", async () => {
  rig.objects.delete("aws/key");
  expect(await read(rig.provider({ auth: iam() }))).toMatchObject({
    kind: "unauthenticated",
    detail: "Secret aws has no key key",
  });
  expect(rig.stub.requests).toEqual([]);
});

test("a refused login names the method", async () => {
  rig.stub.faults.set("auth/aws/login", respond({ status: 400, body: { errors: ["vendor text"] } }));
  expect(await read(rig.provider({ auth: iam() }))).toMatchObject({
    kind: "unauthenticated",
    detail: "Vault refused the AWS login (HTTP 400)",
  });
});
