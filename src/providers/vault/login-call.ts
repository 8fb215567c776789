// What each auth method sends to Vault: credentials of the cluster, read anew for each login, as path and body of one
// request. A token from a Secret needs none, and a client certificate is shown by the connection.

import type { CredentialReader } from "../../core/provider/credentials.ts";
import type { ProviderError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { KubernetesIdentity, ObjectKeyRef, VaultAuth } from "../../core/spec/secret-store.ts";
import type { ProviderDeps } from "../provider-deps.ts";
import { credentialText, errorOfCredential, passwordText } from "./credential.ts";
import { requestPath } from "./key-path.ts";

export interface LoginCall {
  /** Of the method, for messages. */
  readonly name: string;
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
}

type AuthOf<Kind extends VaultAuth["kind"]> = Extract<VaultAuth, { kind: Kind }>;
export type Call = Promise<Result<LoginCall, ProviderError>>;

/** Vault's docs name this audience for tokens of Kubernetes (api.md: the default). */
const DEFAULT_AUDIENCE = "vault";

export function loginCall(auth: Exclude<VaultAuth, AuthOf<"token">>, deps: ProviderDeps, signal: AbortSignal): Call {
  const { credentials } = deps;
  switch (auth.kind) {
    case "kubernetes":
      return tokenCall("Kubernetes", { ...auth, path: auth.mountPath }, credentials, signal);
    case "jwt":
      return tokenCall("JWT", auth, credentials, signal);
    case "appRole":
      return appRoleCall(auth, credentials, signal);
    case "password":
      return passwordCall(auth, credentials, signal);
    case "iam":
      return import("./iam-call.ts").then(({ iamCall }) => iamCall(auth, deps, signal));
    case "cert":
      return Promise.resolve(ok({ name: "certificate", path: loginPath(auth.path), body: certBody(auth) }));
  }
}

interface TokenLogin {
  readonly path: string;
  readonly role: string | undefined;
  readonly identity: KubernetesIdentity;
}

async function tokenCall(
  name: string,
  { path, role, identity }: TokenLogin,
  credentials: CredentialReader,
  signal: AbortSignal,
): Call {
  const jwt = await jwtOf(identity, credentials, signal);
  if (!jwt.ok) return jwt;
  const body = { ...(role === undefined ? {} : { role }), jwt: jwt.value.revealUtf8() };
  return ok({ name, path: loginPath(path), body });
}

async function appRoleCall(auth: AuthOf<"appRole">, credentials: CredentialReader, signal: AbortSignal): Call {
  const roleId = auth.roleRef === undefined ? undefined : await secretText(auth.roleRef, credentials, signal);
  if (roleId?.ok === false) return roleId;
  const secretId = await secretText(auth.secretRef, credentials, signal);
  if (!secretId.ok) return secretId;
  const body = { role_id: roleId?.value.revealUtf8() ?? auth.roleId ?? "", secret_id: secretId.value.revealUtf8() };
  return ok({ name: "AppRole", path: loginPath(auth.path), body });
}

const nameOfPassword = { userPass: "userPass", ldap: "LDAP" } as const;

async function passwordCall(auth: AuthOf<"password">, credentials: CredentialReader, signal: AbortSignal): Call {
  const { method, path, username, secretRef } = auth;
  const read = await credentials.readSecretKey(secretRef, signal);
  const password = passwordText(`key ${secretRef.key} of Secret ${secretRef.name}`, read);
  if (!password.ok) return password;
  const body = { password: password.value.revealUtf8() };
  return ok({ name: nameOfPassword[method], path: loginPath(path, username), body });
}

function certBody({ role }: AuthOf<"cert">): LoginCall["body"] {
  return role === undefined ? {} : { name: role };
}

function loginPath(mount: string, ...rest: readonly string[]): string {
  return requestPath("auth", mount, "login", ...rest);
}

async function jwtOf(
  identity: KubernetesIdentity,
  credentials: CredentialReader,
  signal: AbortSignal,
): Promise<Result<SecretValue, ProviderError>> {
  switch (identity.kind) {
    case "serviceAccount": {
      const minted = await credentials.requestToken(identity.ref, DEFAULT_AUDIENCE, signal);
      return minted.ok ? ok(minted.value.token) : failed(errorOfCredential(minted.error));
    }
    case "secret":
      return secretText(identity.ref, credentials, signal);
    case "operator":
      return credentialText("operator's token file", await credentials.readOperatorToken(signal));
  }
}

/** A credential of a Secret that stands in a header or is compared as it is. */
export async function secretText(
  ref: ObjectKeyRef,
  credentials: CredentialReader,
  signal: AbortSignal,
): Promise<Result<SecretValue, ProviderError>> {
  return credentialText(`key ${ref.key} of Secret ${ref.name}`, await credentials.readSecretKey(ref, signal));
}
