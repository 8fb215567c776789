// Schema of auth and tls of spec.provider.vault: every way to log in.

import { z } from "zod";
import { ruleMessages } from "../../src/core/spec/rules.ts";
import { staticKeys, webIdentity } from "./aws.ts";
import { exactlyOne } from "./cel.ts";
import { atomicList, dataKey, objectName, ruled, ruledText, someText } from "./fields.ts";
import { reference, secretKeyRef, serviceAccountRef, type StoreScope } from "./references.ts";

function appRole(scope: StoreScope) {
  return ruled(
    z
      .object({
        path: ruledText(256, "vaultPath", "Mount of the auth method; approle if left out.").optional(),
        roleId: someText(256, "The role id.").optional(),
        roleRef: secretKeyRef(scope, "Where the role id is kept.").optional(),
        secretRef: secretKeyRef(scope, "Where the secret id is kept."),
      })
      .describe("Logs in by AppRole."),
    [{ rule: exactlyOne(["roleId", "roleRef"]), message: ruleMessages.oneRoleId }],
  );
}

function kubernetes(scope: StoreScope) {
  const account = serviceAccountRef(scope, "vault", "The ServiceAccount whose token logs in; minted by TokenRequest.");
  const secretRef = optionalKeyRef(scope, "token", "Where a ServiceAccount token is kept.");
  return ruled(
    z
      .object({
        mountPath: ruledText(256, "vaultPath", "Mount of the auth method; kubernetes if left out.").optional(),
        role: someText(256, "Name of the role in Vault."),
        serviceAccountRef: account.optional(),
        secretRef: secretRef.optional(),
      })
      .describe(
        scope === "Cluster"
          ? "Logs in by a Kubernetes token; the operator's own if neither serviceAccountRef nor secretRef is set."
          : "Logs in by a Kubernetes token.",
      ),
    [
      { rule: "!has(self.serviceAccountRef) || !has(self.secretRef)", message: ruleMessages.oneIdentity },
      ...(scope === "Cluster"
        ? []
        : [{ rule: "has(self.serviceAccountRef) || has(self.secretRef)", message: ruleMessages.ownIdentity }]),
    ],
  );
}

function jwt(scope: StoreScope) {
  const account = serviceAccountRef(scope, "vault", "The ServiceAccount whose token logs in; minted by TokenRequest.");
  const minted = z
    .object({
      serviceAccountRef: account,
      audiences: atomicList(someText(256, "One audience."), 8, "More audiences of the token.").optional(),
    })
    .describe("Logs in by a token that is minted for a ServiceAccount.");
  return ruled(
    z
      .object({
        path: ruledText(256, "vaultPath", "Mount of the auth method; jwt if left out.").optional(),
        role: someText(256, "Name of the role in Vault; its default role if left out.").optional(),
        secretRef: secretKeyRef(scope, "Where a JWT is kept.").optional(),
        kubernetesServiceAccountToken: minted.optional(),
      })
      .describe("Logs in by a JWT (JWT/OIDC auth method)."),
    [{ rule: exactlyOne(["secretRef", "kubernetesServiceAccountToken"]), message: ruleMessages.oneJwt }],
  );
}

function certificateRef(scope: StoreScope) {
  return optionalKeyRef(scope, "tls.crt", "Where the client certificate is kept, with its chain (PEM).");
}

function privateKeyRef(scope: StoreScope) {
  return optionalKeyRef(scope, "tls.key", "Where the private key of the certificate is kept (PEM).");
}

function optionalKeyRef(scope: StoreScope, key: string, description: string) {
  const name = objectName("Name of the Secret.");
  return reference(scope, { name, key: dataKey(`Key in the Secret; ${key} if left out.`).optional() }, description);
}

function cert(scope: StoreScope) {
  return z
    .object({
      path: ruledText(256, "vaultPath", "Mount of the auth method; cert if left out.").optional(),
      vaultRole: someText(256, "Name of the role in Vault; all are tried if left out.").optional(),
      clientCert: certificateRef(scope),
      secretRef: privateKeyRef(scope),
    })
    .describe("Logs in by a TLS client certificate.");
}

function password(scope: StoreScope, mount: string, description: string) {
  return z
    .object({
      path: ruledText(256, "vaultPath", `Mount of the auth method; ${mount} if left out.`).optional(),
      username: ruledText(256, "vaultUser", "Name of the user."),
      secretRef: secretKeyRef(scope, "Where the password is kept."),
    })
    .describe(description);
}

function iam(scope: StoreScope) {
  return ruled(
    z
      .object({
        path: ruledText(256, "vaultPath", "Mount of the auth method; aws if left out.").optional(),
        region: ruledText(64, "awsRegion", "Region of the STS that Vault asks; us-east-1 if left out.").optional(),
        vaultRole: someText(256, "Name of the role in Vault; that of the AWS role or user if left out.").optional(),
        vaultAwsIamServerID: ruledText(256, "externalId", "What Vault's iam_server_id_header_value says.").optional(),
        role: ruledText(2_048, "roleArn", "AWS role to assume before the login.").optional(),
        externalID: ruledText(1_224, "externalId", "External id to give when role is assumed.").optional(),
        secretRef: staticKeys(scope).optional(),
        jwt: webIdentity(scope).optional(),
      })
      .describe("Logs in by an identity of AWS: a signed question to STS that Vault asks."),
    [
      scope === "Cluster"
        ? { rule: "!has(self.secretRef) || !has(self.jwt)", message: ruleMessages.oneAwsAuth }
        : { rule: exactlyOne(["secretRef", "jwt"]), message: ruleMessages.ownAwsIdentity },
      { rule: "has(self.role) || !has(self.externalID)", message: ruleMessages.iamExternalId },
    ],
  );
}

export function clientCertificate(scope: StoreScope) {
  return z
    .object({ certSecretRef: certificateRef(scope), keySecretRef: privateKeyRef(scope) })
    .describe("Client certificate for servers that ask for one; auth.cert has its own.");
}

export function vaultAuth(scope: StoreScope) {
  const methods = {
    tokenSecretRef: secretKeyRef(scope, "Where a Vault token is kept.").optional(),
    appRole: appRole(scope).optional(),
    kubernetes: kubernetes(scope).optional(),
    jwt: jwt(scope).optional(),
    cert: cert(scope).optional(),
    userPass: password(scope, "userpass", "Logs in by user name and password.").optional(),
    ldap: password(scope, "ldap", "Logs in as a user of an LDAP directory.").optional(),
    iam: iam(scope).optional(),
  };
  const namespace = ruledText(256, "vaultPath", "Vault namespace to log in at; that of the store if left out.");
  return ruled(z.object({ namespace: namespace.optional(), ...methods }).describe("How to log in."), [
    { rule: exactlyOne(Object.keys(methods)), message: ruleMessages.oneAuth },
  ]);
}
