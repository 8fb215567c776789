// The stand-in of Key Vault and Entra is strict: what real ones refuse, it refuses. A stand-in that accepts anything
// would prove nothing about what logs in to it.

import { createHash, createHmac, createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import https from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIssuer, EXCHANGE_AUDIENCE, type FederatedIssuer, ISSUER } from "../../../support/federated-issuer.ts";
import { testTls } from "../../../support/tls.ts";
import { type AzureCloud, CLIENT_SECRET, startAzureCloud } from "../../../testbed/azure/azure-cloud.ts";
import { type Claims, signJwt } from "../../../testbed/azure/jwt.ts";
import {
  createCertificateAuthority,
  generateRsaKeys,
  type KeyPair,
  type PublicKeyPair,
} from "../../../testbed/certificates.ts";

let cloud: AzureCloud;
let issuer: FederatedIssuer;
let leaf: KeyPair;
let strangerLeaf: KeyPair;
let strangerKeys: PublicKeyPair;
const nowSeconds = Math.floor(Date.now() / 1000);

beforeAll(async () => {
  cloud = await startAzureCloud();
  issuer = await createIssuer();
  const authority = await createCertificateAuthority("client");
  leaf = await authority.issue({ commonName: "client" });
  strangerLeaf = await authority.issue({ commonName: "stranger" });
  strangerKeys = await generateRsaKeys();
  cloud.application.certificatesPem = [leaf.certificatePem];
  cloud.application.federated = [
    { issuer: ISSUER, subject: "system:serviceaccount:team-a:app", audiences: [EXCHANGE_AUDIENCE] },
  ];
  cloud.entra.trustIssuer(ISSUER, issuer.keys);
  cloud.vault.objects.put("secrets", "app", { value: "canary-value" });
}, 60_000);
afterAll(() => cloud.close());

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  form?: Readonly<Record<string, string>>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const type = form === undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" };
    const method = form === undefined ? "GET" : "POST";
    const request = https.request(url, { method, ca: testTls.ca, headers: { ...headers, ...type } }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on("error", reject);
    request.end(form === undefined ? undefined : new URLSearchParams(form).toString());
  });
}

const secretUrl = (query = "?api-version=7.4"): string => `${cloud.vault.url}/secrets/app/${query}`;

