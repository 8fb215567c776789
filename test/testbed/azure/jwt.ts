// JSON Web Tokens, signed and verified with node:crypto alone. The verifier takes nothing on trust: the algorithm is the
// verifier's choice, never the token's (RFC 8725, section 3.1), and every claim that it is told to check must be there.

import { constants, createPrivateKey, type KeyObject, sign, verify } from "node:crypto";

export type Claims = Readonly<Record<string, unknown>>;
export type Algorithm = "RS256" | "PS256";

export interface Expectation {
  readonly algorithms: readonly Algorithm[];
  /** Finds the key of a token's header; undefined: nobody's. */
  readonly keyOf: (header: Claims) => KeyObject | undefined;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly nowSeconds: number;
}

export type Verdict = { readonly ok: true; readonly claims: Claims } | { readonly ok: false; readonly why: string };

/** Entra and Key Vault allow clocks to differ by so much (Microsoft.IdentityModel: TokenValidationParameters.ClockSkew). */
const CLOCK_SKEW_SECONDS = 300;
/** RFC 4648, section 5, without padding. */
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export function signJwt(header: Claims, claims: Claims, privateKeyPem: string): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const key = createPrivateKey(privateKeyPem);
  const signature = sign("sha256", Buffer.from(text), signingInput(key, header["alg"] === "PS256" ? "PS256" : "RS256"));
  return `${text}.${signature.toString("base64url")}`;
}

export function verifyJwt(token: string, expected: Expectation): Verdict {
  const parts = token.split(".");
  const [head = "", body = "", signature = ""] = parts;
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return refused("no signed JWT");
  const header = decode(head);
  const claims = decode(body);
  if (header === undefined || claims === undefined) return refused("header or claims are no JSON object");
  const fault = signatureFault(header, `${head}.${body}`, signature, expected) ?? claimFault(claims, expected);
  return fault === undefined ? { ok: true, claims } : refused(fault);
}

/** Claims that nobody has vouched for: only to find whose keys must. */
export function unverifiedClaims(token: string): Claims {
  return decode(token.split(".")[1] ?? "") ?? {};
}

function signatureFault(
  header: Claims,
  signed: string,
  signature: string,
  { algorithms, keyOf }: Expectation,
): string | undefined {
  const algorithm = algorithms.find((name) => name === header["alg"]);
  if (algorithm === undefined) return "algorithm not allowed";
  if (header["crit"] !== undefined) return "critical header not understood";
  const key = keyOf(header);
  if (key === undefined) return "unknown key";
  const bytes = Buffer.from(signature, "base64url");
  return verify("sha256", Buffer.from(signed), signingInput(key, algorithm), bytes)
    ? undefined
    : "signature does not fit";
}

function claimFault(claims: Claims, expected: Expectation): string | undefined {
  const { iss, aud, exp, nbf } = claims;
  if (iss !== expected.issuer) return "wrong issuer";
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!expected.audiences.some((audience) => audiences.includes(audience))) return "wrong audience";
  if (typeof exp !== "number") return "no expiry";
  if (exp + CLOCK_SKEW_SECONDS <= expected.nowSeconds) return "expired";
  if (nbf !== undefined && typeof nbf !== "number") return "nbf is no number";
  if (nbf !== undefined && nbf - CLOCK_SKEW_SECONDS > expected.nowSeconds) return "not yet valid";
  return undefined;
}

function signingInput(key: KeyObject, algorithm: Algorithm) {
  return algorithm === "RS256"
    ? { key, padding: constants.RSA_PKCS1_PADDING }
    : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function refused(why: string): Verdict {
  return { ok: false, why };
}

function encode(part: Claims): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
