// A fault proxy: TLS servers for HTTP/2 and HTTP/1.1 behind a link, rules in between, the real server behind. What a
// request means (Kubernetes or a store) is told by whoever starts it.

import { once } from "node:events";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { createCertificateAuthority, type KeyPair } from "../../testbed/certificates.ts";
import { type ClientRequest, type ClientResponse, clientReply, endToEnd } from "./client-reply.ts";
import { listen, portOf, startLink } from "./link.ts";
import type { RelayedWatch } from "./open-watch.ts";
import type { FaultProxy, LinkMode, LoggedRequest } from "./proxy-port.ts";
import type { RequestFacts } from "./rule.ts";
import { createRuleBook, type RuleBook } from "./rule-book.ts";
import { type Exchange, serveCall } from "./serve-call.ts";
import { serveWatch } from "./serve-watch.ts";
import { createUpstream } from "./upstream.ts";

export interface EngineOptions {
  readonly upstream: { readonly origin: string; readonly caPem: string };
  /** Default: of an authority of its own. */
  readonly certificate?: { readonly caPem: string; readonly keys: KeyPair };
  readonly factsOf: (request: Pick<RequestFacts, "method" | "path" | "query" | "body">) => RequestFacts;
}

/** As kube-apiserver: http2MaxStreamsPerConnection of its default configuration. */
const MAX_STREAMS = 100;

export async function startEngine(options: EngineOptions): Promise<FaultProxy> {
  const { caPem, keys } = options.certificate ?? (await ownCertificate());
  const watches = new Set<RelayedWatch>();
  const book = createRuleBook((enlist) => {
    for (const watch of watches) {
      const strike = enlist(watch.request);
      if (strike !== undefined) watch.enlist(strike);
    }
  });
  const log: LogEntry[] = [];
  const upstream = createUpstream(options.upstream.origin, options.upstream.caPem);
  const server = createSecureServer({
    allowHTTP1: true,
    settings: { maxConcurrentStreams: MAX_STREAMS },
    ...contextOf(keys),
  });
  const sessions = await listenQuietly(server);
  const link = await startLink(portOf(server));
  const onRequest = async (request: ClientRequest, response: ClientResponse): Promise<void> => {
    const reply = clientReply(response, link.reset);
    const body = await bodyOf(request);
    if (body === undefined) return;
    try {
      const asked = readRequest(request, body, options.factsOf);
      const exchange = exchangeOf({ ...asked, reply, upstream, book, log });
      if (asked.facts.verb === "watch") await serveWatch(exchange, registerOf(watches, book));
      else await serveCall(exchange);
    } catch (error) {
      book.broken.push(error);
      reply.reset();
    }
  };
  server.on("request", (request: ClientRequest, response: ClientResponse) => void onRequest(request, response));
  const setLink = (mode: LinkMode): void => {
    link.set(mode);
    if (mode !== "open") book.count(`link:${mode}`);
  };
  const closeAll = async (): Promise<void> => {
    await link.close();
    upstream.close();
    for (const session of sessions) session.destroy();
    const closed = once(server, "close");
    server.close();
    await closed;
    if (book.broken.length > 0) throw new AggregateError(book.broken, `${book.broken.length} times a rule threw`);
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll());
  return {
    address: `https://127.0.0.1:${link.port}`,
    caPem,
    add: book.add,
    clear() {
      book.clear();
      link.set("open");
    },
    setLink,
    useCertificate(next) {
      server.setSecureContext(contextOf(next));
      link.resetAll();
    },
    get connections() {
      return link.connections;
    },
    requests: () => log,
    fired: book.fired,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface LogEntry extends LoggedRequest {
  serverStatus: number | undefined;
  readonly faults: string[];
}

async function ownCertificate(): Promise<{ readonly caPem: string; readonly keys: KeyPair }> {
  const authority = await createCertificateAuthority("fault-proxy-authority");
  const keys = await authority.issue({
    commonName: "fault-proxy",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  return { caPem: authority.certificatePem, keys };
}

function contextOf({ certificatePem, privateKeyPem }: KeyPair): { readonly cert: string; readonly key: string } {
  return { cert: certificatePem, key: privateKeyPem };
}

/** Listens, and returns the HTTP/2 sessions that are open. Broken connections are what this proxy is for. */
async function listenQuietly(server: Http2SecureServer): Promise<ReadonlySet<ServerHttp2Session>> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  // Without it a head waits 40 ms for the acknowledgement of nothing before its body may follow.
  server.on("secureConnection", (socket: Socket) => socket.setNoDelay(true).on("error", ignore));
  server.on("sessionError", ignore);
  server.on("tlsClientError", ignore);
  await listen(server);
  return sessions;
}

function ignore(): void {}

/** Undefined: the client went away before its request was complete. */
function bodyOf(request: ClientRequest): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}

function readRequest(
  request: ClientRequest,
  body: Buffer,
  factsOf: EngineOptions["factsOf"],
): Pick<Exchange, "facts" | "onward"> {
  const { method = "GET", url: target = "/", headers } = request;
  const { pathname: path, searchParams: query } = new URL(target, "https://proxy");
  return {
    facts: factsOf({ method, path, query, body }),
    onward: { method, target, headers: endToEnd(headers), body },
  };
}

interface Arrived extends Pick<Exchange, "facts" | "onward" | "reply" | "upstream"> {
  readonly book: RuleBook;
  readonly log: LogEntry[];
}

function exchangeOf({ book, log, ...asked }: Arrived): Exchange {
  const { method, path, query, verb, resource, subresource, namespace, name } = asked.facts;
  const target = { method, path, query, verb, resource, subresource, namespace, name };
  const entry: LogEntry = { ...target, order: log.length, serverStatus: undefined, faults: [] };
  log.push(entry);
  const { gone } = asked.reply;
  const left = new Promise<void>((resolve) => {
    gone.addEventListener("abort", () => resolve(), { once: true });
    if (gone.aborted) resolve();
  });
  return {
    ...asked,
    left,
    plan: book.planFor(asked.facts),
    onServerStatus: (status) => (entry.serverStatus = status),
    onStrike(name) {
      if (!entry.faults.includes(name)) entry.faults.push(name);
    },
  };
}

function registerOf(watches: Set<RelayedWatch>, book: RuleBook) {
  return {
    opened(watch: RelayedWatch) {
      watches.add(watch);
      return book.strikesOnWatch(watch.request);
    },
    closed: (watch: RelayedWatch) => void watches.delete(watch),
  };
}
