// What a Vault store says that can never work: found before anything leaves for the server, named by its field.
// The same sentences serve `fairlead validate`, which has no cluster.

import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { Egress } from "../http/egress.ts";
import { pemFault } from "../http/pem.ts";
import { pathFault } from "./key-path.ts";

const FIELD = "spec.provider.vault";
/** What a header may carry without quoting (RFC 9110, section 5.5), spaces left out. */
const HEADER_TEXT = /^[\x21-\x7e]+$/;

/** The server's origin, if everything that can be checked offline is right. */
export function checkVaultConfig(spec: VaultStoreSpec, egress: Egress): Result<URL, ProviderError> {
  const server = checkServer(spec.server, egress);
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

export function invalid(field: string, fault: string): { readonly ok: false; readonly error: ProviderError } {
  return failed(providerError("invalidConfig", `${FIELD}.${field} ${fault}`));
}

function checkServer(text: string, egress: Egress): Result<URL, ProviderError> {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return invalid("server", "is not a URL: write https://HOST[:PORT]");
  }
  if (url.protocol === "http:" && !egress.allowInsecureHttp) {
    return invalid("server", "must begin with https:// (or run the operator with --allow-insecure-http)");
  }
  if (!egress.allowsAddress(url.hostname)) {
    return invalid(
      "server",
      "is a link-local or metadata address (or run the operator with --allow-link-local-servers)",
    );
  }
  return isBare(url, text) ? ok(url) : invalid("server", "may hold a scheme, a host and a port only");
}

function isBare({ username, password, pathname }: URL, text: string): boolean {
  return username === "" && password === "" && pathname === "/" && !/[?#]/.test(text);
}

function authPath(auth: VaultStoreSpec["auth"]): readonly [string, string | undefined] {
  switch (auth.kind) {
    case "kubernetes":
      return ["auth.kubernetes.mountPath", auth.mountPath];
    case "appRole":
      return ["auth.appRole.path", auth.path];
    case "jwt":
      return ["auth.jwt.path", auth.path];
    case "iam":
      return ["auth.iam.path", auth.path];
    case "cert":
      return ["auth.cert.path", auth.path];
    case "password":
      return [`auth.${auth.method}.path`, auth.path];
    case "token":
      return ["auth.tokenSecretRef", undefined];
  }
}
