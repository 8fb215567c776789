// What a store's TLS needs from the cluster: the CA of its server, and the client certificate that it shows, read anew
// before each login so that a rotation is followed.

import { createSecureContext } from "node:tls";
import type { CredentialReader } from "../../core/provider/credentials.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { CertificateRefs, VaultStoreSpec } from "../../core/spec/secret-store.ts";
import type { ClientCertificate } from "../http/connection-pools.ts";
import { pemFault } from "../http/pem.ts";
import { invalid } from "./check-config.ts";
import { errorOfCredential } from "./credential.ts";

export interface TlsMaterial {
  /** PEM; undefined: the roots that the process trusts. */
  readonly ca: string | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
}

export async function readTlsMaterial(
  spec: VaultStoreSpec,
  credentials: CredentialReader,
  signal: AbortSignal,
): Promise<Result<TlsMaterial, ProviderError>> {
  const ca = await readCa(spec, credentials, signal);
  if (!ca.ok) return ca;
  const pair = spec.auth.kind === "cert" ? spec.auth.pair : spec.clientCertificate;
  if (pair === undefined) return ok({ ca: ca.value, clientCertificate: undefined });
  const clientCertificate = await readClientCertificate(pair, credentials, signal);
  return clientCertificate.ok ? ok({ ca: ca.value, clientCertificate: clientCertificate.value }) : clientCertificate;
}

/** True if connections made by one may serve for the other. */
export function isSameMaterial(one: TlsMaterial, other: TlsMaterial): boolean {
  const [mine, theirs] = [one.clientCertificate, other.clientCertificate];
  if (one.ca !== other.ca || mine?.certPem !== theirs?.certPem) return false;
  return mine === undefined || theirs === undefined || mine.keyPem.equals(theirs.keyPem);
}

async function readCa(
  spec: VaultStoreSpec,
  credentials: CredentialReader,
  signal: AbortSignal,
): Promise<Result<string | undefined, ProviderError>> {
  if (spec.caBundlePem !== undefined || spec.caProvider === undefined) return ok(spec.caBundlePem);
  const { kind, ref } = spec.caProvider;
  const read = await (kind === "Secret"
    ? credentials.readSecretKey(ref, signal)
    : credentials.readConfigMapKey(ref, signal));
  if (!read.ok) {
    const { kind: failure, detail } = read.error;
    return failure === "unavailable"
      ? failed(providerError("unavailable", detail))
      : invalid("caProvider", `fails: ${detail}`);
  }
  const pem = read.value.revealUtf8();
  const fault = pemFault(pem);
  return fault === undefined ? ok(pem) : invalid("caProvider", `names a value that ${fault}`);
}

async function readClientCertificate(
  { certificate, privateKey }: CertificateRefs,
  credentials: CredentialReader,
  signal: AbortSignal,
): Promise<Result<ClientCertificate, ProviderError>> {
  const [cert, key] = await Promise.all([
    credentials.readSecretKey(certificate, signal),
    credentials.readSecretKey(privateKey, signal),
  ]);
  if (!cert.ok) return failed(errorOfCredential(cert.error));
  if (!key.ok) return failed(errorOfCredential(key.error));
  const pair = { certPem: cert.value.revealUtf8(), keyPem: key.value };
  const fault = pemFault(pair.certPem);
  if (fault !== undefined) return failed(unusable(`key ${certificate.key} of Secret ${certificate.name} ${fault}`));
  if (isPair(pair)) return ok(pair);
  const where = `key ${privateKey.key} of Secret ${privateKey.name}`;
  return failed(unusable(`${where} is no private key in PEM, or not that of the client certificate`));
}

function unusable(what: string): ProviderError {
  return providerError("unauthenticated", `the ${what}`);
}

/** OpenSSL refuses a key that is none, is encrypted, or belongs to another certificate. */
function isPair({ certPem, keyPem }: ClientCertificate): boolean {
  try {
    createSecureContext({ cert: certPem, key: Buffer.from(keyPem.revealBytes()) });
    return true;
  } catch {
    return false;
  }
}
