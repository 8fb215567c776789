// The ways to log in to Vault by JWT, certificate and password, valid and not, with the verdict of admission.

import { ruleMessages, textRules } from "../../src/core/spec/rules.ts";
import { ACCEPTED, type Manifest, type SpecVector, secretStore } from "./spec-vector.ts";

const key = { name: "creds", key: "id" };
const foreignKey = { ...key, namespace: "team-b" };
const serviceAccountRef = { name: "app" };
const minted = { serviceAccountRef };
const pair = { clientCert: { name: "client" }, secretRef: { name: "client" } };
const tls = { certSecretRef: { name: "client" }, keySecretRef: { name: "client" } };

const jwt = (fields: object): Manifest => secretStore({ auth: { jwt: { role: "app", ...fields } } });
const user = (fields: object): Manifest =>
  secretStore({ auth: { userPass: { username: "app", secretRef: key, ...fields } } });

const awsKeys = { accessKeyIDSecretRef: key, secretAccessKeySecretRef: key };
const iam = (fields: object): Manifest => secretStore({ auth: { iam: fields } });

function vector(name: string, object: Manifest, verdict: string = ACCEPTED): SpecVector {
  return { name: `${object.kind}: ${name}`, object, verdict };
}

export const vaultAuthVectors: readonly SpecVector[] = [
  vector("JWT of a Secret, for the default role", secretStore({ auth: { jwt: { secretRef: key } } })),
  vector("JWT minted for a ServiceAccount", jwt({ path: "oidc", kubernetesServiceAccountToken: minted })),
  vector("JWT with audiences", jwt({ kubernetesServiceAccountToken: { ...minted, audiences: ["vault"] } })),
  vector("JWT of nobody", jwt({}), ruleMessages.oneJwt),
  vector("JWT of two", jwt({ secretRef: key, kubernetesServiceAccountToken: minted }), ruleMessages.oneJwt),
  vector("JWT at a mount of an illegal form", jwt({ path: "../jwt", secretRef: key }), textRules.vaultPath.message),
  vector("a client certificate", secretStore({ auth: { cert: pair } })),
  vector(
    "a client certificate with all that may be said",
    secretStore({ auth: { cert: { path: "tls", vaultRole: "app", clientCert: key, secretRef: key } } }),
  ),
  vector("a user", user({})),
  vector("a user of a directory", secretStore({ auth: { ldap: { username: "a.b@c", path: "ad", secretRef: key } } })),
  ...[".", "..", "a/b", "a b", "a?b", "a%2fb", "ä"].map((username) =>
    vector(`user ${JSON.stringify(username)}`, user({ username }), textRules.vaultUser.message),
  ),
  vector(
    "two ways to log in, one of them new",
    secretStore({ auth: { cert: pair, tokenSecretRef: key } }),
    ruleMessages.oneAuth,
  ),
  vector("an identity of AWS by keys", iam({ secretRef: awsKeys })),
  vector(
    "an identity of AWS by ServiceAccount, with all that may be said",
    iam({
      ...{ path: "aws/eu", region: "eu-west-1", vaultRole: "app", vaultAwsIamServerID: "vault.example.com" },
      ...{ role: "arn:aws:iam::123456789012:role/reader", externalID: "ours", jwt: { serviceAccountRef } },
    }),
  ),
  vector("an identity of AWS that is the operator's", iam({}), ruleMessages.ownAwsIdentity),
  vector("an external id without a role", iam({ secretRef: awsKeys, externalID: "ours" }), ruleMessages.iamExternalId),
  vector("a certificate for the connection", secretStore({ tls })),
  ...[
    jwt({ secretRef: foreignKey }),
    jwt({ kubernetesServiceAccountToken: { serviceAccountRef: { name: "app", namespace: "team-b" } } }),
    secretStore({ auth: { cert: { ...pair, clientCert: foreignKey } } }),
    secretStore({ auth: { cert: { ...pair, secretRef: foreignKey } } }),
    user({ secretRef: foreignKey }),
    iam({ secretRef: { ...awsKeys, secretAccessKeySecretRef: foreignKey } }),
    secretStore({ tls: { ...tls, certSecretRef: foreignKey } }),
    secretStore({ tls: { ...tls, keySecretRef: foreignKey } }),
  ].map((object, index) => vector(`a namespace in credential ${index}`, object, ruleMessages.foreignNamespace)),
];
