// A proxy between us and the API server, read from its URL. Its credentials never appear in a text of ours: not the URL
// as it was given, nor anything that a parser says about it.

import { failed, ok, type Result } from "../core/result.ts";
import { SecretValue } from "../core/secret-value.ts";

export interface Proxy {
  /** `http://host:port` or `https://host:port`, fit for logs. */
  readonly url: string;
  /** Spoken to by TLS; its certificate must come from a CA that Node trusts (NODE_EXTRA_CA_CERTS). */
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** `user:password` for basic authentication. */
  readonly credentials: SecretValue | undefined;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http:", 80],
  ["https:", 443],
]);

/** Fails with what is wrong, to be put after the name of the setting. */
export function parseProxy(text: string): Result<Proxy, string> {
  const url = URL.parse(text);
  if (url === null || url.hostname === "") return failed("is no URL such as http://proxy.example:3128");
  const { protocol, hostname, username, password } = url;
  const defaultPort = DEFAULT_PORTS.get(protocol);
  if (defaultPort === undefined) {
    const what = protocol.startsWith("socks") ? "SOCKS proxies are" : "this kind of proxy is";
    return failed(`names no proxy that we can use: ${what} not supported, use one with an http:// or https:// URL`);
  }
  const credentials = username === "" && password === "" ? ok(undefined) : parseCredentials(username, password);
  if (!credentials.ok) return credentials;
  const port = url.port === "" ? defaultPort : Number(url.port);
  return ok({
    url: `${protocol}//${hostname}:${port}`,
    tls: protocol === "https:",
    host: hostname.replace(/^\[|\]$/g, ""),
    port,
    credentials: credentials.value,
  });
}

function parseCredentials(username: string, password: string): Result<SecretValue, string> {
  try {
    return ok(SecretValue.ofUtf8(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`));
  } catch {
    return failed("has credentials that are not percent-encoded");
  }
}
