// A small Vault in this process, over HTTPS: logins, tokens, KV mounts, and faults on demand. It answers in Vault's
// shapes, with texts that tests look for where they must not be.

import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { json as readJson } from "node:stream/consumers";
import { recordOf, textOf } from "../../src/core/unknown.ts";
import { ServerTraffic } from "./server-traffic.ts";
import { JsonText, type StubAnswer, StubMount, VENDOR_TEXT } from "./stub-kv.ts";
import { testTls } from "./tls.ts";

export interface StubRequest {
  readonly method: string;
  /** Below `/v1/`, as it was sent, with its query. */
  readonly path: string;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What happens instead of an answer: may leave the response open for ever. */
export type StubFault = (response: http.ServerResponse) => void;

interface StubToken {
  readonly ttlSeconds: number;
  readonly isRenewable: boolean;
}

export interface StubOptions {
  readonly certificate?: "server" | "expiredServer" | "none";
}

const DENIED: StubAnswer = { status: 403, body: { errors: [`1 error occurred: ${VENDOR_TEXT}: permission denied`] } };
const REFUSED: StubAnswer = { status: 400, body: { errors: [`${VENDOR_TEXT}: invalid role or secret ID`] } };

export class StubVault {
  readonly requests: StubRequest[] = [];
  /** PEM of the client certificate that each request came with. */
  readonly clientCertificates: (string | undefined)[] = [];
  readonly mounts = new Map<string, StubMount>();
  readonly tokens = new Map<string, StubToken>();
  /** Paths below `/v1/` without query, decoded, that the policy denies. */
  readonly denied = new Set<string>();
  /** By path below `/v1/` without query, decoded; `*` is any path. */
  readonly faults = new Map<string, StubFault>();
  /** What logins give, and whether they are refused. */
  login = { ttlSeconds: 3600, isRenewable: true, type: "service", isRefused: false };
  /** What renewals grant; undefined: the token's own time. */
  renewalSeconds: number | undefined;
  /** Of the Date header; undefined: none is sent. */
  dateMs: number | undefined;
  readonly traffic: ServerTraffic;
  readonly #server: http.Server;
  readonly #arrivals: { readonly path: string; readonly resolve: () => void }[] = [];
  readonly #scheme: string;
  #tokenCount = 0;

  private constructor(options: StubOptions) {
    const certificate = options.certificate ?? "server";
    this.#scheme = certificate === "none" ? "http" : "https";
    this.#server =
      certificate === "none"
        ? http.createServer()
        : https.createServer({ ...testTls[certificate], requestCert: true, rejectUnauthorized: false });
    this.traffic = new ServerTraffic(this.#server);
    this.#server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      void this.#serve(request, response);
    });
  }

