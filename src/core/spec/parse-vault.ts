// `spec.provider.vault` of a store. In a SecretStore no reference may name a namespace, and the operator's own identity
// is not to be had: a tenant could send it to a server of its own.

import { X509Certificate } from "node:crypto";
import { failed, ok, type Result } from "../result.ts";
import type { StoreKind } from "./external-secret.ts";
import type { SpecError } from "./records.ts";
import { ruleMessages, textRules } from "./rules.ts";
import type { secretStoreSpecSchema } from "./schemas/secret-store-spec.ts";
import type { CaProvider, KubernetesIdentity, ObjectKeyRef, VaultAuth, VaultStoreSpec } from "./secret-store.ts";
import type { Wire } from "./wire-schema.ts";

type VaultWire = NonNullable<NonNullable<Wire<typeof secretStoreSpecSchema>["provider"]>["vault"]>;
type AuthWire = VaultWire["auth"];
type AppRoleWire = NonNullable<AuthWire["appRole"]>;
type KubernetesWire = NonNullable<AuthWire["kubernetes"]>;
type RefWire = NonNullable<AuthWire["tokenSecretRef"]>;

interface VaultContext {
  readonly storeKind: StoreKind;
  readonly problems: SpecError[];
}

const DEFAULT_TOKEN_KEY = "token";
const CA_BUNDLE_MESSAGE = "caBundle must be the base64 of PEM certificates";

export function parseVault(vault: VaultWire, storeKind: StoreKind, path: string): Result<VaultStoreSpec, SpecError> {
  const problems: SpecError[] = [];
  const context = { storeKind, problems };
  // The pattern of the schema leaves ports above 65535.
  if (!URL.canParse(vault.server)) problems.push({ path: `${path}.server`, message: textRules.serverUrl.message });
  const caBundlePem = vault.caBundle === undefined ? undefined : decodePem(vault.caBundle);
  if (vault.caBundle !== undefined && caBundlePem === undefined) {
    problems.push({ path: `${path}.caBundle`, message: CA_BUNDLE_MESSAGE });
  }
  const caProvider = vault.caProvider && parseCaProvider(vault.caProvider, `${path}.caProvider`, context);
  const auth = parseAuth(vault.auth, `${path}.auth`, context);
  const [problem] = problems;
  if (problem !== undefined) return failed(problem);
  if (auth === undefined) return failed({ path: `${path}.auth`, message: ruleMessages.oneAuth });
  return ok({ ...parsePlaces(vault), kind: "vault", caBundlePem, caProvider, auth });
}

function parsePlaces(
  vault: VaultWire,
): Pick<VaultStoreSpec, "server" | "path" | "version" | "namespace" | "authNamespace"> {
  const namespace = trimSlashes(vault.namespace);
  return {
    server: vault.server.replace(/\/$/, ""),
    path: trimSlashes(vault.path),
    version: vault.version ?? "v2",
    namespace,
    authNamespace: trimSlashes(vault.auth.namespace) ?? namespace,
  };
}

/** Undefined, which the caller reports, unless exactly one method is set. */
function parseAuth(auth: AuthWire, path: string, context: VaultContext): VaultAuth | undefined {
  const { tokenSecretRef, appRole, kubernetes } = auth;
  const methods = [
    tokenSecretRef && {
      kind: "token" as const,
      tokenSecretRef: parseRef(tokenSecretRef, `${path}.tokenSecretRef`, context),
    },
    appRole && parseAppRole(appRole, `${path}.appRole`, context),
    kubernetes && parseKubernetes(kubernetes, `${path}.kubernetes`, context),
  ].filter((method) => method !== undefined);
  return methods.length === 1 ? methods[0] : undefined;
}

function parseAppRole(appRole: AppRoleWire, path: string, context: VaultContext): VaultAuth {
  const { roleId, roleRef, secretRef } = appRole;
  if ((roleId === undefined) === (roleRef === undefined)) {
    context.problems.push({ path, message: ruleMessages.oneRoleId });
  }
  return {
    kind: "appRole",
    path: trimSlashes(appRole.path) ?? "approle",
    roleId,
    roleRef: roleRef && parseRef(roleRef, `${path}.roleRef`, context),
    secretRef: parseRef(secretRef, `${path}.secretRef`, context),
  };
}

function parseKubernetes(kubernetes: KubernetesWire, path: string, context: VaultContext): VaultAuth {
  return {
    kind: "kubernetes",
    mountPath: trimSlashes(kubernetes.mountPath) ?? "kubernetes",
    role: kubernetes.role,
    identity: parseIdentity(kubernetes, path, context),
  };
}

function parseIdentity(kubernetes: KubernetesWire, path: string, context: VaultContext): KubernetesIdentity {
  const { serviceAccountRef, secretRef } = kubernetes;
  if (serviceAccountRef !== undefined && secretRef !== undefined) {
    context.problems.push({ path, message: ruleMessages.oneIdentity });
  }
  if (serviceAccountRef !== undefined) {
    const { name, audiences = [] } = serviceAccountRef;
    const namespace = parseNamespace(serviceAccountRef.namespace, `${path}.serviceAccountRef`, context);
    return { kind: "serviceAccount", ref: { name, audiences, namespace } };
  }
  if (secretRef !== undefined) {
    const key = secretRef.key ?? DEFAULT_TOKEN_KEY;
    return { kind: "secret", ref: parseRef({ ...secretRef, key }, `${path}.secretRef`, context) };
  }
  if (context.storeKind === "SecretStore") context.problems.push({ path, message: ruleMessages.ownIdentity });
  return { kind: "operator" };
}

function parseCaProvider(wire: NonNullable<VaultWire["caProvider"]>, path: string, context: VaultContext): CaProvider {
  if (context.storeKind === "ClusterSecretStore" && wire.namespace === undefined) {
    context.problems.push({ path, message: ruleMessages.caNamespace });
  }
  return { kind: wire.type, ref: parseRef(wire, path, context) };
}

function parseRef(ref: RefWire, path: string, context: VaultContext): ObjectKeyRef {
  return { name: ref.name, key: ref.key, namespace: parseNamespace(ref.namespace, path, context) };
}

function parseNamespace(namespace: string | undefined, path: string, context: VaultContext): string | undefined {
  if (namespace !== undefined && context.storeKind === "SecretStore") {
    context.problems.push({ path, message: ruleMessages.foreignNamespace });
  }
  return namespace;
}

function trimSlashes(path: string | undefined): string | undefined {
  return path?.replace(/^\/|\/$/g, "");
}

/** The PEM text; undefined unless it holds certificates, and only such as can be read. */
function decodePem(base64: string): string | undefined {
  const bytes = Buffer.from(base64, "base64");
  const certificates = bytes.toString("latin1").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return certificates?.every(isCertificate) === true ? certificates.join("\n") : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    // It throws for what it cannot read; there is no other way to ask.
    return false;
  }
}
