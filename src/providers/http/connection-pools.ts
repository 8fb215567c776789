// Kept connections of one transport: straight to a server, or through a proxy by CONNECT, for http:// servers too, so
// that a proxy sees host and port and nothing else. TLS is checked always, whatever the environment says.

import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { Clock } from "../../core/clock.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { TransportFailure } from "../../kubernetes/api-error.ts";
import type { Proxy } from "../../kubernetes/proxy.ts";
import { openTunnel } from "../../kubernetes/proxy-tunnel.ts";
import type { Egress } from "./egress.ts";
import { guardedLookup } from "./guarded-lookup.ts";

export interface ClientCertificate {
  readonly certPem: string;
  readonly keyPem: SecretValue;
}

export interface PoolOptions {
  readonly clock: Clock;
  readonly egress: Egress;
  /** PEM; undefined: the roots that the process trusts (trusted-roots.ts). */
  readonly ca: string | undefined;
  /** Shown to every server that asks for one. */
  readonly clientCertificate: ClientCertificate | undefined;
}

export interface ConnectionPools {
  agentFor(url: URL): http.Agent;
  /** Ends all connections, and tunnels under way. */
  destroy(): void;
}

/** An idle connection is given up before servers and middleboxes (Vault: 5 minutes) cut it. */
const IDLE_SOCKET_MS = 60_000;
const TCP_KEEPALIVE_MS = 15_000;
const POOL = { keepAlive: true, keepAliveMsecs: TCP_KEEPALIVE_MS, timeout: IDLE_SOCKET_MS };
const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/** Code of the error of a tunnel that was not made: this, a colon, and why. */
export const PROXY_FAILURE = "ERR_PROXY";

export function createConnectionPools(options: PoolOptions): ConnectionPools {
  const agents = new Map<string, http.Agent>();
  const ending = new AbortController();
  return {
    agentFor(url) {
      const { origin } = url;
      const agent = agents.get(origin) ?? agentOf(url, options, ending.signal);
      agents.set(origin, agent);
      return agent;
    },
    destroy() {
      ending.abort();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function agentOf(url: URL, options: PoolOptions, ending: AbortSignal): http.Agent {
  const isTls = url.protocol === "https:";
  const secure = tlsOptions(options);
  const proxy = options.egress.proxyFor(url);
  if (proxy === undefined) {
    const lookup = guardedLookup(options.egress);
    return isTls ? new https.Agent({ ...POOL, ...secure, lookup }) : new http.Agent({ ...POOL, lookup });
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isTls ? HTTPS_PORT : HTTP_PORT) : Number(url.port);
  const tunnel: Tunnel = { proxy, host, port, secure: isTls ? secure : undefined, clock: options.clock, ending };
  const agent = isTls ? new https.Agent(POOL) : new http.Agent(POOL);
  return Object.assign(agent, {
    createConnection: (_: unknown, done: Connected): undefined => void connectBy(tunnel, done),
  });
}

/** `rejectUnauthorized` is said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED has no say. */
function tlsOptions({ ca, clientCertificate }: PoolOptions): tls.SecureContextOptions & tls.CommonConnectionOptions {
  const own =
    clientCertificate === undefined
      ? {}
      : { cert: clientCertificate.certPem, key: Buffer.from(clientCertificate.keyPem.revealBytes()) };
  return { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }), ...own };
}

interface Tunnel {
  readonly proxy: Proxy;
  readonly host: string;
  readonly port: number;
  /** Undefined: no TLS with the server. */
  readonly secure: tls.ConnectionOptions | undefined;
  readonly clock: Clock;
  readonly ending: AbortSignal;
}

type Connected = (error: Error | null, socket?: Duplex) => void;

async function connectBy({ proxy, host, port, secure, clock, ending }: Tunnel, done: Connected): Promise<void> {
  const tunnel = await openTunnel(proxy, { host, port }, clock, ending);
  if (!tunnel.ok) {
    done(proxyError(tunnel.error));
    return;
  }
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const { value: socket } = tunnel;
  done(
    null,
    secure === undefined
      ? socket
      : tls.connect({ ...secure, ...servername, host, socket, ALPNProtocols: ["http/1.1"] }),
  );
}

function proxyError(failure: TransportFailure): Error {
  return Object.assign(new Error("the proxy made no tunnel"), { code: `${PROXY_FAILURE}:${failure}` });
}
