// A cluster as far as federation sees it: an issuer of ServiceAccount tokens, and the keys that verify them.

import { createPublicKey, randomUUID } from "node:crypto";
import { generateRsaKeys } from "../testbed/certificates.ts";
import type { KeySet } from "../testbed/azure/entra.ts";
import { type Claims, signJwt } from "../testbed/azure/jwt.ts";

export const ISSUER = "https://cluster.example.com";
export const EXCHANGE_AUDIENCE = "api://AzureADTokenExchange";
const KID = "key-1";

export interface FederatedIssuer {
  readonly keys: KeySet;
  /** A token of ServiceAccount NAMESPACE:NAME, valid for ten minutes from `nowMs`; claims and header may be changed. */
  token(account: string, nowMs: number, claims?: Claims, header?: Claims): string;
}

export async function createIssuer(): Promise<FederatedIssuer> {
  const { publicKeyPem, privateKeyPem } = await generateRsaKeys();
  const jwk = { ...createPublicKey(publicKeyPem).export({ format: "jwk" }), kid: KID, alg: "RS256", use: "sig" };
  return {
    keys: () => Promise.resolve({ keys: [jwk] }),
    token: (account, nowMs, claims = {}, header = {}) => {
      const now = Math.floor(nowMs / 1000);
      const sub = `system:serviceaccount:${account}`;
      const base = {
        iss: ISSUER,
        sub,
        aud: [EXCHANGE_AUDIENCE],
        iat: now,
        nbf: now,
        exp: now + 600,
        jti: randomUUID(),
      };
      return signJwt({ typ: "JWT", alg: "RS256", kid: KID, ...header }, { ...base, ...claims }, privateKeyPem);
    },
  };
}
