// Where the API server is and how to log in: what the transport needs, whichever source it came from.

import type { SecretValue } from "../core/secret-value.ts";
import type { Proxy } from "./proxy.ts";

export interface Credentials {
  /** PEM; undefined: the CAs that Node trusts. */
  readonly caPem: string | undefined;
  readonly clientCertificate: { readonly certPem: string; readonly keyPem: SecretValue } | undefined;
  readonly bearerToken: SecretValue | undefined;
}

export interface Connection {
  /** `https://host:port`, perhaps with a path prefix, without a slash at the end. */
  readonly serverUrl: string;
  /** Name that the server's certificate must show, when other than the host. */
  readonly tlsServerName: string | undefined;
  /** Undefined: straight to the server. */
  readonly proxy?: Proxy | undefined;
  /** Namespace of the context or of the pod. */
  readonly namespace: string | undefined;
  readonly inCluster: boolean;
  /** Reads certificates and token anew from where they are kept. Rejects when they cannot be read. */
  loadCredentials(after: "start" | "age" | "unauthorized"): Promise<Credentials>;
}

/** Our own words: what is wrong with which file or variable, what to do. */
export interface ConnectionError {
  readonly message: string;
}
