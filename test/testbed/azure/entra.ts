// Microsoft Entra ID as a client of Key Vault sees it: the metadata that MSAL asks for, and the token endpoint for client
// credentials. A client proves itself by a secret, by an assertion that its certificate signed, or by a token of a
// trusted issuer; nothing else gets a token.

import { createHash, createPublicKey, type JsonWebKey, type KeyObject, randomUUID, X509Certificate } from "node:crypto";
import { generateRsaKeys, type PublicKeyPair } from "../certificates.ts";
import { type Claims, signJwt, unverifiedClaims, type Verdict, verifyJwt } from "./jwt.ts";
import { type Answer, type Call, type StandInServer, startServer } from "./tls-server.ts";

/** An application of one tenant. */
export interface Application {
  readonly tenantId: string;
  readonly clientId: string;
  /** Object id of its service principal: what access is granted to. */
  readonly objectId: string;
  secrets: readonly string[];
  certificatesPem: readonly string[];
  federated: readonly FederatedCredential[];
}

/** https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredential : all three must match exactly. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

export type KeySet = () => Promise<{ readonly keys: readonly JsonWebKey[] }>;

export interface EntraOptions {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly host: string;
  readonly nowMs?: () => number;
  /** Lifetime of the tokens that it makes. */
  readonly tokenSeconds?: number;
  /** Of the tokens that it makes; new ones if left out. Making them takes long. */
  readonly keys?: PublicKeyPair;
  /** What tokens may be asked for, such as https://vault.azure.net. */
  readonly resources: readonly string[];
}

export interface Entra {
  readonly server: StandInServer;
  /** URL of the authority. */
  readonly authority: string;
  register(application: Partial<Application> & Pick<Application, "tenantId" | "clientId">): Application;
  /** Keys of an issuer of federated tokens, such as a cluster's /openid/v1/jwks; asked anew at each login. */
  trustIssuer(issuer: string, keys: KeySet): void;
  /** While set, each login is answered so. */
  refusal: Answer | undefined;
  /** Tokens that were given out and not ended. */
  readonly issued: ReadonlySet<string>;
  /** Key Vault refuses them from now on. */
  endTokens(): void;
  /** An access token as the endpoint makes it, changed: for tests that show what is refused. */
  mint(claims?: Claims, header?: Claims, privateKeyPem?: string): string;
  readonly publicKeyPem: string;
  /** Judges an access token for a resource and tenant, as Key Vault does. */
  judge(token: string, resource: string, tenantId: string): Verdict;
  close(): Promise<void>;
}

const FEDERATED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DEFAULT_TOKEN_SECONDS = 3599;

/** Error numbers: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes */
const errors = {
  noSuchTenant: [400, "invalid_request", 90002],
  noSuchApplication: [400, "unauthorized_client", 700016],
  badSecret: [401, "invalid_client", 7000215],
  noCredential: [401, "invalid_client", 7000218],
  badAssertion: [401, "invalid_client", 700027],
  expiredAssertion: [401, "invalid_client", 700024],
  noFederation: [401, "invalid_client", 700213],
  badScope: [400, "invalid_scope", 70011],
  badGrant: [400, "unsupported_grant_type", 70003],
} as const satisfies Record<string, readonly [number, string, number]>;

