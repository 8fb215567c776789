// `auth` and `tls` of a Vault store: how it logs in, and as whom.

import { parseAwsAuth } from "./parse-aws.ts";
import { parseAccountRef, parseKeyRef, type StoreContext } from "./parse-reference.ts";
import { ruleMessages } from "./rules.ts";
import type { secretStoreSpecSchema } from "./schemas/secret-store-spec.ts";
import type { CertificateRefs, KubernetesIdentity, ObjectKeyRef, VaultAuth } from "./secret-store.ts";
import type { Wire } from "./wire-schema.ts";

export type VaultWire = NonNullable<NonNullable<Wire<typeof secretStoreSpecSchema>["provider"]>["vault"]>;
type AuthWire = VaultWire["auth"];
type Method<Name extends keyof AuthWire> = NonNullable<AuthWire[Name]>;
type JwtIdentity = Extract<VaultAuth, { readonly kind: "jwt" }>["identity"];
type OptionalKeyWire = Method<"cert">["clientCert"];

/** Of the STS that Vault asks unless it is told otherwise: sts.amazonaws.com. */
const DEFAULT_REGION = "us-east-1";
const DEFAULT_TOKEN_KEY = "token";
const DEFAULT_CERTIFICATE_KEY = "tls.crt";
const DEFAULT_PRIVATE_KEY_KEY = "tls.key";

/** Undefined, which the caller reports, unless exactly one method is set. */
export function parseVaultAuth(auth: AuthWire, path: string, context: StoreContext): VaultAuth | undefined {
  const { tokenSecretRef, appRole, kubernetes, jwt, cert, userPass, ldap, iam } = auth;
  const methods: readonly VaultAuth[] = [
    tokenSecretRef && {
      kind: "token" as const,
      tokenSecretRef: parseKeyRef(tokenSecretRef, `${path}.tokenSecretRef`, context),
    },
    appRole && parseAppRole(appRole, `${path}.appRole`, context),
    kubernetes && parseKubernetes(kubernetes, `${path}.kubernetes`, context),
    jwt && parseJwt(jwt, `${path}.jwt`, context),
    cert && parseCert(cert, `${path}.cert`, context),
    userPass && parsePassword("userPass", userPass, `${path}.userPass`, context),
    ldap && parsePassword("ldap", ldap, `${path}.ldap`, context),
    iam && parseIam(iam, `${path}.iam`, context),
  ].filter((method) => method !== undefined);
  return methods.length === 1 ? methods[0] : undefined;
}

/** `tls`: the certificate that every request to the server shows. */
export function parseClientCertificate(
  tls: NonNullable<VaultWire["tls"]>,
  path: string,
  context: StoreContext,
): CertificateRefs {
  return {
    certificate: withKey(tls.certSecretRef, DEFAULT_CERTIFICATE_KEY, `${path}.certSecretRef`, context),
    privateKey: withKey(tls.keySecretRef, DEFAULT_PRIVATE_KEY_KEY, `${path}.keySecretRef`, context),
  };
}

export function trimSlashes(path: string | undefined): string | undefined {
  return path?.replace(/^\/|\/$/g, "");
}

function parseAppRole(appRole: Method<"appRole">, path: string, context: StoreContext): VaultAuth {
  const { roleId, roleRef, secretRef } = appRole;
  if ((roleId === undefined) === (roleRef === undefined)) {
    context.problems.push({ path, message: ruleMessages.oneRoleId });
  }
  return {
    kind: "appRole",
    path: trimSlashes(appRole.path) ?? "approle",
    roleId,
    roleRef: roleRef && parseKeyRef(roleRef, `${path}.roleRef`, context),
    secretRef: parseKeyRef(secretRef, `${path}.secretRef`, context),
  };
}

function parseKubernetes(kubernetes: Method<"kubernetes">, path: string, context: StoreContext): VaultAuth {
  return {
    kind: "kubernetes",
    mountPath: trimSlashes(kubernetes.mountPath) ?? "kubernetes",
    role: kubernetes.role,
    identity: parseIdentity(kubernetes, path, context),
  };
}

