// Vault's HTTP API through node-vault, with our own transport at its injection point `config["request-promise"]`: its
// axios is never called, no VAULT_* variable has a say, and no answer's text ends in an error message.
// What is said about node-vault here stands in its 0.12.0, src/index.js.

import nodeVault from "node-vault";
import type { SecretValue } from "../../core/secret-value.ts";
import type { Connection } from "./connection.ts";
import type { Exchange } from "./vault-reply.ts";

/** Who calls, and for how long. */
export interface VaultCall {
  /** Undefined: a login. */
  readonly token: SecretValue | undefined;
  readonly signal: AbortSignal;
}

/** Paths are below `/v1/`, encoded already (`requestPath`), and may carry a query. */
export interface VaultApi {
  read(path: string, call: VaultCall): Promise<Exchange>;
  list(path: string, call: VaultCall): Promise<Exchange>;
  write(path: string, body: Readonly<Record<string, string>>, call: VaultCall): Promise<Exchange>;
}

/** What node-vault hands to its request function; the options of a call arrive unchanged. */
interface NodeVaultRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: Readonly<Record<string, string>>;
  readonly call: VaultCall;
}

/** Marks what we gave to node-vault, so that what it gives back needs no cast. */
class Answered {
  readonly exchange: Exchange;
  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }
}

/** One namespace of one server. Tokens come with each call: node-vault would keep one for all. */
export function createVaultApi(server: string, namespace: string | undefined, connection: Connection): VaultApi {
  // Any other status becomes an error that carries the server's text; the true one stands in the reply.
  const request = async (options: NodeVaultRequest): Promise<object> => ({
    statusCode: 200,
    request: { path: "" },
    body: new Answered(await transmit(connection, options)),
  });
  const client = nodeVault({
    endpoint: server,
    debug: () => undefined,
    "request-promise": { defaults: () => request },
  });
  // Empty texts in the configuration would be replaced by VAULT_TOKEN, VAULT_NAMESPACE and VAULT_PREFIX.
  Object.assign(client, { token: "", namespace: namespace ?? "", pathPrefix: "" });
  return {
    read: (path, call) => exchangeOf(client.read(path, { call })),
    list: (path, call) => exchangeOf(client.list(path, { call })),
    write: (path, body, call) => exchangeOf(client.write(path, body, { call })),
  };
}

function transmit(connection: Connection, options: NodeVaultRequest): Promise<Exchange> {
  const { token, signal } = options.call;
  // The verb LIST is one of Vault's own, which not every HTTP server and proxy knows.
  const isList = options.method === "LIST";
  return connection.send({
    method: isList ? "GET" : options.method,
    url: isList ? `${options.uri}?list=true` : options.uri,
    headers: {
      ...options.headers,
      // Vault Agent and Proxy may insist on it, against requests forged by a browser.
      "X-Vault-Request": "true",
      ...(token === undefined ? {} : { "X-Vault-Token": token.revealUtf8() }),
      ...(options.json === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: options.json === undefined ? undefined : Buffer.from(JSON.stringify(options.json)),
    signal,
  });
}

async function exchangeOf(answer: Promise<unknown>): Promise<Exchange> {
  const answered = await answer;
  if (answered instanceof Answered) return answered.exchange;
  throw new Error("node-vault answered without our transport");
}
