// What a Vault store says that can never work: found before anything leaves for the server, named by its field.
// The same sentences serve `fairlead validate`, which has no cluster.

import { X509Certificate } from "node:crypto";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import { pathFault } from "./key-path.ts";

const FIELD = "spec.provider.vault";
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** What a header may carry without quoting (RFC 9110, section 5.5), spaces left out. */
const HEADER_TEXT = /^[\x21-\x7e]+$/;

/** The server's origin, if everything that can be checked offline is right. */
export function checkVaultConfig(spec: VaultStoreSpec, allowInsecureHttp: boolean): Result<URL, ProviderError> {
  const server = checkServer(spec.server, allowInsecureHttp);
  if (!server.ok) return server;
  for (const [field, path] of [["path", spec.path], authPath(spec.auth)] as const) {
    const fault = path === undefined ? undefined : pathFault(path);
    if (fault !== undefined) return invalid(field, fault);
  }
  for (const [field, namespace] of [
    ["namespace", spec.namespace],
    ["auth.namespace", spec.authNamespace],
  ] as const) {
    const isUsable = namespace === undefined || HEADER_TEXT.test(namespace);
    if (!isUsable) return invalid(field, "holds a space or a character that is not ASCII");
  }
  const fault = spec.caBundlePem === undefined ? undefined : pemFault(spec.caBundlePem);
  return fault === undefined ? server : invalid("caBundle", fault);
}

/** What is wrong with a bundle of certificates, as a clause after its name; undefined if nothing is. */
export function pemFault(pem: string): string | undefined {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) return "holds no PEM certificate";
  return blocks.every(isCertificate) ? undefined : "holds a certificate that cannot be read";
}

export function invalid(field: string, fault: string): { readonly ok: false; readonly error: ProviderError } {
  return failed(providerError("invalidConfig", `${FIELD}.${field} ${fault}`));
}

function checkServer(text: string, allowInsecureHttp: boolean): Result<URL, ProviderError> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return invalid("server", "is not a URL: write https://HOST[:PORT]");
  }
  if (url.protocol === "http:" && !allowInsecureHttp) {
    return invalid("server", "must begin with https:// (or run the operator with --allow-insecure-http)");
  }
  const isBare = url.username === "" && url.password === "" && url.pathname === "/" && !/[?#]/.test(text);
  return isBare ? ok(url) : invalid("server", "may hold a scheme, a host and a port only");
}

function authPath(auth: VaultStoreSpec["auth"]): readonly [string, string | undefined] {
  switch (auth.kind) {
    case "kubernetes":
      return ["auth.kubernetes.mountPath", auth.mountPath];
    case "appRole":
      return ["auth.appRole.path", auth.path];
    case "token":
      return ["auth.tokenSecretRef", undefined];
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}
