// Vault's HTTP API for test code, as whoever the token belongs to. Not the operator's client: shares nothing with it.
// Paths are written without the leading /v1/; characters that mean something in a URL are the caller's to encode.
import { valueAt } from "./json.ts";
import { createRestClient, RestError, type RestReply } from "./rest-client.ts";

export interface VaultTarget {
  readonly address: string;
  readonly caPem: string;
}

export interface VaultAdmin {
  /** Any request, any answer. */
  request(method: string, path: string, body?: unknown): Promise<RestReply>;
  /** The whole answer, or undefined for 404. Throws RestError for any other refusal. */
  read(path: string): Promise<unknown>;
  /** The whole answer. Throws RestError where it is refused. */
  write(path: string, body?: unknown): Promise<unknown>;
  delete(path: string): Promise<void>;
  /** Writes a new version of a KV v2 secret and returns its number. */
  putSecret(mount: string, path: string, values: Readonly<Record<string, unknown>>): Promise<number>;
  /** Rules in HCL. */
  putPolicy(name: string, rules: string): Promise<void>;
  close(): void;
}

const NOT_FOUND = 404;
/** First status that is a refusal. */
const BAD_REQUEST = 400;

/** An empty token sends none. */
export function createVaultAdmin(target: VaultTarget, token: string): VaultAdmin {
  const client = createRestClient({
    origin: target.address,
    caPem: target.caPem,
    headers: token === "" ? {} : { "x-vault-token": token },
  });
  const request = (method: string, path: string, body?: unknown): Promise<RestReply> =>
    client.call({ method, path: `/v1/${path}`, body });
  const write = async (path: string, body: unknown = {}): Promise<unknown> =>
    accepted(await request("PUT", path, body)).body;
  return {
    request,
    write,
    read: async (path) => {
      const reply = await request("GET", path);
      return reply.status === NOT_FOUND ? undefined : accepted(reply).body;
    },
    delete: async (path) => {
      accepted(await request("DELETE", path));
    },
    putSecret: async (mount, path, values) =>
      Number(valueAt(await write(`${mount}/data/${path}`, { data: values }), "data", "version")),
    putPolicy: async (name, rules) => {
      await write(`sys/policies/acl/${name}`, { policy: rules });
    },
    close: () => client.close(),
  };
}

function accepted(reply: RestReply): RestReply {
  if (reply.status >= BAD_REQUEST) {
    throw new RestError(reply);
  }
  return reply;
}