function parseIdentity(kubernetes: Method<"kubernetes">, path: string, context: StoreContext): KubernetesIdentity {
  const { serviceAccountRef, secretRef } = kubernetes;
  if (serviceAccountRef !== undefined && secretRef !== undefined) {
    context.problems.push({ path, message: ruleMessages.oneIdentity });
  }
  if (serviceAccountRef !== undefined) {
    const ref = parseAccountRef(serviceAccountRef, `${path}.serviceAccountRef`, context);
    return { kind: "serviceAccount", ref };
  }
  if (secretRef !== undefined) {
    return { kind: "secret", ref: withKey(secretRef, DEFAULT_TOKEN_KEY, `${path}.secretRef`, context) };
  }
  if (context.storeKind === "SecretStore") context.problems.push({ path, message: ruleMessages.ownIdentity });
  return { kind: "operator" };
}

/** Undefined: `problems` says why. */
function parseJwt(jwt: Method<"jwt">, path: string, context: StoreContext): VaultAuth | undefined {
  const identity = parseJwtIdentity(jwt, path, context);
  return identity && { kind: "jwt", path: trimSlashes(jwt.path) ?? "jwt", role: jwt.role, identity };
}

function parseJwtIdentity(jwt: Method<"jwt">, path: string, context: StoreContext): JwtIdentity | undefined {
  const { secretRef, kubernetesServiceAccountToken: minted } = jwt;
  if (secretRef !== undefined && minted === undefined) {
    return { kind: "secret", ref: parseKeyRef(secretRef, `${path}.secretRef`, context) };
  }
  if (minted === undefined || secretRef !== undefined) {
    context.problems.push({ path, message: ruleMessages.oneJwt });
    return undefined;
  }
  const at = `${path}.kubernetesServiceAccountToken.serviceAccountRef`;
  const ref = parseAccountRef(minted.serviceAccountRef, at, context);
  return { kind: "serviceAccount", ref: { ...ref, audiences: [...(minted.audiences ?? []), ...ref.audiences] } };
}

function parseCert(cert: Method<"cert">, path: string, context: StoreContext): VaultAuth {
  return {
    kind: "cert",
    path: trimSlashes(cert.path) ?? "cert",
    role: cert.vaultRole,
    pair: {
      certificate: withKey(cert.clientCert, DEFAULT_CERTIFICATE_KEY, `${path}.clientCert`, context),
      privateKey: withKey(cert.secretRef, DEFAULT_PRIVATE_KEY_KEY, `${path}.secretRef`, context),
    },
  };
}

const defaultPasswordMount = { userPass: "userpass", ldap: "ldap" } as const;

function parsePassword(
  method: "userPass" | "ldap",
  { path: mount, username, secretRef }: Method<"userPass">,
  path: string,
  context: StoreContext,
): VaultAuth {
  return {
    kind: "password",
    method,
    path: trimSlashes(mount) ?? defaultPasswordMount[method],
    username,
    secretRef: parseKeyRef(secretRef, `${path}.secretRef`, context),
  };
}

function parseIam(iam: Method<"iam">, path: string, context: StoreContext): VaultAuth {
  const { role: arn, externalID: externalId } = iam;
  if (arn === undefined && externalId !== undefined) {
    context.problems.push({ path, message: ruleMessages.iamExternalId });
  }
  return {
    kind: "iam",
    path: trimSlashes(iam.path) ?? "aws",
    role: iam.vaultRole,
    region: iam.region ?? DEFAULT_REGION,
    serverId: iam.vaultAwsIamServerID,
    identity: parseAwsAuth(iam, path, context),
    roles: arn === undefined ? [] : [{ arn, externalId, sessionTags: [], transitiveTagKeys: [] }],
  };
}

function withKey(ref: OptionalKeyWire, key: string, path: string, context: StoreContext): ObjectKeyRef {
  return parseKeyRef({ key, ...ref }, path, context);
}
