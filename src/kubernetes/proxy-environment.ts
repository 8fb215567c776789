// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as Go's clients understand them, so that what serves kubectl serves us.
// Reference: golang.org/x/net v0.61.0 http/httpproxy/proxy.go (FromEnvironment, ProxyFunc, Config.NoProxy).

import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";
import { failed, ok, type Result } from "../core/result.ts";
import type { ConnectionError } from "./connection.ts";
import { parseProxy, type Proxy } from "./proxy.ts";

/** Lower case goes first. */
const HTTPS_PROXY = ["https_proxy", "HTTPS_PROXY"] as const;
/** For http:// servers, which only stores may have. */
const HTTP_PROXY = ["http_proxy", "HTTP_PROXY"] as const;
const NO_PROXY = ["no_proxy", "NO_PROXY"] as const;

type ProxyVariable = (typeof HTTPS_PROXY | typeof HTTP_PROXY | typeof NO_PROXY)[number];
type Environment = Readonly<Record<string, string | undefined>>;

/** The part of an environment that says which proxy to use. */
export function proxyVariables(env: Environment): Readonly<Partial<Record<ProxyVariable, string>>> {
  return Object.fromEntries(
    [...HTTPS_PROXY, ...HTTP_PROXY, ...NO_PROXY].flatMap((name) =>
      env[name] === undefined ? [] : [[name, env[name]]],
    ),
  );
}

/** Undefined: there is none, or none for this server. */
export function proxyFromEnvironment(serverUrl: string, env: Environment): Result<Proxy | undefined, ConnectionError> {
  const url = new URL(serverUrl);
  const variables = url.protocol === "http:" ? HTTP_PROXY : HTTPS_PROXY;
  const name = variables.find((variable) => (env[variable] ?? "") !== "");
  const noProxy = NO_PROXY.map((variable) => env[variable] ?? "").find((value) => value !== "");
  if (name === undefined || isExempt(url, noProxy ?? "")) return ok(undefined);
  const value = env[name] ?? "";
  // `host:port` is allowed here, and means http.
  const proxy = parseProxy(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  return proxy.ok ? proxy : failed({ message: `${name} ${proxy.error}` });
}

interface Server {
  /** Lower case; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: string;
  readonly isAddress: boolean;
}

function isExempt(serverUrl: URL, noProxy: string): boolean {
  const host = serverUrl.hostname.replace(/^\[|\]$/g, "");
  const defaultPort = serverUrl.protocol === "http:" ? "80" : "443";
  const server = { host, port: serverUrl.port === "" ? defaultPort : serverUrl.port, isAddress: isIP(host) !== 0 };
  if (host === "localhost" || (server.isAddress && (inRange(host, "127.0.0.0/8") || host === "::1"))) return true;
  return noProxy.split(",").some((entry) => matches(entry.trim().toLowerCase(), server));
}

/** `*`, an address, a range, `name` (and what is below it), `.name` or `*.name` (only what is below); `:port` may follow. */
function matches(entry: string, server: Server): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return server.isAddress && inRange(server.host, entry);
  const { host, port } = splitPort(entry);
  return host !== "" && (port ?? server.port) === server.port && matchesHost(host, server);
}

function matchesHost(entry: string, { host, isAddress }: Server): boolean {
  const family = isIP(entry);
  if (family === 0) return !isAddress && matchesName(entry, host);
  return isAddress && inRange(host, `${entry}/${family === 4 ? 32 : 128}`);
}

function splitPort(entry: string): { readonly host: string; readonly port: string | undefined } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):([^:]*)$/.exec(entry) ?? [];
  return { host: bracketed ?? plain ?? entry, port };
}

function matchesName(entry: string, host: string): boolean {
  const below = entry.replace(/^\*(?=\.)/, "");
  const name = below.replace(/^\./, "");
  const ascii = domainToASCII(name) || name;
  return host.endsWith(`.${ascii}`) || (below === name && host === ascii);
}

/** `range`: address/length; a malformed one holds nothing. */
function inRange(address: string, range: string): boolean {
  const [base = "", length = ""] = range.split("/");
  const family = isIP(base) === 4 ? "ipv4" : "ipv6";
  if (isIP(base) === 0 || !/^\d{1,3}$/.test(length) || Number(length) > (family === "ipv4" ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(length), family);
  return list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}
