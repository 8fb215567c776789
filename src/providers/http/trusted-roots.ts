// Authorities that the whole process trusts beside those of Node: companies sign their own servers and proxies. One
// list for all connections, because a list of one's own costs 0.1 s and 1.5 MB for each store. A store's own CA
// replaces it for that store.

import { readFile } from "node:fs/promises";
import tls from "node:tls";
import { failed, ok, type Result } from "../../core/result.ts";
import { certificatesIn, pemFault } from "./pem.ts";

export interface BundleFile {
  /** The flag or variable that named it, for the error. */
  readonly origin: string;
  readonly path: string;
}

/** Reads the bundles and adds them, or none of them; fails with a sentence about the first that cannot serve. */
export async function trustBundles(files: readonly BundleFile[]): Promise<Result<void, string>> {
  const certificates: string[] = [];
  for (const { origin, path } of files) {
    const pem = await textOfFile(path);
    const fault = pem === undefined ? "cannot be read" : pemFault(pem);
    if (pem === undefined || fault !== undefined) return failed(`${origin}: the file ${path} ${fault}`);
    certificates.push(...certificatesIn(pem));
  }
  if (certificates.length > 0) tls.setDefaultCACertificates([...tls.getCACertificates("default"), ...certificates]);
  return ok(undefined);
}

async function textOfFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "latin1");
  } catch {
    return undefined;
  }
}