function read(token: string): Promise<Reply> {
  return ask(secretUrl(), { authorization: `Bearer ${token}` });
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function parts(token: string): [string, string, string] {
  const [head = "", body = "", signature = ""] = token.split(".");
  return [head, body, signature];
}

describe("an access token", () => {
  test("as Entra makes it is accepted", async () => {
    expect(await read(cloud.entra.mint())).toMatchObject({ status: 200 });
  });

  const mint = (claims: Claims, header: Claims = {}): string => cloud.entra.mint(claims, header);
  test.each<{ given: string; token: () => string }>([
    { given: "signed by another key", token: () => cloud.entra.mint({}, {}, strangerKeys.privateKeyPem) },
    { given: "of another issuer", token: () => mint({ iss: "https://sts.example.com/" }) },
    { given: "of another tenant's issuer", token: () => mint({ iss: `https://sts.windows.net/${randomUUID()}/` }) },
    { given: "without an issuer", token: () => mint({ iss: undefined }) },
    { given: "for another audience", token: () => mint({ aud: "https://graph.microsoft.com" }) },
    { given: "for an audience that only begins alike", token: () => mint({ aud: "https://localhost.example.com" }) },
    { given: "without an audience", token: () => mint({ aud: undefined }) },
    { given: "of another tenant", token: () => mint({ tid: randomUUID() }) },
    { given: "without a tenant", token: () => mint({ tid: undefined }) },
    { given: "without an object id", token: () => mint({ oid: undefined }) },
    { given: "that is expired", token: () => mint({ exp: nowSeconds - 600 }) },
    { given: "without an expiry", token: () => mint({ exp: undefined }) },
    { given: "whose expiry is text", token: () => mint({ exp: String(nowSeconds + 600) }) },
    { given: "that is not yet valid", token: () => mint({ nbf: nowSeconds + 600 }) },
    { given: "whose nbf is text", token: () => mint({ nbf: "now" }) },
    { given: "of an unknown key id", token: () => mint({}, { kid: "another" }) },
    { given: "without a key id", token: () => mint({}, { kid: undefined }) },
    { given: "with a critical header", token: () => mint({}, { crit: ["exp"] }) },
    { given: "signed by PS256, which Entra does not use here", token: () => mint({}, { alg: "PS256" }) },
    { given: "of algorithm RS512", token: () => mint({}, { alg: "RS512" }) },
    { given: "of algorithm none, unsigned", token: () => unsigned("none") },
    { given: "of algorithm None, unsigned", token: () => unsigned("None") },
    { given: "signed by HS256 with the public key", token: signedWithPublicKey },
    { given: "whose claims were changed after signing", token: () => tampered(1) },
    { given: "whose header was changed after signing", token: () => tampered(0) },
    { given: "with no signature", token: () => `${parts(cloud.entra.mint()).slice(0, 2).join(".")}.` },
    { given: "of two parts", token: () => parts(cloud.entra.mint()).slice(0, 2).join(".") },
    { given: "of four parts", token: () => `${cloud.entra.mint()}.x` },
    { given: "that is no JSON", token: () => "YQ.YQ.YQ" },
    { given: "that is not there", token: () => "" },
    { given: "of a cluster", token: () => issuer.token("team-a:app", Date.now()) },
  ])("$given is refused, with the challenge", async ({ token }) => {
    const answer = await read(token());
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe(
      `Bearer authorization="${cloud.entra.authority}/${cloud.tenantId}", resource="https://localhost"`,
    );
    expect(answer.body).not.toContain("canary-value");
  });

  test("that was ended is refused, whoever it belongs to", async () => {
    const token = cloud.entra.mint();
    expect((await read(token)).status).toBe(200);
    cloud.entra.endTokens();
    expect((await read(token)).status).toBe(401);
  });

  test("of an identity without a role is denied, not challenged", async () => {
    expect((await read(cloud.entra.mint({ oid: randomUUID() }))).status).toBe(403);
  });

  test.each(["Basic", "bearer:", ""])("under the scheme %j is refused", async (scheme) => {
    const answer = await ask(secretUrl(), { authorization: `${scheme} ${cloud.entra.mint()}`.trim() });
    expect(answer.status).toBe(401);
  });
});

describe("the vault", () => {
  test.each(["", "?api-version=", "?api-version=2015-06-01", "?api-version=99"])(
    "refuses the api-version in %j",
    async (query) => {
      const answer = await ask(secretUrl(query), { authorization: `Bearer ${cloud.entra.mint()}` });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("BadParameter")]);
    },
  );

  test("lists no more than 25 a page", async () => {
    const url = `${cloud.vault.url}/secrets?api-version=7.4&maxresults=26`;
    expect((await ask(url, { authorization: `Bearer ${cloud.entra.mint()}` })).status).toBe(400);
  });
});