export async function startEntra(options: EntraOptions): Promise<Entra> {
  const keys = options.keys ?? (await generateRsaKeys());
  const kid = createHash("sha256").update(keys.publicKeyPem).digest("base64url");
  const publicKey = createPublicKey(keys.publicKeyPem);
  const nowSeconds = (): number => Math.floor((options.nowMs ?? Date.now)() / 1000);
  const tokenSeconds = options.tokenSeconds ?? DEFAULT_TOKEN_SECONDS;
  const applications: Application[] = [];
  const issuers = new Map<string, KeySet>();
  const issued = new Set<string>();

  const accessToken = (claims: Claims, header: Claims = {}, key = keys.privateKeyPem): string => {
    const now = nowSeconds();
    // https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference : a v1.0 token.
    const base = { iat: now, nbf: now, exp: now + tokenSeconds, ver: "1.0", uti: randomUUID() };
    const token = signJwt({ typ: "JWT", alg: "RS256", kid, ...header }, { ...base, ...claims }, key);
    issued.add(token);
    return token;
  };
  const server = await startServer({
    tls: options.tls,
    host: options.host,
    answer: (call) => {
      const [, tenantId = "", ...rest] = call.url.pathname.split("/");
      const place = rest.join("/");
      if (place === "v2.0/.well-known/openid-configuration")
        return openidConfiguration(server.origin, tenantId, applications);
      if (place !== "oauth2/v2.0/token") return { status: 404 };
      if (entra.refusal !== undefined) return entra.refusal;
      return login({
        call,
        tenantId,
        applications,
        issuers,
        origin: server.origin,
        nowSeconds: nowSeconds(),
        resources: options.resources,
        tokenSeconds,
        accessToken,
      });
    },
  });
  const entra: Entra = {
    server,
    authority: server.origin,
    register: (application) => {
      const whole = { objectId: randomUUID(), secrets: [], certificatesPem: [], federated: [], ...application };
      applications.push(whole);
      return whole;
    },
    trustIssuer: (issuer, keySet) => void issuers.set(issuer, keySet),
    refusal: undefined,
    issued,
    endTokens: () => issued.clear(),
    mint: (claims = {}, header = {}, key = keys.privateKeyPem) => {
      const [first] = applications;
      if (first === undefined) throw new Error("register an application first");
      return accessToken({ ...claimsOf(first, options.resources[0] ?? ""), ...claims }, header, key);
    },
    publicKeyPem: keys.publicKeyPem,
    judge: (token, resource, tenantId) => {
      const verdict = verifyJwt(token, {
        algorithms: ["RS256"],
        keyOf: (header) => (header["kid"] === kid ? publicKey : undefined),
        issuer: issuerOf(tenantId),
        audiences: [resource],
        nowSeconds: nowSeconds(),
      });
      if (!verdict.ok) return verdict;
      if (verdict.claims["tid"] !== tenantId) return { ok: false, why: "wrong tenant" };
      if (typeof verdict.claims["oid"] !== "string") return { ok: false, why: "no object id" };
      return issued.has(token) ? verdict : { ok: false, why: "ended" };
    },
    close: () => server.close(),
  };
  return entra;
}

