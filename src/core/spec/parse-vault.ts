// `spec.provider.vault` of a store. In a SecretStore no reference may name a namespace, and the operator's own identity
// is not to be had: a tenant could send it to a server of its own.

import { X509Certificate } from "node:crypto";
import { failed, ok, type Result } from "../result.ts";
import type { StoreKind } from "./external-secret.ts";
import { parseKeyRef, type StoreContext } from "./parse-reference.ts";
import { parseClientCertificate, parseVaultAuth, trimSlashes, type VaultWire } from "./parse-vault-auth.ts";
import type { SpecError } from "./records.ts";
import { ruleMessages, textRules } from "./rules.ts";
import type { CaProvider, VaultStoreSpec } from "./secret-store.ts";

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
  const clientCertificate = vault.tls && parseClientCertificate(vault.tls, `${path}.tls`, context);
  const auth = parseVaultAuth(vault.auth, `${path}.auth`, context);
  const [problem] = problems;
  if (problem !== undefined) return failed(problem);
  if (auth === undefined) return failed({ path: `${path}.auth`, message: ruleMessages.oneAuth });
  return ok({ ...parsePlaces(vault), kind: "vault", caBundlePem, caProvider, clientCertificate, auth });
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

function parseCaProvider(wire: NonNullable<VaultWire["caProvider"]>, path: string, context: StoreContext): CaProvider {
  if (context.storeKind === "ClusterSecretStore" && wire.namespace === undefined) {
    context.problems.push({ path, message: ruleMessages.caNamespace });
  }
  return { kind: wire.type, ref: parseKeyRef(wire, path, context) };
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
