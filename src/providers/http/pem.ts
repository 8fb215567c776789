// What PEM bundles of certificates hold, checked before a connection depends on them.

import { X509Certificate } from "node:crypto";

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a bundle, each as PEM; text around them is left out. */
export function certificatesIn(pem: string): readonly string[] {
  return pem.match(PEM_BLOCK) ?? [];
}

/** What is wrong with a bundle of certificates, as a clause after its name; undefined if nothing is. */
export function pemFault(pem: string): string | undefined {
  const certificates = certificatesIn(pem);
  if (certificates.length === 0) return "holds no PEM certificate";
  return certificates.every(isCertificate) ? undefined : "holds a certificate that cannot be read";
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}