describe("a login", () => {
  const log = (form: Readonly<Record<string, string>>, tenantId = cloud.tenantId): Promise<Reply> =>
    ask(
      `${cloud.entra.authority}/${tenantId}/oauth2/v2.0/token`,
      {},
      {
        grant_type: "client_credentials",
        client_id: cloud.application.clientId,
        scope: "https://localhost/.default",
        ...form,
      },
    );
  const asserting = (assertion: string, form: Readonly<Record<string, string>> = {}): Promise<Reply> =>
    log({
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
      ...form,
    });

  test("by secret, by certificate and by federation gets a token", async () => {
    const answers = [
      await log({ client_secret: CLIENT_SECRET }),
      await asserting(byCertificate()),
      await asserting(issuer.token("team-a:app", Date.now())),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test.each<{ given: string; attempt: () => Promise<Reply>; number: number }>([
    { given: "a wrong secret", attempt: () => log({ client_secret: "wrong-word" }), number: 7000215 },
    { given: "an empty secret", attempt: () => log({ client_secret: "" }), number: 7000215 },
    { given: "no proof", attempt: () => log({}), number: 7000218 },
    {
      given: "another client",
      attempt: () => log({ client_id: randomUUID(), client_secret: CLIENT_SECRET }),
      number: 700016,
    },
    { given: "another tenant", attempt: () => log({ client_secret: CLIENT_SECRET }, randomUUID()), number: 90002 },
    {
      given: "another resource",
      attempt: () => log({ client_secret: CLIENT_SECRET, scope: "https://graph.microsoft.com/.default" }),
      number: 70011,
    },
    {
      given: "another grant",
      attempt: () => log({ client_secret: CLIENT_SECRET, grant_type: "password" }),
      number: 70003,
    },
    {
      given: "an assertion of another type",
      attempt: () => asserting(byCertificate(), { client_assertion_type: "x" }),
      number: 7000218,
    },
    {
      given: "a certificate that the application does not know",
      attempt: () => asserting(byCertificate({}, {}, strangerLeaf)),
      number: 700027,
    },
    {
      given: "a known certificate's thumbprint and another key",
      attempt: () => asserting(byCertificate({}, { "x5t#S256": thumbprint(leaf) }, strangerLeaf)),
      number: 700027,
    },
    { given: "no thumbprint", attempt: () => asserting(byCertificate({}, { "x5t#S256": undefined })), number: 700027 },
    {
      given: "an assertion for another audience",
      attempt: () => asserting(byCertificate({ aud: "https://elsewhere.example.com" })),
      number: 700027,
    },
    {
      given: "an assertion of another subject",
      attempt: () => asserting(byCertificate({ sub: randomUUID() })),
      number: 700027,
    },
    {
      given: "an assertion without an id",
      attempt: () => asserting(byCertificate({ jti: undefined })),
      number: 700027,
    },
    {
      given: "an expired assertion",
      attempt: () => asserting(byCertificate({ exp: nowSeconds - 600 })),
      number: 700024,
    },
    {
      given: "an assertion not yet valid",
      attempt: () => asserting(byCertificate({ nbf: nowSeconds + 600 })),
      number: 700027,
    },
    {
      given: "a token of another ServiceAccount",
      attempt: () => asserting(issuer.token("team-b:app", Date.now())),
      number: 700213,
    },
    {
      given: "a token of another cluster",
      attempt: () => asserting(issuer.token("team-a:app", Date.now(), { iss: "https://other.example.com" })),
      number: 700213,
    },
    {
      given: "a cluster token for another audience",
      attempt: () => asserting(issuer.token("team-a:app", Date.now(), { aud: ["vault"] })),
      number: 700027,
    },
    {
      given: "an expired cluster token",
      attempt: () => asserting(issuer.token("team-a:app", Date.now() - 3_600_000)),
      number: 700024,
    },
    {
      given: "a cluster token of an unknown key id",
      attempt: () => asserting(issuer.token("team-a:app", Date.now(), {}, { kid: "other" })),
      number: 700027,
    },
    {
      given: "a cluster token without a key id",
      attempt: () => asserting(issuer.token("team-a:app", Date.now(), {}, { kid: undefined })),
      number: 700027,
    },
    {
      given: "a cluster token of another signer",
      attempt: async () => asserting((await createIssuer()).token("team-a:app", Date.now())),
      number: 700027,
    },
    {
      given: "an unsigned cluster token",
      attempt: () => asserting(unsignedOf(issuer.token("team-a:app", Date.now()))),
      number: 700027,
    },
  ])("with $given gets none: AADSTS$number", async ({ attempt, number }) => {
    const { status, body } = await attempt();
    expect([400, 401]).toContain(status);
    expect(body).toContain(`"error_codes":[${number}]`);
    expect(body).not.toContain("access_token");
  });
});

function thumbprint({ certificatePem }: KeyPair): string {
  return createHash("sha256").update(new X509Certificate(certificatePem).raw).digest("base64url");
}

function byCertificate(claims: Claims = {}, header: Claims = {}, pair: KeyPair = leaf): string {
  const { clientId } = cloud.application;
  const aud = `${cloud.entra.authority}/${cloud.tenantId}/oauth2/v2.0/token`;
  const base = { iss: clientId, sub: clientId, aud, jti: randomUUID(), nbf: nowSeconds, exp: nowSeconds + 600 };
  const head = { typ: "JWT", alg: "PS256", "x5t#S256": thumbprint(pair), ...header };
  return signJwt(head, { ...base, ...claims }, pair.privateKeyPem);
}

function unsigned(alg: string): string {
  const [head, body] = parts(cloud.entra.mint());
  const header: unknown = JSON.parse(Buffer.from(head, "base64url").toString("utf8"));
  return `${base64url({ ...(typeof header === "object" ? header : {}), alg })}.${body}.YQ`;
}

function unsignedOf(token: string): string {
  const [, body] = parts(token);
  return `${base64url({ alg: "none", kid: "key-1" })}.${body}.YQ`;
}

/** The attack on verifiers that let the token choose the algorithm: RFC 8725, section 2.1. */
function signedWithPublicKey(): string {
  const [head, body] = parts(cloud.entra.mint());
  const header: unknown = JSON.parse(Buffer.from(head, "base64url").toString("utf8"));
  const text = `${base64url({ ...(typeof header === "object" ? header : {}), alg: "HS256" })}.${body}`;
  const key = createPublicKey(cloud.entra.publicKeyPem).export({ type: "spki", format: "pem" });
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

function tampered(index: 0 | 1): string {
  const all = parts(cloud.entra.mint());
  const part: unknown = JSON.parse(Buffer.from(all[index], "base64url").toString("utf8"));
  all[index] = base64url({ ...(typeof part === "object" ? part : {}), added: true });
  return all.join(".");
}
