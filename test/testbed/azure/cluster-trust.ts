// Workload identity federation between the stand-in of Entra and a real cluster: its tokens count if the cluster's own
// keys verify them, and what a login carried can be looked at.

import type { JsonWebKey } from "node:crypto";
import { EXCHANGE_AUDIENCE } from "../../support/federated-issuer.ts";
import { isRecord, listAt, parseJson, textAt } from "../json.ts";
import type { Rig } from "../rig.ts";
import type { AzureCloud } from "./azure-cloud.ts";
import type { FederatedCredential, KeySet } from "./entra.ts";
import { unverifiedClaims } from "./jwt.ts";

export interface ClusterTrust {
  /** Of the cluster's ServiceAccount tokens. */
  readonly issuer: string;
  /** The keys that the cluster shows now. */
  readonly keys: KeySet;
  /** Lets the application's tokens be had by this ServiceAccount, too. */
  federate(namespace: string, account: string): FederatedCredential;
  revoke(credential: FederatedCredential): void;
}

/** A login by a token of somebody else, as Entra received it. */
export interface FederatedLogin {
  readonly keyId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** Entra reads the issuer and its keys anew at each login, as it would at a public issuer. */
export async function trustCluster(cloud: AzureCloud, rig: Pick<Rig, "kubectl">): Promise<ClusterTrust> {
  const discovery = parseJson(await rig.kubectl(["get", "--raw", "/.well-known/openid-configuration"]));
  const issuer = textAt(discovery, "issuer");
  const keys: KeySet = async () => ({ keys: keysIn(await rig.kubectl(["get", "--raw", "/openid/v1/jwks"])) });
  const { application, entra } = cloud;
  entra.trustIssuer(issuer, keys);
  return {
    issuer,
    keys,
    federate: (namespace, account) => {
      const subject = `system:serviceaccount:${namespace}:${account}`;
      const credential = { issuer, subject, audiences: [EXCHANGE_AUDIENCE] };
      application.federated = [...application.federated, credential];
      return credential;
    },
    revoke: (credential) => {
      application.federated = application.federated.filter((known) => known !== credential);
    },
  };
}

/** In the order of their coming, refused ones too. */
export function federatedLogins(cloud: AzureCloud): readonly FederatedLogin[] {
  const assertions = cloud.entra.server.calls.map(({ body }) => new URLSearchParams(body).get("client_assertion"));
  return assertions.filter((assertion) => assertion !== null).map(loginOf);
}

function loginOf(assertion: string): FederatedLogin {
  const claims = unverifiedClaims(assertion);
  const header = parseJson(Buffer.from(assertion.split(".")[0] ?? "", "base64url").toString("utf8"));
  return {
    keyId: textAt(header, "kid"),
    issuer: textAt(claims, "iss"),
    subject: textAt(claims, "sub"),
    audience: textAt(claims, "aud", 0),
  };
}

/** RFC 7517, section 5. */
function keysIn(text: string): readonly JsonWebKey[] {
  return listAt(parseJson(text), "keys")
    .filter(isRecord)
    .map((key) => ({ kty: textAt(key, "kty"), n: textAt(key, "n"), e: textAt(key, "e"), kid: textAt(key, "kid") }));
}
