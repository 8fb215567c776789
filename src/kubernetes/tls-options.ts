// How we speak TLS with the API server, for calls and watches alike.

import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Connection, Credentials } from "./connection.ts";
import type { Proxy } from "./proxy.ts";

/** Where to connect, taken apart once. */
export interface Endpoint {
  /** `https://host:port`. */
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  /** Before every path; empty or `/prefix`. */
  readonly pathPrefix: string;
  readonly tlsServerName: string | undefined;
  readonly proxy: Proxy | undefined;
}

export function endpointOf(connection: Connection): Endpoint {
  const url = new URL(connection.serverUrl);
  return {
    origin: `https://${url.hostname}:${url.port === "" ? 443 : url.port}`,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 443 : Number(url.port),
    pathPrefix: url.pathname === "/" ? "" : url.pathname.replace(/\/+$/, ""),
    tlsServerName: connection.tlsServerName,
    proxy: connection.proxy,
  };
}

/** No server name is sent for an IP address: RFC 6066, section 3. */
export function tlsOptions(endpoint: Endpoint, credentials: Credentials): ConnectionOptions {
  const servername = endpoint.tlsServerName ?? (isIP(endpoint.host) === 0 ? endpoint.host : undefined);
  const client = credentials.clientCertificate;
  return {
    host: endpoint.host,
    port: endpoint.port,
    minVersion: "TLSv1.2",
    ...(servername === undefined ? {} : { servername }),
    ...(credentials.caPem === undefined ? {} : { ca: credentials.caPem }),
    ...(client === undefined ? {} : { cert: client.certPem, key: Buffer.from(client.keyPem.revealBytes()) }),
  };
}