  static async start(options: StubOptions = {}): Promise<StubVault> {
    const stub = new StubVault(options);
    stub.#server.listen(0, "127.0.0.1");
    await once(stub.#server, "listening");
    stub.mount("kv", 2);
    return stub;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${this.port}`;
  }

  /** Mounts anew, empty, also over what was there. */
  mount(name: string, version: 1 | 2, type = "kv"): StubMount {
    const mount = new StubMount(version, `${type}_${name}_${this.requests.length}_${this.mounts.size}`, type);
    this.mounts.set(name, mount);
    return mount;
  }

  kv(name = "kv"): StubMount {
    const mount = this.mounts.get(name);
    if (mount === undefined) throw new Error(`no stub mount ${name}`);
    return mount;
  }

  /** How many requests there were whose path, without query, is or begins with `path`. */
  count(path: string): number {
    return this.requests.filter((request) => request.path.split("?")[0]?.startsWith(path)).length;
  }

  /** Resolves when the next request for the path (decoded, without query) has come. */
  arrival(path: string): Promise<void> {
    return new Promise((resolve) => this.#arrivals.push({ path, resolve }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const sent = (request.url ?? "").replace(/^\/v1\//, "");
    const path = decodeURIComponent(url.pathname).replace(/^\/v1\//, "");
    const body = request.method === "GET" ? {} : recordOf(await readJson(request));
    const { "x-vault-token": token, "x-vault-namespace": namespace } = request.headers;
    const entry = {
      method: request.method ?? "",
      path: sent,
      token: textOf(token),
      namespace: textOf(namespace),
      body,
    };
    this.requests.push(entry);
    this.clientCertificates.push(clientCertificateOf(request));
    for (const arrival of this.#arrivals.splice(0)) {
      if (arrival.path === path) arrival.resolve();
      else this.#arrivals.push(arrival);
    }
    response.sendDate = false;
    if (this.dateMs !== undefined) response.setHeader("Date", new Date(this.dateMs).toUTCString());
    const fault = this.faults.get(path) ?? this.faults.get("*");
    if (fault === undefined) respond(this.#answer(path, url.searchParams, entry))(response);
    else fault(response);
  }

  #answer(path: string, query: URLSearchParams, request: StubRequest): StubAnswer {
    if (/^auth\/.+\/login(\/.+)?$/.test(path)) return this.#logIn(path, request.body);
    const token = this.tokens.get(request.token ?? "");
    if (token === undefined || this.denied.has(path)) return DENIED;
    if (path.startsWith("auth/token/")) return this.#tokenAnswer(path, request.token ?? "", token);
    const uiMount = /^sys\/internal\/ui\/mounts\/(.*)$/.exec(path)?.[1];
    return uiMount === undefined ? this.#kvAnswer(path, query) : this.#describeMount(uiMount);
  }

  #logIn(path: string, body: Readonly<Record<string, unknown>>): StubAnswer {
    const isKnown = isKnownBody(path, body) || (path.startsWith("auth/cert") && this.clientCertificates.at(-1));
    if (this.login.isRefused || !isKnown) return REFUSED;
    this.#tokenCount += 1;
    const token = `hvs.token-${this.#tokenCount}`;
    const { ttlSeconds, isRenewable, type } = this.login;
    this.tokens.set(token, { ttlSeconds, isRenewable });
    const auth = { client_token: token, lease_duration: ttlSeconds, renewable: isRenewable, token_type: type };
    return { status: 200, body: { request_id: "r", auth } };
  }

  #tokenAnswer(path: string, id: string, token: StubToken): StubAnswer {
    if (path === "auth/token/renew-self") return this.#renew(id, token);
    if (path === "auth/token/lookup-self") {
      return { status: 200, body: { data: { ttl: token.ttlSeconds, renewable: token.isRenewable } } };
    }
    this.tokens.delete(id);
    return { status: 204, body: undefined };
  }

  #renew(token: string, { ttlSeconds, isRenewable }: StubToken): StubAnswer {
    if (!isRenewable) return REFUSED;
    const auth = { client_token: token, lease_duration: this.renewalSeconds ?? ttlSeconds, renewable: true };
    return { status: 200, body: { auth } };
  }

  #mountOf(path: string): readonly [string, StubMount] | undefined {
    return [...this.mounts].find(([name]) => `${path}/`.startsWith(`${name}/`));
  }

  #describeMount(path: string): StubAnswer {
    const found = this.#mountOf(path);
    if (found === undefined) return DENIED;
    const [name, { type, version, accessor }] = found;
    const options = version === 2 ? { version: "2" } : null;
    return { status: 200, body: { data: { path: `${name}/`, type, accessor, options } } };
  }

  #kvAnswer(path: string, query: URLSearchParams): StubAnswer {
    const found = this.#mountOf(path);
    if (found === undefined) return { status: 404, body: { errors: [`${VENDOR_TEXT}: no handler for route`] } };
    return found[1].answer(path.slice(found[0].length + 1).replace(/\/$/, ""), query);
  }
}

/** Any signed question is believed: what was signed is for the test to check. */
function isKnownBody(path: string, body: Readonly<Record<string, unknown>>): boolean {
  if (body["iam_request_headers"] !== undefined) return true;
  if (path.endsWith("/login/user-1")) return body["password"] === "word 1 ü";
  if (body["jwt"] === "jwt-1") return [undefined, "reader"].includes(textOf(body["role"]));
  return body["role_id"] === "role-1" && body["secret_id"] === "secret-1";
}

function clientCertificateOf({ socket }: http.IncomingMessage): string | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.toString().trim() : undefined;
}

/** An answer of any kind; a body that is text goes out as it is. */
export function respond(answer: StubAnswer): StubFault {
  return (response) => {
    const { status, body, headers } = answer;
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    if (body instanceof JsonText) response.end(body.text);
    else if (typeof body === "string") response.end(body);
    else response.end(body === undefined ? "" : JSON.stringify(body));
  };
}

export const silence: StubFault = () => undefined;

/** Announces more than it sends, and breaks the connection. */
export const cutBody: StubFault = (response) => {
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "1000" });
  response.write('{"data":{"data":{"a":"', () => response.destroy());
};