/** https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference : `iss` of v1.0 tokens. */
export function issuerOf(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`;
}

export function claimsOf(application: Application, resource: string): Claims {
  const { tenantId, clientId, objectId } = application;
  return { aud: resource, iss: issuerOf(tenantId), tid: tenantId, appid: clientId, oid: objectId, sub: objectId };
}

/** https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc */
function openidConfiguration(origin: string, tenantId: string, applications: readonly Application[]): Answer {
  if (!applications.some((application) => application.tenantId === tenantId)) return failure("noSuchTenant");
  return {
    status: 200,
    body: {
      token_endpoint: `${origin}/${tenantId}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
      jwks_uri: `${origin}/${tenantId}/discovery/v2.0/keys`,
      issuer: `${origin}/${tenantId}/v2.0`,
      authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/authorize`,
      end_session_endpoint: `${origin}/${tenantId}/oauth2/v2.0/logout`,
      response_types_supported: ["code"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
    },
  };
}

interface Login {
  readonly call: Call;
  readonly tenantId: string;
  readonly applications: readonly Application[];
  readonly issuers: ReadonlyMap<string, KeySet>;
  readonly origin: string;
  readonly nowSeconds: number;
  readonly resources: readonly string[];
  readonly tokenSeconds: number;
  readonly accessToken: (claims: Claims) => string;
}

/** https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
async function login(attempt: Login): Promise<Answer> {
  const { call, tenantId, applications } = attempt;
  const form = new URLSearchParams(call.body);
  const isForm = call.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  if (call.method !== "POST" || !isForm) return { status: 405 };
  if (form.get("grant_type") !== "client_credentials") return failure("badGrant");
  if (!applications.some((application) => application.tenantId === tenantId)) return failure("noSuchTenant");
  const application = applications.find(
    (known) => known.tenantId === tenantId && known.clientId === form.get("client_id"),
  );
  if (application === undefined) return failure("noSuchApplication");
  const resource = attempt.resources.find((known) => scopesOf(form).includes(`${known}/.default`));
  if (resource === undefined) return failure("badScope");
  const fault = await proofFault(attempt, application, form);
  if (fault !== undefined) return failure(fault);
  const body = {
    token_type: "Bearer",
    expires_in: attempt.tokenSeconds,
    ext_expires_in: attempt.tokenSeconds,
    access_token: attempt.accessToken(claimsOf(application, resource)),
  };
  return { status: 200, headers: { "Cache-Control": "no-store" }, body };
}

function scopesOf(form: URLSearchParams): readonly string[] {
  return form.get("scope")?.split(" ") ?? [];
}

async function proofFault(
  attempt: Login,
  application: Application,
  form: URLSearchParams,
): Promise<keyof typeof errors | undefined> {
  const secret = form.get("client_secret");
  const assertion = form.get("client_assertion");
  if (secret !== null) return assertion === null && application.secrets.includes(secret) ? undefined : "badSecret";
  if (assertion === null || form.get("client_assertion_type") !== FEDERATED) return "noCredential";
  const verdict = isSelfIssued(assertion, application)
    ? certificateVerdict(attempt, application, assertion)
    : await federatedVerdict(attempt, application, assertion);
  if (verdict === "noFederation") return verdict;
  if (verdict.ok) return undefined;
  return verdict.why === "expired" ? "expiredAssertion" : "badAssertion";
}

/** An assertion that the client itself signed names the client as its issuer. */
function isSelfIssued(assertion: string, application: Application): boolean {
  return unverifiedClaims(assertion)["iss"] === application.clientId;
}

/** https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials */
function certificateVerdict(attempt: Login, application: Application, assertion: string): Verdict {
  const verdict = verifyJwt(assertion, {
    algorithms: ["PS256", "RS256"],
    keyOf: (header) => certificateKey(application, header),
    issuer: application.clientId,
    audiences: [
      `${attempt.origin}/${attempt.tenantId}/oauth2/v2.0/token`,
      `${attempt.origin}/${attempt.tenantId}/v2.0`,
    ],
    nowSeconds: attempt.nowSeconds,
  });
  if (!verdict.ok) return verdict;
  if (verdict.claims["sub"] !== application.clientId) return { ok: false, why: "wrong subject" };
  return typeof verdict.claims["jti"] === "string" ? verdict : { ok: false, why: "no jti" };
}

/** The certificate is named by its thumbprint: `x5t#S256`, or the older `x5t`. */
function certificateKey(application: Application, header: Claims): KeyObject | undefined {
  const certificate = application.certificatesPem
    .map((pem) => new X509Certificate(pem))
    .find(({ raw }) => {
      const sha256 = createHash("sha256").update(raw).digest("base64url");
      const sha1 = createHash("sha1").update(raw).digest("base64url");
      return header["x5t#S256"] === sha256 || (header["x5t#S256"] === undefined && header["x5t"] === sha1);
    });
  return certificate?.publicKey;
}

/** https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation */
async function federatedVerdict(
  attempt: Login,
  application: Application,
  assertion: string,
): Promise<Verdict | "noFederation"> {
  const { iss: issuer, sub: subject } = unverifiedClaims(assertion);
  const credential = application.federated.find((known) => known.issuer === issuer && known.subject === subject);
  const keySet = credential && attempt.issuers.get(credential.issuer);
  if (credential === undefined || keySet === undefined) return "noFederation";
  const { keys } = await keySet();
  return verifyJwt(assertion, {
    algorithms: ["RS256"],
    keyOf: (header) => {
      const jwk = keys.find((key) => typeof header["kid"] === "string" && key["kid"] === header["kid"]);
      return jwk === undefined ? undefined : createPublicKey({ key: jwk, format: "jwk" });
    },
    issuer: credential.issuer,
    audiences: credential.audiences,
    nowSeconds: attempt.nowSeconds,
  });
}

/** https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response-1 */
function failure(kind: keyof typeof errors): Answer {
  const [status, error, number] = errors[kind];
  const body = {
    error,
    error_description: `AADSTS${number}: vendor-text-canary`,
    error_codes: [number],
    trace_id: randomUUID(),
    correlation_id: randomUUID(),
  };
  return { status, body };
}
