// Throwaway certificates for one rig: one authority, and what it signs for servers and clients.
// Nothing here outlives a test run; never use it for anything that does.
import { generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";

/** Certificate and private key, both PEM. */
export interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads these as groups of the client. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface CertificateAuthority {
  readonly certificatePem: string;
  /** Signs a leaf that serves as server and as client certificate. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

export interface PublicKeyPair {
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

/** Small enough to be made at once, large enough for Go's TLS. */
const RSA_BITS = 2048;
const LIFETIME_MS = 7 * 24 * 3600 * 1000;
/** Certificates start in the past, so that a clock that steps back a little does no harm. */
const BACKDATE_MS = 3600 * 1000;
/** GeneralName tags of RFC 5280, section 4.2.1.6. */
const SAN_DNS = 2;
const SAN_IP = 7;

export async function generateRsaKeys(): Promise<PublicKeyPair> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  return { publicKeyPem: publicKey, privateKeyPem: privateKey };
}

export async function createCertificateAuthority(commonName: string): Promise<CertificateAuthority> {
  const keys = await generateRsaKeys();
  const signingKey = forge.pki.privateKeyFromPem(keys.privateKeyPem);
  const issuer = subjectOf({ commonName });
  const certificatePem = signCertificate({
    keys,
    signingKey,
    subject: issuer,
    issuer,
    extensions: authorityExtensions(),
  });
  return {
    certificatePem,
    issue: async (request) => {
      const leafKeys = await generateRsaKeys();
      const subject = subjectOf(request);
      const leaf = signCertificate({
        keys: leafKeys,
        signingKey,
        subject,
        issuer,
        extensions: leafExtensions(request),
      });
      return { certificatePem: leaf, privateKeyPem: leafKeys.privateKeyPem };
    },
  };
}

interface SigningOrder {
  readonly keys: PublicKeyPair;
  readonly signingKey: forge.pki.rsa.PrivateKey;
  readonly subject: forge.pki.CertificateField[];
  readonly issuer: forge.pki.CertificateField[];
  readonly extensions: readonly object[];
}

function signCertificate(order: SigningOrder): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(order.keys.publicKeyPem);
  // The leading 01 keeps the serial number positive and free of leading zeros.
  certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
  certificate.validity.notBefore = new Date(Date.now() - BACKDATE_MS);
  certificate.validity.notAfter = new Date(Date.now() + LIFETIME_MS);
  certificate.setSubject(order.subject);
  certificate.setIssuer(order.issuer);
  certificate.setExtensions([...order.extensions]);
  certificate.sign(order.signingKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

function subjectOf(request: CertificateRequest): forge.pki.CertificateField[] {
  const organizations = request.organizations ?? [];
  return [
    ...organizations.map((value) => ({ name: "organizationName", value })),
    { name: "commonName", value: request.commonName },
  ];
}

function authorityExtensions(): readonly object[] {
  return [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    { name: "subjectKeyIdentifier" },
  ];
}

function leafExtensions(request: CertificateRequest): readonly object[] {
  const altNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: SAN_DNS, value })),
    ...(request.ipAddresses ?? []).map((ip) => ({ type: SAN_IP, ip })),
  ];
  return [
    { name: "basicConstraints", cA: false, critical: true },
    { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    ...(altNames.length > 0 ? [{ name: "subjectAltName", altNames }] : []),
  ];
}
